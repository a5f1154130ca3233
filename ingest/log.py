"""The log between the stages: what a broker must offer, in the few words that the stages use.

Two implementations pass one contract test: `ingest.kafka_log` and `ingest.memory_log`. Delivery is at-least-once:
`Acknowledgement` resolves when the record is durable; a reader starts from its group's commit and repeats what was not
committed. Errors of the broker come out as TransientError.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ingest.messages import Headers


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read. `timestamp_ms` is the broker's or the writer's, as the topic says."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Headers
    timestamp_ms: int


Acknowledgement = Awaitable[int]
"""Resolves to the record's offset, or raises TransientError when the broker did not take it in time."""


class Writer(Protocol):
    """Appends records."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        """Queue one record; waits while the partition's batch is full. A partition's order is the order of calls.

        Raises: TransientError when the broker does not take it in time, PoisonError when it is too large for the topic.
        """
        ...


class Reader(Protocol):
    """Reads a group's share of the partitions of some topics, each in order."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def read(self, timeout_ms: int, most: int) -> Mapping[TopicPartition, list[Record]]:
        """Up to `most` records of what is assigned and not paused; empty after `timeout_ms`."""
        ...

    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Everything below these offsets is done. Partitions that were taken away meanwhile are left out silently."""
        ...

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions owned now."""
        ...

    def lag(self) -> Mapping[TopicPartition, int]:
        """Records not yet read, by assigned partition, as far as the reader knows."""
        ...
