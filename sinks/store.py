"""ClickHouse by clickhouse-connect's HTTP client, in this product's words and errors.

Synchronous: an asyncio program calls it by `asyncio.to_thread`. It connects when first used, so that a process can
start while the server is away. `database` isolates: two stacks, or two tests, on one server differ in nothing else
(PROCTOR_DATABASE). Inserts are batched by the writer, so `async_insert` (on by default since ClickHouse 26) is off: an
insert that returned is stored.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from ingest.errors import InputError, TransientError
from sinks.rows import TABLE_OF, Row
from sinks.schema import READ_VERSION, VERSION_TABLE, WRITE_VERSION, check_version, create_statements

DEADLINE_S = 30
CONNECT_DEADLINE_S = 5
# A wrong clock may spread rows over more than the default 100 partitions: it must not stop them.
SETTINGS = {"async_insert": 0, "max_partitions_per_insert_block": 0}

Connect = Callable[[str], Client]

# ClickHouse's error codes (src/Common/ErrorCodes.cpp) that no waiting mends.
_TO_MEND = {
    16: "a column is missing",
    47: "a column is missing",
    60: "a table is missing",
    81: "the database is missing",
    164: "it may only be read",
    192: "the user is unknown",
    497: "access is denied",
    516: "the password is wrong",
}
# ... and those that pass: timeouts, too many queries or parts, memory, disk space, read-only tables, lost servers.
_PASSING = {159, 160, 202, 203, 209, 210, 236, 241, 242, 243, 252, 319, 999}


def over_http(address: str) -> Connect:
    """How to connect to `address`: `http://host:port`, `https://user:password@host:port` or `host:port`.

    Raises: InputError when it is none of these.
    """
    url = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = url.port or (8443 if url.scheme == "https" else 8123)
    except ValueError as error:
        raise InputError(f"ClickHouse's address {address}", str(error), "Set PROCTOR_CLICKHOUSE=host:port") from error
    if url.scheme not in ("http", "https") or not url.hostname:
        raise InputError(f"ClickHouse's address {address}", "is not host:port", "Set PROCTOR_CLICKHOUSE=host:port")
    host, secure = url.hostname, url.scheme == "https"

    def connect(database: str) -> Client:
        return clickhouse_connect.get_client(
            host=host,
            port=port,
            secure=secure,
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password or ""),
            database=database,
            connect_timeout=CONNECT_DEADLINE_S,
            send_receive_timeout=DEADLINE_S,
            autogenerate_session_id=False,  # the client is used from several threads
            query_retries=0,  # who calls knows better when to try again
            settings=dict(SETTINGS),
        )

    return connect


class Store:
    """One database. Every method raises TransientError (try again) or InputError (somebody must mend something)."""

    def __init__(self, connect: Connect, database: str, name: str = "ClickHouse") -> None:
        self._connect, self.database, self._name = connect, database, name
        self._client: Client | None = None

    def migrate(self) -> None:
        """Create what is missing. Raises also: InputError for a database of another schema version."""
        with self._errors():
            maker = self._connect("default")
            maker.command(f"CREATE DATABASE IF NOT EXISTS `{self.database}`")
            maker.close()
        self.command(VERSION_TABLE)
        ((found,),) = self.rows(READ_VERSION)
        check_version(found, self.database)
        for statement in create_statements():
            self.command(statement)
        if not found:
            self.command(WRITE_VERSION)

    def insert(self, rows: Sequence[Row]) -> None:
        """Store rows of one table; they are durable when this returns, and may be inserted again."""
        table = TABLE_OF[type(rows[0])]
        columns = list(zip(*map(attrgetter(*table.column_names), rows), strict=True))
        with self._errors():
            self._open.insert(table.name, columns, column_names=table.column_names, column_oriented=True)

    def rows(self, sql: str, **parameters: object) -> Sequence[Sequence[Any]]:
        """What a query gives; `{name:Type}` in it stands for a parameter."""
        with self._errors():
            return self._open.query(sql, parameters=parameters).result_rows

    def blobs(self, sql: str, **parameters: object) -> list[bytes]:
        """The only column of a query, as bytes."""
        return [row[0] for row in self.raw_rows(sql, **parameters)]

    def raw_rows(self, sql: str, **parameters: object) -> Sequence[Sequence[Any]]:
        """Like `rows`, with the bytes of every String."""
        with self._errors():
            return self._open.query(sql, parameters=parameters, query_formats={"String": "bytes"}).result_rows

    def command(self, sql: str, **parameters: object) -> None:
        """A statement that gives nothing back."""
        with self._errors():
            self._open.command(sql, parameters=parameters)

    def ping(self) -> None:
        """Nothing when the server answers a query now."""
        self.rows("SELECT 1")

    def close(self) -> None:
        """Give the connections back; the next call opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def _open(self) -> Client:
        if self._client is None:
            self._client = self._connect(self.database)
        return self._client

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise self._ours(error) from error
        except (ClickHouseError, OSError) as error:
            raise TransientError(f"{self._name} does not answer: {_first_line(error)}") from error

    def _ours(self, error: DatabaseError) -> Exception:
        if error.code in _TO_MEND:
            mend = "Check PROCTOR_CLICKHOUSE and PROCTOR_DATABASE; `python -m sinks` makes missing tables at its start"
            return InputError(f"{self._name}, database {self.database}", _TO_MEND[error.code], mend)
        if error.code is None or error.code in _PASSING:
            return TransientError(f"{self._name} does not answer: {_first_line(error)}")
        return error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no answer"])[0][:300]
