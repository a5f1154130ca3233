"""A crash of a scoring worker at every point where it touches the outside, one after the other, on a log in memory."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from ingest.log import Acknowledgement, Record, TopicPartition
from ingest.memory_log import MemoryLog
from ingest.messages import Headers, encode_message
from ingest.topics import DEAD_LETTERS, OBSERVATIONS, RISK_EVENTS
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.worker.changelog import Changelog
from scoring.worker.checkpoint import Entry, View
from scoring.worker.outbox import Outbox
from scoring.worker.ownership import OwnedPartition
from scoring.worker.pauses import PauseGuard
from tests.exam_runs import bundles, exam
from tests.fuse import CrashError, Fuse

RECORDS_PER_CHECKPOINT = 4
START_MS = 1_700_000_000_000


class World:
    """What survives a crash: the log and the changelog."""

    def __init__(self, observations: Iterable[bytes]) -> None:
        self.log = MemoryLog(1)
        self.changelog: list[Entry] = []
        for value in observations:
            self.log.append(OBSERVATIONS, 0, value, None, ())

    def values(self, topic: str) -> list[bytes]:
        return [record.value for record in self.log.records(TopicPartition(topic, 0))]

    def records(self, offset: int) -> list[Record]:
        return list(self.log.records(TopicPartition(OBSERVATIONS, 0), offset))


class FusedWriter:
    """Appends to the world; may crash before or right after."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        self._world, self._fuse = world, fuse

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        self._fuse.burn()
        offset = self._world.log.append(topic, partition, value, key, headers)
        self._fuse.burn()
        arrived: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        arrived.set_result(offset)
        return arrived


class FusedChangelog(Changelog):
    """Writes all of a checkpoint or nothing, as a transaction does; may crash before or right after."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        self._world, self._fuse = world, fuse

    async def write(self, entries: Iterable[Entry]) -> None:
        self._fuse.burn()
        self._world.changelog += entries
        self._fuse.burn()


async def work(world: World, fuse: Fuse) -> None:
    """One life of a worker: from the changelog to the end of the log, or to its crash."""
    view = View()
    for entry in world.changelog:
        view.apply(*entry)
    partition = view.partition(Retention(), view.position or 0)
    outbox = Outbox(FusedWriter(world, fuse), 0, PauseGuard(1e9))
    owned = OwnedPartition(partition, outbox, FusedChangelog(world, fuse), generation=1)
    for record in world.records(partition.next_offset):
        await owned.take(record)
        if partition.next_offset % RECORDS_PER_CHECKPOINT == 0:
            await owned.checkpoint()
    await owned.checkpoint()


def observations() -> Iterator[bytes]:
    """Two exams through each other, a repeated suffix and a record of garbage."""
    exams = [list(bundles(exam(s, seed, 40, START_MS, START_MS), random.Random(seed))) for seed, s in enumerate("ab")]
    mixed = [value for step in zip(*exams, strict=False) for value in step]
    yield from mixed[:8]
    yield b"garbage"
    yield from mixed[5:]


def expected(world: World) -> list[bytes]:
    partition = Partition(Retention(), 0)
    said: list[bytes] = []
    for record in world.records(0):
        if record.value == b"garbage":
            partition.next_offset += 1
            continue
        said += [encode_message(message) for message in partition.fold(record).messages]
    return said


async def steps_of_a_life() -> int:
    fuse = Fuse(0)
    await work(World(observations()), fuse)
    return -fuse.left


async def test_a_crash_at_any_point_loses_doubles_and_contradicts_nothing() -> None:
    steps = await steps_of_a_life()
    assert steps > 100
    for crash in range(1, steps + 1):
        world = World(observations())
        with pytest.raises(CrashError):
            await work(world, Fuse(crash))
        await work(world, Fuse(0))
        assert list(dict.fromkeys(world.values(RISK_EVENTS))) == expected(world), f"crash at step {crash}"
        assert len(set(world.values(DEAD_LETTERS))) == 1, f"crash at step {crash}"


@pytest.mark.parametrize("step", [3, 7, 20])
async def test_crashes_again_and_again_still_get_to_the_end(step: int) -> None:
    """Each life goes `step` touches further than the one before, so that every life ends in another place."""
    world, lives = World(observations()), 0
    while True:
        lives += 1
        assert lives < 500
        try:
            await work(world, Fuse(step * lives))
        except CrashError:
            continue
        break
    assert lives > 2
    assert list(dict.fromkeys(world.values(RISK_EVENTS))) == expected(world)


async def test_the_check_sees_a_checkpoint_that_forgets_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without one changed state in each checkpoint, some crash must show."""
    whole = "scoring.worker.ownership.entries"
    from scoring.worker.checkpoint import entries

    monkeypatch.setattr(whole, lambda *args: _forgetful(list(entries(*args))))
    differences: defaultdict[bool, int] = defaultdict(int)
    for crash in range(1, await steps_of_a_life() + 1, 5):
        world = World(observations())
        with pytest.raises(CrashError):
            await work(world, Fuse(crash))
        await work(world, Fuse(0))
        differences[list(dict.fromkeys(world.values(RISK_EVENTS))) == expected(world)] += 1
    assert differences[False] > 3


def _forgetful(entries: list[Any]) -> list[Any]:
    sessions = [entry for entry in entries if entry[0].startswith(b"session/")]
    return [entry for entry in entries if entry not in sessions[:1]]
