"""Exams as they stand in the tables, without a broker: written as the writer does."""

from collections.abc import Iterator, Mapping, Sequence

from ingest.log import Record
from ingest.messages import encode_bundle, encode_message
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, RISK_EVENTS
from scoring.messages import SessionObservation
from scoring.rulebook.policy import Policy
from sinks.batch import rows_of
from sinks.rows import TABLE_OF, Row
from sinks.store import Store
from tests.held_exams import fold_exam

Exams = Mapping[str, Sequence[SessionObservation]]


def put(store: Store, policy: Policy, exams: Exams, log_ms: int | None = None) -> None:
    """Store exams as the writer would, each with what scoring said of it; `log_ms`: when (default: now)."""
    rows: dict[str, list[Row]] = {}
    for record in _records(policy, exams, now_ms() if log_ms is None else log_ms):
        for row in rows_of(record):
            rows.setdefault(TABLE_OF[type(row)].name, []).append(row)
    for some in rows.values():
        store.insert(some)


def _records(policy: Policy, exams: Exams, log_ms: int) -> Iterator[Record]:
    offset = 0
    for observations in exams.values():
        said = [(RISK_EVENTS, encode_message(message)) for message in fold_exam(policy, observations)]
        for topic, value in [*((OBSERVATIONS, encode_bundle([one])) for one in observations), *said]:
            yield Record(topic, 0, offset, None, value, (), log_ms)
            offset += 1
