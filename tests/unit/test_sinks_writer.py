"""The writer's loop without a store: it holds back, says why, commits nothing, and can be stopped."""

import asyncio
from collections.abc import Callable

import pytest

from ingest.errors import TransientError
from ingest.memory_log import MemoryLog, MemoryReader, MemoryWriter
from ingest.topics import OBSERVATIONS
from sinks.batch import TooMuchPoisonError
from sinks.store import Store, over_http
from sinks.writer import RowWriter
from tests.sample_exam import SampleExam, as_records

FULL_ROWS = 1_000
RECORD = as_records(SampleExam(), bundle=300)[0]  # 294 observations, 296 rows


class Life:
    """A writer between a log in memory and a store that is away."""

    def __init__(self) -> None:
        self.log, self.stop = MemoryLog(), asyncio.Event()
        self.reader = MemoryReader(self.log, "sinks", OBSERVATIONS)
        store = Store(over_http("127.0.0.1:9"), "proctor")  # the discard port: nothing listens there
        self.writer = RowWriter(self.reader, MemoryWriter(self.log), store, self.stop)

    def append(self, value: bytes, times: int) -> None:
        for _ in range(times):
            self.log.append(OBSERVATIONS, 0, value, None, ())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20.0):
            while not condition():
                await self.log.arrival(0.01)

    @property
    def behind(self) -> int:
        return sum(self.reader.lag().values())


@pytest.fixture
async def life(monkeypatch: pytest.MonkeyPatch) -> Life:
    monkeypatch.setattr("sinks.batch.FULL_ROWS", FULL_ROWS)
    monkeypatch.setattr("sinks.batch.ENOUGH_ROWS", FULL_ROWS // 2)
    monkeypatch.setattr("sinks.writer.READ_RECORDS", 1)
    monkeypatch.setattr("sinks.writer.READ_MS", 1)
    made = Life()
    await made.reader.start()
    return made


async def test_a_store_that_is_away_holds_reading_back_and_commits_nothing(life: Life) -> None:
    life.append(RECORD.value, 40)
    assert life.writer.unassigned() == "no partitions are assigned"
    running = asyncio.create_task(life.writer.run())
    await life.until(lambda: life.behind == 40 - 6)  # 2 records are being stored, 4 make the next batch full
    for _ in range(50):
        await life.log.arrival(0.005)
    assert life.behind == 40 - 6
    await life.until(lambda: "does not answer" in (life.writer.trouble() or ""))
    assert life.writer.unassigned() is None
    assert life.log.commits["sinks"] == {}
    life.stop.set()
    with pytest.raises(TransientError, match="does not answer"):
        await asyncio.wait_for(running, 10.0)
    assert life.log.commits["sinks"] == {}


async def test_ticks_alone_are_committed_without_a_store(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.batch.ENOUGH_MS", 0)
    life.append(b"\x91\x82\xa4type\xa6tick/1\xa5at_ms\x01", 3)
    running = asyncio.create_task(life.writer.run())
    await life.until(lambda: list(life.log.commits["sinks"].values()) == [3])
    life.stop.set()
    await asyncio.wait_for(running, 10.0)
    assert life.writer.trouble() is None


async def test_a_flood_of_poison_ends_it_with_nothing_committed(life: Life) -> None:
    life.append(b"garbage", 300)
    with pytest.raises(TooMuchPoisonError):
        await asyncio.wait_for(life.writer.run(), 10.0)
    assert life.log.commits["sinks"] == {}
