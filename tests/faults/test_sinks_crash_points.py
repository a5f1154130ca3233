"""Every point between two outside calls of a batch, enumerated: a writer ending there loses and doubles nothing."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ingest.log import Acknowledgement, Record, TopicPartition
from ingest.memory_log import MemoryLog, MemoryReader, MemoryWriter
from ingest.messages import Headers
from ingest.topics import DEAD_LETTERS, OBSERVATIONS, RISK_EVENTS
from sinks.reconcile import reconcile
from sinks.rows import TABLE_OF, Row
from sinks.store import Connect, Store, over_http
from sinks.writer import RowWriter
from tests.sample_exam import SampleExam, as_records
from tests.sample_script import PARTITION

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

GARBAGE = b"garbage"
DEADLINE_S = 60.0


class CrashError(Exception):
    """The process ends here."""


class Steps:
    """Counts the moments before and after each outside call; crashes at one of them."""

    def __init__(self, crash_at: int | None) -> None:
        self.passed: list[str] = []
        self._crash_at = crash_at

    def at(self, moment: str) -> None:
        self.passed.append(moment)
        if len(self.passed) - 1 == self._crash_at:
            raise CrashError(moment)


class SteppedStore(Store):
    def __init__(self, connect: Connect, database: str, steps: Steps) -> None:
        super().__init__(connect, database)
        self._steps = steps

    def insert(self, rows: Sequence[Row]) -> None:
        table = TABLE_OF[type(rows[0])].name
        self._steps.at(f"before {table}")
        super().insert(rows)
        self._steps.at(f"after {table}")


class SteppedReader(MemoryReader):
    steps: Steps

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        self.steps.at("before commit")
        await super().commit(next_offsets)
        self.steps.at("after commit")


class SteppedWriter(MemoryWriter):
    steps: Steps

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        self.steps.at(f"before {topic}")
        sent = await super().send(topic, partition, value, key=key, headers=headers)
        self.steps.at(f"after {topic}")
        return sent


@pytest.fixture(scope="module")
def database(stack: "LocalStack") -> Iterator[Store]:
    store = Store(over_http(stack.clickhouse), f"test_{uuid4().hex}")
    store.migrate()
    yield store
    store.command(f"DROP DATABASE {store.database}")
    store.close()


async def test_a_writer_may_end_at_any_point(
    stack: "LocalStack", database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a commit that comes before the rows or the dead letters of its batch (tried: the rows are missing)."""
    monkeypatch.setattr("sinks.batch.ENOUGH_MS", 0)
    moments = await one_life(stack, database, filled(), Steps(None))
    tables = ("sessions", "observations", "calibrations", "timeline", "risk_events", "verdicts")
    assert {f"{when} {what}" for when in ("before", "after") for what in (*tables, DEAD_LETTERS, "commit")} <= set(
        moments
    )
    for crash_at in range(len(moments)):
        log = filled()
        with pytest.raises(CrashError, match=moments[crash_at]):
            await one_life(stack, database, log, Steps(crash_at))
        await one_life(stack, database, log, Steps(None))
        assert [d for d in reconcile(database, everything(log)) if not d.none] == [], moments[crash_at]
        assert len(log.records(TopicPartition(DEAD_LETTERS, PARTITION))) >= 1


def filled() -> MemoryLog:
    """A log with an exam of its own, and one record of garbage in it."""
    log = MemoryLog()
    log.append(OBSERVATIONS, PARTITION, GARBAGE, None, ())
    for record in as_records(SampleExam(session=uuid4().hex), bundle=64):
        log.append(record.topic, PARTITION, record.value, None, ())
    return log


def everything(log: MemoryLog) -> list[Record]:
    return [r for topic in (OBSERVATIONS, RISK_EVENTS) for r in log.records(TopicPartition(topic, PARTITION))]


async def one_life(stack: "LocalStack", database: Store, log: MemoryLog, steps: Steps) -> list[str]:
    """One writer, until all of the log is committed or it crashes; the moments that it passed."""
    store = SteppedStore(over_http(stack.clickhouse), database.database, steps)
    reader, letters = SteppedReader(log, "sinks", OBSERVATIONS, RISK_EVENTS), SteppedWriter(log)
    reader.steps = letters.steps = steps
    stop = asyncio.Event()
    await reader.start()
    life = asyncio.create_task(RowWriter(reader, letters, store, stop).run())
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not (life.done() or committed(log)):
                await log.arrival(0.02)
        stop.set()
        await life
    finally:
        await reader.stop()
        store.close()
    return steps.passed


def committed(log: MemoryLog) -> bool:
    ends = {tp: log.end(tp) for tp in (TopicPartition(t, PARTITION) for t in (OBSERVATIONS, RISK_EVENTS))}
    return all(log.commits["sinks"].get(tp, 0) == end for tp, end in ends.items())
