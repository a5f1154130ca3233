"""The log in one process's memory: for tests and dry runs. Behaves as `ingest.kafka_log` does, contract test included.

A group's partitions are dealt out anew whenever a reader joins or leaves, eagerly: every reader of the group loses
all it had (`on_revoked`), and every partition starts again from the group's commit.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Self

from ingest.log import Acknowledgement, Reader, Record, TopicPartition, Writer
from ingest.messages import Headers
from ingest.telemetry import now_ms
from ingest.topics import PARTITIONS


class MemoryLog:
    """The broker: records by partition, commits by group, and who reads what."""

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self.partitions = partitions
        self.commits: defaultdict[str, dict[TopicPartition, int]] = defaultdict(dict)
        self._records: defaultdict[TopicPartition, list[Record]] = defaultdict(list)
        self._groups: defaultdict[str, list[MemoryReader]] = defaultdict(list)
        self._arrived: asyncio.Event = asyncio.Event()

    def append(self, topic: str, partition: int, value: bytes, key: bytes | None, headers: Headers) -> int:
        """Returns the record's offset."""
        if not 0 <= partition < self.partitions:
            raise ValueError(f"{topic} has no partition {partition}")
        records = self._records[TopicPartition(topic, partition)]
        records.append(Record(topic, partition, len(records), key, value, tuple(headers), now_ms()))
        self._arrived.set()
        self._arrived = asyncio.Event()
        return len(records) - 1

    def records(self, tp: TopicPartition, offset: int = 0, most: int | None = None) -> list[Record]:
        """What stands at `offset` and behind it."""
        return self._records[tp][offset : None if most is None else offset + most]

    def end(self, tp: TopicPartition) -> int:
        """The offset of the next record."""
        return len(self._records[tp])

    def join(self, group: str, reader: "MemoryReader") -> None:
        self._groups[group].append(reader)
        self._deal(group)

    def leave(self, group: str, reader: "MemoryReader") -> None:
        self._groups[group].remove(reader)
        self._deal(group)

    async def arrival(self, timeout_s: float) -> None:
        """Wait for the next record of any partition."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        except TimeoutError:
            return

    def _deal(self, group: str) -> None:
        readers = self._groups[group]
        shares: list[dict[TopicPartition, int]] = [{} for _ in readers]
        for topic in sorted({topic for reader in readers for topic in reader.topics}):
            for partition in range(self.partitions):
                tp = TopicPartition(topic, partition)
                shares[partition % len(readers)][tp] = self.commits[group].get(tp, 0)
        for reader, share in zip(readers, shares, strict=True):
            reader.reassign(share)


class MemoryWriter(Writer):
    """Appends to a MemoryLog; everything is acknowledged at once."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        acknowledged: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(self._log.append(topic, partition, value, key, headers))
        return acknowledged

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


class MemoryReader(Reader):
    """One member of a group that reads a MemoryLog. All members of a group read the same topics."""

    def __init__(self, log: MemoryLog, group: str, *topics: str, on_revoked: asyncio.Event | None = None) -> None:
        self.topics = topics
        self._log, self._group, self._on_revoked = log, group, on_revoked
        self._next: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    async def start(self) -> None:
        self._log.join(self._group, self)

    async def stop(self) -> None:
        self._log.leave(self._group, self)
        self._next = {}

    def reassign(self, share: dict[TopicPartition, int]) -> None:
        """Lose what was assigned; own `share` from its offsets on."""
        if self._next and self._on_revoked is not None:
            self._on_revoked.set()
        self._next, self._paused = dict(share), set()

    async def read(self, timeout_ms: int, most: int) -> Mapping[TopicPartition, list[Record]]:
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        while not (batch := self._take(most)):
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= 0:
                break
            await self._log.arrival(left_s)
        return batch

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(self._next.keys() & set(partitions))

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        owned = {tp: offset for tp, offset in next_offsets.items() if tp in self._next}
        self._log.commits[self._group].update(owned)

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self._next)

    def lag(self) -> Mapping[TopicPartition, int]:
        return {tp: self._log.end(tp) - offset for tp, offset in self._next.items()}

    def _take(self, most: int) -> dict[TopicPartition, list[Record]]:
        taken: dict[TopicPartition, list[Record]] = {}
        for tp in self._next.keys() - self._paused:
            if most > 0 and (records := self._log.records(tp, self._next[tp], most)):
                taken[tp] = records
                self._next[tp] += len(records)
                most -= len(records)
        return taken

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
