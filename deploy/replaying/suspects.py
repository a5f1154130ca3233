"""Which stored observation was altered, where that can be told: the bytes against the row's own columns.

A row says some things twice, in its columns and in the message's bytes. Where the two disagree, where the bytes are no
message any more, or where they are not as they would be written, something was changed. A change that hides from all
of these still breaks the chain of digests; then it is known that, not where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import encode_message
from ingest.topics import OBSERVATIONS
from scoring.fold.replay import decode_logged
from sinks.observation_rows import observation_rows
from sinks.queries import StoredObservation
from sinks.store import Store
from sinks.tables import OBSERVATIONS as TABLE

_COLUMNS = tuple(
    name for name in TABLE.column_names if name not in ("packed", "position") and not name.startswith("log_")
)
_SQL = f"""SELECT {", ".join(_COLUMNS)} FROM observations FINAL WHERE session = {{session:String}}
ORDER BY log_offset, position"""
_BUNDLE_OF_ONE = b"\x91"


@dataclass(frozen=True, slots=True)
class Suspect:
    """One stored observation by its place in the log and what its row calls it, and why it is suspected."""

    log_offset: int
    position: int
    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} at {self.log_offset}.{self.position}: {self.why}"


def suspects(store: Store, session: str, observations: Sequence[StoredObservation]) -> list[Suspect]:
    """The observations whose rows contradict themselves; `observations`: what `stored_observations` gave."""
    found = []
    for one, columns in zip(observations, store.rows(_SQL, session=session), strict=False):
        row = dict(zip(_COLUMNS, columns, strict=True))
        found += [
            Suspect(one.log_offset, one.position, f"{row['kind']} {row['seq']}", why) for why in _doubts(one, row)
        ]
    return found


def _doubts(one: StoredObservation, row: Mapping[str, Any]) -> Iterator[str]:
    try:
        again, *_ = observation_rows(Record(OBSERVATIONS, 0, one.log_offset, None, _BUNDLE_OF_ONE + one.packed, (), 0))
        canonical = encode_message(decode_logged(one.packed))
    except (PoisonError, ValueError) as error:
        yield f"its bytes cannot be read ({error})"
        return
    wrong = [name for name in _COLUMNS if not _is_same(getattr(again, name), row[name])]
    if wrong:
        yield f"its bytes and its columns disagree about {', '.join(wrong)}"
    elif canonical != one.packed:
        yield "its bytes are not as this program writes them"


def _is_same(value: object, stored: object) -> bool:
    """As the column holds it; NaN is itself."""
    if isinstance(value, tuple):
        return isinstance(stored, list | tuple) and len(value) == len(stored) and all(map(_is_same, value, stored))
    return value == stored or (value != value and stored != stored)
