"""chDB: a fixed number of connections to one data folder, each used by one thread at a time."""

import queue
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chdb.state.sqlitelike import Connection, connect

from deploy.clickhouse.native import empty_block
from deploy.clickhouse.statement import Statement, quoted

_CODE = re.compile(r"Code: (\d+)\.")
UNKNOWN_CODE = 1002  # UNKNOWN_EXCEPTION in ClickHouse's list
APPEND_BYTES = 8 << 20


class EngineError(Exception):
    """The engine refused a statement: ClickHouse's text and its error code."""

    def __init__(self, text: str) -> None:
        found = _CODE.search(text)
        super().__init__(text[found.start() :] if found else text)
        self.code = int(found[1]) if found else UNKNOWN_CODE


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of a result and what it took. `elapsed_ns` in nanoseconds, as ClickHouse's summary has it."""

    data: bytes
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_ns: int = 0


class Engine:
    """Owns the data folder. `run` blocks; call it from at most `connections` threads at once."""

    def __init__(self, folder: Path, connections: int, threads_per_query: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._address = f"file:{folder}?max_threads={threads_per_query}"
        self._free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        self._connections = connections
        for _ in range(connections):
            self._free.put(self._connect())

    def run(self, statement: Statement) -> Answer:
        """Raises EngineError with ClickHouse's own code."""
        with self._borrowed() as connection:
            try:
                connection.query(f"USE {_identifier(statement.database)}")
                with _settings(connection, statement.settings):
                    return (
                        _insert(connection, statement) if statement.data is not None else _query(connection, statement)
                    )
            except RuntimeError as error:
                raise EngineError(str(error)) from error

    def close(self) -> None:
        """Wait for the statements at work and close."""
        for _ in range(self._connections):
            self._free.get().close()

    def _connect(self) -> Connection:
        return connect(self._address)

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        connection = self._free.get()
        try:
            yield connection
        finally:
            self._free.put(connection)


@contextmanager
def _settings(connection: Connection, settings: Mapping[str, str]) -> Iterator[None]:
    """Settings for one statement: chDB keeps them for the connection, so they are put back."""
    if not settings:
        yield
        return
    connection.query("SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items()))
    try:
        yield
    finally:
        connection.query("SET " + ", ".join(f"{name} = DEFAULT" for name in settings))


def _query(connection: Connection, statement: Statement) -> Answer:
    result = connection.query(statement.sql, statement.format, params=dict(statement.parameters))
    data = bytes(result.bytes() or b"")
    if not data and statement.answers and statement.format == "Native":
        data = _header(connection, statement)
    return Answer(
        data,
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        elapsed_ns=int(result.elapsed() * 1e9),
    )


def _header(connection: Connection, statement: Statement) -> bytes:
    """The column names and types of a statement that had no rows; nothing where the engine cannot describe it."""
    try:
        sql = f"DESCRIBE ({statement.bare_sql}) SETTINGS print_pretty_type_names = 0"  # a column a line
        described = connection.query(sql, "TSVRaw", params=dict(statement.parameters))
    except RuntimeError:
        return b""
    rows = bytes(described.bytes() or b"").decode().splitlines()
    return empty_block([(row.split("\t")[0], row.split("\t")[1]) for row in rows])


def _insert(connection: Connection, statement: Statement) -> Answer:
    data = memoryview(statement.data or b"")
    with connection.send_insert(statement.sql, statement.format) as rows:
        for start in range(0, len(data), APPEND_BYTES):
            rows.append(data[start : start + APPEND_BYTES])
        done = rows.finish()
    return Answer(
        b"", written_rows=done.rows_written, written_bytes=done.bytes_written, elapsed_ns=int(done.elapsed * 1e9)
    )


def _identifier(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
