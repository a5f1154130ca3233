"""What a database of ours holds: tables, views for analysts, and the number that says which schema it is.

Migration is dead simple: everything is created when missing, columns that were added later are added, and a database of
another schema version is refused, with the way out.
"""

from collections.abc import Sequence

from ingest.errors import InputError
from sinks.tables import ADD_COLUMNS, TABLES
from sinks.views import VIEWS

SCHEMA_VERSION = 2

VERSION_TABLE = """CREATE TABLE IF NOT EXISTS schema_version (version UInt32, made_at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY version"""
READ_VERSION = "SELECT max(version) FROM schema_version"
WRITE_VERSION = f"INSERT INTO schema_version (version) VALUES ({SCHEMA_VERSION})"


def create_statements() -> Sequence[str]:
    """Everything that a database needs, in order; each may run again."""
    return (*(table.create for table in TABLES), ADD_COLUMNS, *VIEWS)


def check_version(found: int, database: str) -> None:
    """Nothing when `found` is this program's schema or 0 (a new database).

    Raises: InputError for a database that another version of the program made.
    """
    if found not in (0, SCHEMA_VERSION):
        raise InputError(
            f"database {database}",
            f"its schema is version {found}, this program writes version {SCHEMA_VERSION}",
            "Run the program that made it, or set PROCTOR_DATABASE to a new name",
        )
