"""A crash of a scoring worker before and after everything that it tells a real broker, one after the other.

One exam; every send and its acknowledgement, every step of a checkpoint's transaction, every commit. The second life
begins as a worker does: it fences, reads the changelog and folds what the position says.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.kafka_log import KafkaWriter
from ingest.log import Acknowledgement, Record
from ingest.messages import Headers, encode_message
from ingest.topics import CHECKPOINTS, OBSERVATIONS, PARTITIONS, RISK_EVENTS, create_topics, topic_name
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.worker import ownership
from scoring.worker.changelog import Changelog, read_changelog
from scoring.worker.outbox import Outbox
from scoring.worker.ownership import OwnedPartition
from scoring.worker.pauses import PauseGuard
from tests.exam_runs import bundles, exam
from tests.faults.forgetful_scoring import forgetful_entries
from tests.fuse import CrashError, Fuse
from tests.own_topics import delete_topics
from tests.scoring_pipeline import read_topic

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

RECORDS_PER_CHECKPOINT = 5
START_MS = 1_700_000_000_000
EXAM = list(bundles(exam("a", 3, 48, START_MS, START_MS), random.Random(3), most=8))


@dataclass(frozen=True, slots=True)
class Place:
    """One partition of one set of topics: a world of its own."""

    kafka: str
    prefix: str
    partition: int


class FusedWriter(KafkaWriter):
    """May crash before a record is sent, right after, and when it has arrived."""

    def __init__(self, place: Place, fuse: Fuse) -> None:
        super().__init__(place.kafka, prefix=place.prefix)
        self._fuse = fuse

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        self._fuse.burn()
        arrival = await super().send(topic, partition, value, key=key, headers=headers)
        self._fuse.burn()
        return FusedArrival(arrival, self._fuse)


class FusedArrival:
    """May crash when the record has arrived; nobody needs to wait for it."""

    def __init__(self, arrival: Acknowledgement, fuse: Fuse) -> None:
        self._arrival, self._fuse = arrival, fuse

    def __await__(self) -> Generator[Any, None, int]:
        offset = yield from self._arrival.__await__()
        self._fuse.burn()
        return offset


class FusedProducer:
    """aiokafka's transactional producer; may crash before and after each step of a transaction."""

    def __init__(self, producer: Any, fuse: Fuse) -> None:
        self._producer, self._fuse = producer, fuse
        self.start, self.stop, self.create_batch = producer.start, producer.stop, producer.create_batch

    async def begin_transaction(self) -> None:
        await self._touch(self._producer.begin_transaction)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        return await self._touch(lambda: self._producer.send_batch(batch, topic, partition=partition))

    async def commit_transaction(self) -> None:
        await self._touch(self._producer.commit_transaction)

    async def _touch(self, step: Callable[[], Any]) -> Any:
        self._fuse.burn()
        done = await step()
        self._fuse.burn()
        return done


class FusedChangelog(Changelog):
    """Writes by a producer that may crash."""

    def __init__(self, place: Place, fuse: Fuse) -> None:
        super().__init__(place.kafka, topic_name(CHECKPOINTS, place.prefix), place.partition, f"{place.prefix}scoring")
        self._producer = FusedProducer(self._producer, fuse)


class Commits:
    """The commits for lag monitors; may crash before and after each."""

    def __init__(self, place: Place, fuse: Fuse) -> None:
        self._at, self._fuse = TopicPartition(place.prefix + OBSERVATIONS, place.partition), fuse
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=place.kafka, group_id=f"{place.prefix}{place.partition}", enable_auto_commit=False
        )
        self.consumer.assign([self._at])

    async def commit(self, offset: int) -> None:
        self._fuse.burn()
        await self.consumer.commit({self._at: offset})
        self._fuse.burn()


async def live(place: Place, log: Sequence[Record], fuse: Fuse) -> None:
    """One life of a worker: from the changelog to the end of the log, or to its crash."""
    async with AsyncExitStack() as at_the_end:
        changelog, writer, commits = FusedChangelog(place, fuse), FusedWriter(place, fuse), Commits(place, fuse)
        for opened, close in ((changelog.open, changelog.close), (writer.start, writer.stop)):
            await opened()
            at_the_end.push_async_callback(close)
        await commits.consumer.start()
        at_the_end.push_async_callback(commits.consumer.stop)
        views = await read_changelog(place.kafka, topic_name(CHECKPOINTS, place.prefix), [place.partition])
        view = views[place.partition]
        partition = view.partition(Retention(), view.position or 0)
        owned = OwnedPartition(partition, Outbox(writer, place.partition, PauseGuard(1e9)), changelog, generation=1)
        for record in log[partition.next_offset :]:
            await owned.take(record)
            if partition.next_offset % RECORDS_PER_CHECKPOINT == 0 or record is log[-1]:
                await owned.checkpoint()
                await commits.commit(owned.saved_offset)


def expected() -> list[bytes]:
    partition, said = Partition(Retention(), 0), []
    for offset, value in enumerate(EXAM):
        record = Record(OBSERVATIONS, 0, offset, None, value, (), START_MS)
        said += [encode_message(message) for message in partition.fold(record).messages]
    return said


class Worlds:
    """As many worlds as are asked for, PARTITIONS of them in one set of topics."""

    def __init__(self, kafka: str) -> None:
        self.kafka, self.prefixes = kafka, list[str]()

    async def eight(self) -> list[tuple[Place, list[Record]]]:
        """A new set of topics with the exam in each partition."""
        prefix = f"crash-{random.getrandbits(32):08x}-"
        self.prefixes.append(prefix)
        await create_topics(self.kafka, prefix)
        async with KafkaWriter(self.kafka, prefix=prefix) as writer:
            for arrival in [await writer.send(OBSERVATIONS, p, value) for p in range(PARTITIONS) for value in EXAM]:
                await arrival
        log = await read_topic(self.kafka, prefix + OBSERVATIONS)
        return [(Place(self.kafka, prefix, number), log[number]) for number in range(PARTITIONS)]

    async def published(self, prefix: str) -> list[list[bytes]]:
        """What was said in each partition, repetitions left out."""
        said = await read_topic(self.kafka, prefix + RISK_EVENTS)
        return [list(dict.fromkeys(record.value for record in said[number])) for number in range(PARTITIONS)]


@pytest.fixture
async def worlds(stack: "LocalStack") -> AsyncIterator[Worlds]:
    made = Worlds(stack.kafka)
    yield made
    for prefix in made.prefixes:
        await delete_topics(made.kafka, prefix)


async def crash_and_come_back(place: Place, log: Sequence[Record], crash: int) -> None:
    with pytest.raises(CrashError):
        await live(place, log, Fuse(crash))
    await live(place, log, Fuse(0))


async def steps_of_a_life(worlds: Worlds) -> int:
    fuse = Fuse(0)
    (place, log), *_ = await worlds.eight()
    await live(place, log, fuse)
    assert (await worlds.published(place.prefix))[0] == expected()
    return -fuse.left


async def outcomes(worlds: Worlds, crashes: Sequence[int]) -> dict[int, bool]:
    """Whether what was said is exact after a crash at each step."""
    exact: dict[int, bool] = {}
    for first in range(0, len(crashes), PARTITIONS):
        some, eight = crashes[first : first + PARTITIONS], await worlds.eight()
        await asyncio.gather(*(crash_and_come_back(*world, crash) for world, crash in zip(eight, some, strict=False)))
        said = await worlds.published(eight[0][0].prefix)
        exact |= {crash: said[number] == expected() for number, crash in enumerate(some)}
    return exact


async def test_a_crash_at_any_point_loses_doubles_and_contradicts_nothing(
    worlds: Worlds, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = await steps_of_a_life(worlds)
    assert steps > 60
    exact = await outcomes(worlds, range(1, steps + 1))
    with capsys.disabled():
        print(f"\n{steps} crash points of one exam of {len(EXAM)} records: {Counter(exact.values())[True]} exact")
    assert [crash for crash, is_exact in exact.items() if not is_exact] == []
    assert len(exact) == steps


async def test_the_check_sees_a_checkpoint_that_forgets_its_session(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the changed state in each checkpoint, crashes after one must show."""
    monkeypatch.setattr(ownership, "entries", forgetful_entries)
    steps = await steps_of_a_life(worlds)
    exact = await outcomes(worlds, range(steps // 2, steps // 2 + PARTITIONS))
    assert not all(exact.values())
