"""What every log must do, on both logs. Without these, tests on the memory log would say nothing about Kafka."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.log import Reader, Record, TopicPartition, Writer
from ingest.memory_log import MemoryLog, MemoryReader, MemoryWriter
from ingest.topics import FRAMES, OBSERVATIONS, PARTITIONS, RISK_EVENTS
from tests.own_topics import own_topics

DEADLINE_S = 30
SESSION_MS = 6_000  # the shortest that the broker allows

pytestmark = pytest.mark.timeout(120)


class Backend(Protocol):
    """Opens writers and readers of one log; closes what is still open at the end of the test."""

    async def writer(self) -> Writer: ...
    async def reader(self, group: str, *topics: str, on_revoked: asyncio.Event | None = None) -> Reader: ...


@dataclass
class InMemory:
    opened: AsyncExitStack
    log: MemoryLog = field(default_factory=MemoryLog)

    async def writer(self) -> Writer:
        return await self.opened.enter_async_context(MemoryWriter(self.log))

    async def reader(self, group: str, *topics: str, on_revoked: asyncio.Event | None = None) -> Reader:
        reader = MemoryReader(self.log, group, *topics, on_revoked=on_revoked)
        await reader.start()
        return reader


@dataclass
class OnKafka:
    opened: AsyncExitStack
    bootstrap: str
    prefix: str

    async def writer(self) -> Writer:
        return await self.opened.enter_async_context(KafkaWriter(self.bootstrap, prefix=self.prefix))

    async def reader(self, group: str, *topics: str, on_revoked: asyncio.Event | None = None) -> Reader:
        reader = KafkaReader(
            self.bootstrap,
            group,
            *topics,
            on_revoked=on_revoked,
            session_timeout_ms=SESSION_MS,
            prefix=self.prefix,
        )
        await self.opened.enter_async_context(reader)
        return reader


@pytest.fixture(params=["memory", "kafka"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    async with AsyncExitStack() as opened:
        if request.param == "memory":
            yield InMemory(opened)
            return
        bootstrap = os.environ.get("PROCTOR_KAFKA") or request.getfixturevalue("stack").kafka
        prefix = await opened.enter_async_context(own_topics(bootstrap, "contract"))
        yield OnKafka(opened, bootstrap, prefix)


async def append(writer: Writer, topic: str, partition: int, *values: bytes) -> list[int]:
    return [await (await writer.send(topic, partition, value)) for value in values]


async def read_all(reader: Reader, count: int, most: int = 100) -> dict[TopicPartition, list[Record]]:
    """Read until `count` records are there, `most` at a time."""
    read: dict[TopicPartition, list[Record]] = {}
    async with asyncio.timeout(DEADLINE_S):
        while sum(map(len, read.values())) < count:
            for tp, records in (await reader.read(200, most)).items():
                read.setdefault(tp, []).extend(records)
    return read


def values(read: Mapping[TopicPartition, list[Record]]) -> dict[tuple[str, int], list[bytes]]:
    return {(tp.topic, tp.partition): [record.value for record in records] for tp, records in read.items()}


async def test_records_come_back_as_they_were_written(backend: Backend) -> None:
    writer, reader = await backend.writer(), await backend.reader("g", FRAMES)
    headers = [("frame/1", b"\x00\xffmetadata"), ("other", b"")]
    offset = await (await writer.send(FRAMES, 3, b"\xff\xd8pixels", key=b"session", headers=headers))
    await (await writer.send(FRAMES, 3, b""))
    ((tp, (first, second)),) = (await read_all(reader, 2)).items()
    assert tp == TopicPartition(FRAMES, 3)
    assert (first.topic, first.partition, first.offset) == (FRAMES, 3, offset)
    assert (first.key, first.value, list(first.headers)) == (b"session", b"\xff\xd8pixels", headers)
    assert first.timestamp_ms > 1_600_000_000_000
    assert (second.offset, second.key, second.value, list(second.headers)) == (offset + 1, None, b"", [])


async def test_each_partition_is_in_the_order_of_the_calls(backend: Backend) -> None:
    writer, reader = await backend.writer(), await backend.reader("g", OBSERVATIONS)
    sent = [await writer.send(OBSERVATIONS, n % 3, str(n).encode()) for n in range(300)]
    await asyncio.gather(*(asyncio.ensure_future(one) for one in sent))
    read = values(await read_all(reader, 300))
    for partition in range(3):
        assert [int(v) for v in read[OBSERVATIONS, partition]] == list(range(partition, 300, 3))


async def test_all_partitions_of_all_topics_are_assigned(backend: Backend) -> None:
    reader = await backend.reader("g", OBSERVATIONS, RISK_EVENTS)
    expected = {TopicPartition(t, p) for t in (OBSERVATIONS, RISK_EVENTS) for p in range(PARTITIONS)}
    assert reader.assignment() == expected


async def test_read_ends_empty_after_its_timeout_and_gives_no_more_than_asked(backend: Backend) -> None:
    writer, reader = await backend.writer(), await backend.reader("g", FRAMES)
    assert await reader.read(50, 10) == {}
    await append(writer, FRAMES, 0, b"1", b"2", b"3", b"4", b"5")
    seen: list[bytes] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(seen) < 5:
            batch = [r.value for records in (await reader.read(200, 2)).values() for r in records]
            assert len(batch) <= 2
            seen += batch
    assert seen == [b"1", b"2", b"3", b"4", b"5"]


async def test_reader_starts_from_the_commit_and_repeats_what_was_not_committed(backend: Backend) -> None:
    writer, first = await backend.writer(), await backend.reader("g", FRAMES)
    offsets = await append(writer, FRAMES, 1, b"a", b"b", b"c")
    await append(writer, FRAMES, 2, b"x")
    await read_all(first, 4)
    await first.commit({TopicPartition(FRAMES, 1): offsets[1] + 1})
    await first.stop()
    second = await backend.reader("g", FRAMES)
    assert values(await read_all(second, 2)) == {(FRAMES, 1): [b"c"], (FRAMES, 2): [b"x"]}


async def test_groups_do_not_disturb_each_other(backend: Backend) -> None:
    writer, one, other = (
        await backend.writer(),
        await backend.reader("one", FRAMES),
        await backend.reader("other", FRAMES),
    )
    (offset,) = await append(writer, FRAMES, 0, b"a")
    assert values(await read_all(one, 1)) == {(FRAMES, 0): [b"a"]}
    await one.commit({TopicPartition(FRAMES, 0): offset + 1})
    assert values(await read_all(other, 1)) == {(FRAMES, 0): [b"a"]}


async def test_paused_partitions_wait_and_lose_nothing(backend: Backend) -> None:
    writer, reader = await backend.writer(), await backend.reader("g", FRAMES)
    paused = TopicPartition(FRAMES, 0)
    await append(writer, FRAMES, 0, b"0")
    await read_all(reader, 1)
    reader.pause(paused, TopicPartition(FRAMES, 99))
    await append(writer, FRAMES, 0, b"1", b"2")
    await append(writer, FRAMES, 1, b"other")
    assert values(await read_all(reader, 1)) == {(FRAMES, 1): [b"other"]}
    assert await reader.read(300, 10) == {}
    reader.resume(paused)
    assert values(await read_all(reader, 2)) == {(FRAMES, 0): [b"1", b"2"]}


async def test_records_fetched_before_a_pause_are_not_given_out_during_it(backend: Backend) -> None:
    writer, reader = await backend.writer(), await backend.reader("g", FRAMES)
    await append(writer, FRAMES, 0, *(b"%d" % n for n in range(10)))
    first = await reader.read(5_000, 4)
    reader.pause(TopicPartition(FRAMES, 0))
    assert await reader.read(300, 10) == {}
    reader.resume(TopicPartition(FRAMES, 0))
    rest = await read_all(reader, 6)
    assert values(first)[FRAMES, 0] + values(rest)[FRAMES, 0] == [b"%d" % n for n in range(10)]


async def test_lag_counts_what_was_not_read(backend: Backend) -> None:
    writer, reader = await backend.writer(), await backend.reader("g", FRAMES)
    await append(writer, FRAMES, 0, *(b"%d" % n for n in range(7)))
    await read_all(reader, 3, most=1)
    async with asyncio.timeout(DEADLINE_S):
        while reader.lag()[TopicPartition(FRAMES, 0)] != 4:
            await asyncio.sleep(0.01)
    await read_all(reader, 4)
    assert reader.lag()[TopicPartition(FRAMES, 0)] == 0


async def test_second_member_takes_a_share_and_commits_of_lost_partitions_are_left_out(backend: Backend) -> None:
    revoked = asyncio.Event()
    writer, first = await backend.writer(), await backend.reader("g", FRAMES, on_revoked=revoked)
    everything = first.assignment()
    offsets = {p: (await append(writer, FRAMES, p, b"%d" % p))[0] for p in range(PARTITIONS)}
    await read_all(first, PARTITIONS)
    joining = asyncio.create_task(backend.reader("g", FRAMES))
    async with asyncio.timeout(DEADLINE_S):
        while first.assignment() in (everything, frozenset()) or not joining.done():
            await first.read(50, 100)
    second = joining.result()
    assert revoked.is_set()
    assert first.assignment() | second.assignment() == everything
    assert not first.assignment() & second.assignment()
    await first.commit({TopicPartition(FRAMES, p): offset + 1 for p, offset in offsets.items()})
    not_committed = second.assignment()
    await first.stop()
    async with asyncio.timeout(DEADLINE_S):
        while second.assignment() != everything:
            await asyncio.sleep(0.01)
    assert (await read_all(second, len(not_committed))).keys() == not_committed
    assert await second.read(300, 100) == {}


async def test_what_a_lost_member_did_not_commit_is_repeated_to_the_next(backend: Backend) -> None:
    writer, first = await backend.writer(), await backend.reader("g", FRAMES)
    await append(writer, FRAMES, 5, b"seen", b"not committed")
    await read_all(first, 2)
    await first.stop()
    second = await backend.reader("g", FRAMES)
    assert values(await read_all(second, 2)) == {(FRAMES, 5): [b"seen", b"not committed"]}
