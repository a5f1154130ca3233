"""Databases of a test's own, and rows put into them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import uuid4

from ingest.log import Record
from sinks.batch import rows_of
from sinks.rows import Row
from sinks.store import Store, over_http

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack


@contextmanager
def database_on(stack: "LocalStack") -> Iterator[Store]:
    """A migrated database, gone afterwards."""
    store = Store(over_http(stack.clickhouse), f"test_{uuid4().hex}")
    store.migrate()
    yield store
    store.command(f"DROP DATABASE {store.database}")
    store.close()


def insert(store: Store, rows: list[Row]) -> None:
    """Store rows of any tables."""
    for _, same in groupby(sorted(rows, key=_kind), key=_kind):
        store.insert(list(same))


def rows(of: list[Record]) -> list[Row]:
    """What the writer makes of records."""
    return [row for record in of for row in rows_of(record)]


def _kind(row: Row) -> str:
    return type(row).__name__
