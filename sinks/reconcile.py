"""Compares the log with the rows: whatever the log holds must be stored, once, and nothing else of its sessions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ingest.errors import PoisonError
from ingest.log import Record
from sinks.batch import rows_of
from sinks.rows import TABLE_OF, EventRow, ObservationRow, Row, SampleRow, SessionRow
from sinks.store import Store
from sinks.tables import FIRST_WINS, TABLES, TIMELINE, Table

SESSIONS_A_QUERY = 100  # parameters travel in the URL, which servers bound at some KB

Key = tuple[Any, ...]
Witness = tuple[Any, ...]
"""What two rows with one key must agree in: the place in the log and the content."""

_SAMPLE = ("temporary", "permanent", "attention", "state", "frames", "faces", "seen")
_IN_LOG = "log_offset >= 0"  # rows of a replay are not in the log


@dataclass(frozen=True, slots=True)
class Difference:
    """How one table differs from the log: rows missing, rows that the log does not explain, rows with other content."""

    table: str
    expected: int
    missing: int
    surplus: int
    differing: int

    @property
    def none(self) -> bool:
        """Whether the table is exactly what the log says."""
        return not (self.missing or self.surplus or self.differing)


def expected_rows(records: Iterable[Record]) -> dict[str, dict[Key, Row]]:
    """What the tables must hold, by table and key, however often these records are delivered; poison gives nothing."""
    kept: dict[str, dict[Key, Row]] = {table.name: {} for table in TABLES}
    for record in records:
        for row in _rows(record):
            table = TABLE_OF[type(row)]
            same = kept[table.name].setdefault(_key(table, row), row)
            if _rank(table, row) > _rank(table, same):
                kept[table.name][_key(table, row)] = row
    return kept


def compare(table: Table, expected: Mapping[Key, Row], stored: Mapping[Key, Witness]) -> Difference:
    """Pure comparison of one table."""
    differing = sum(stored[key] != _witness(row) for key, row in expected.items() if key in stored)
    missing, surplus = expected.keys() - stored.keys(), stored.keys() - expected.keys()
    return Difference(table.name, len(expected), len(missing), len(surplus), differing)


def reconcile(store: Store, records: Iterable[Record]) -> tuple[Difference, ...]:
    """Compare the rows of every session in `records` with what these records make of it."""
    expected = expected_rows(records)
    sessions = sorted({row.session for rows in expected.values() for row in rows.values()})
    return tuple(compare(t, expected[t.name], dict(_stored(store, t, sessions))) for t in TABLES)


def _rows(record: Record) -> Sequence[Row]:
    try:
        return rows_of(record)
    except PoisonError:
        return ()


def _key(table: Table, row: Row) -> Key:
    return tuple(getattr(row, name) for name in table.key)


def _rank(table: Table, row: Row) -> tuple[int, ...]:
    """Among rows with one key the greatest stays: what `version` says in SQL."""
    if table.version == FIRST_WINS:
        assert isinstance(row, ObservationRow | SessionRow), "only these have a position in a bundle"
        return (-row.log_offset, -row.position)
    return (row.closed, row.log_offset) if isinstance(row, EventRow) else (row.log_offset,)


def _witness(row: Row) -> Witness:
    if isinstance(row, SampleRow):
        return (row.log_offset, *(getattr(row, name) for name in _SAMPLE))
    return (row.log_offset, row.packed.hex().upper())


def _stored(store: Store, table: Table, sessions: Sequence[str]) -> Iterator[tuple[Key, Witness]]:
    content = _SAMPLE if table is TIMELINE else ("hex(packed)",)
    columns = ", ".join((*table.key, "log_offset", *content))
    rest = iter(sessions)
    while some := list(islice(rest, SESSIONS_A_QUERY)):
        sql = f"SELECT {columns} FROM {table.name} FINAL WHERE session IN {{some:Array(String)}} AND {_IN_LOG}"
        for row in store.rows(sql, some=some):
            yield tuple(row[: len(table.key)]), tuple(row[len(table.key) :])
