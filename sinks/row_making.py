"""How a message becomes a row: fields go into the columns that have their names, the rest is said one by one."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from ingest.errors import PoisonError
from ingest.log import Record
from sinks.rows import TABLE_OF, Logged
from sinks.tables import Table

R = TypeVar("R", bound=Logged)
Values = dict[str, Any]
Getter = Callable[[msgspec.Struct], Iterable[Any]]


class _Whole(NamedTuple):
    """How to take the whole numbers of a row, and which columns hold more of them within."""

    plain: Getter
    nested: tuple[str, ...]


def place_of(record: Record) -> Values:
    """Where a record stands in the log, and when the log took it, as columns."""
    return {"log_partition": record.partition, "log_offset": record.offset, "log_ms": record.timestamp_ms}


def make_row(kind: type[R], message: msgspec.Struct, *values: Mapping[str, Any], **own: Any) -> R:
    """The row of `message`; `values` and `own` are what its fields do not say under their columns' names.

    Raises: PoisonError when it holds a number that no column can hold.
    """
    columns = alike(kind, message)
    for some in values:
        columns.update(some)
    row = kind(**(columns | own))
    _require_int64(row)
    return row


def alike(kind: type[Logged], message: msgspec.Struct) -> Values:
    """What `message` has under the names of columns."""
    names, values = _ALIKE[kind, type(message)]
    return dict(zip(names, values(message), strict=True))


def _require_int64(row: Logged) -> None:
    """Nothing when all whole numbers fit into their columns: msgpack carries unsigned 64 bits, columns are signed."""
    plain, nested = _WHOLE[type(row)]
    try:
        array("q", plain(row))
        for name in nested:
            array("q", _whole_numbers(getattr(row, name)))
    except OverflowError as error:
        raise PoisonError(f"a number in a message for table {TABLE_OF[type(row)].name} is out of range") from error


def _whole_numbers(value: object) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, Mapping):
        yield from _whole_numbers(tuple(value.values()))
    elif isinstance(value, tuple):
        for one in value:
            yield from _whole_numbers(one)


def _whole_columns(table: Table) -> _Whole:
    plain = [column.name for column in table.columns if column.kind == "Int64"]
    nested = [column.name for column in table.columns if column.kind != "Int64" and "Int64" in column.kind]
    return _Whole(attrgetter(*plain), tuple(nested))


class _Alike(dict[tuple[type[Logged], type[msgspec.Struct]], tuple[Sequence[str], Getter]]):
    """By kinds of row and message: the names that they share, and how to take their values; worked out once."""

    def __missing__(self, kinds: tuple[type[Logged], type[msgspec.Struct]]) -> tuple[Sequence[str], Getter]:
        row, message = kinds
        names = [name for name in message.__struct_fields__ if name in row.__struct_fields__]
        return self.setdefault(kinds, (names, attrgetter(*names)))


_ALIKE = _Alike()
_WHOLE: Mapping[type, _Whole] = {kind: _whole_columns(table) for kind, table in TABLE_OF.items()}
