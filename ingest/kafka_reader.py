"""Reading from Kafka as a member of a group; `ingest.kafka_log` tells about settings."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord

from ingest.errors import TransientError
from ingest.kafka_client import (
    LARGEST_REQUEST,
    START_DEADLINE_S,
    STOP_DEADLINE_S,
    Rebalances,
    gathering,
    start_client,
)
from ingest.kafka_garbage import read_past_garbage
from ingest.log import Reader, Record, TopicPartition
from ingest.topics import topic_name

COMMIT_DEADLINE_S = 20.0
GARBAGE_DEADLINE_S = 20.0
READ_GRACE_S = 1.0  # a rebalance may hold a read up for longer than its own timeout; then it ends empty

log = logging.getLogger(__name__)


class KafkaReader(Reader):
    """Reads as one member of a group; `member` keeps its partitions over a restart (static membership).

    All of aiokafka's assignors are eager: on every rebalance a member loses all its partitions for a moment,
    `on_revoked` is set, and each partition starts again from the group's commit, also those that it keeps. `prefix`
    is put before the names of topics and group on the broker. `gather_ms`: so long the broker may gather records before
    it answers; at 36 frames/s each answer less saves broker and reader about a millisecond together.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        *topics: str,
        member: str | None = None,
        on_revoked: "asyncio.Event | None" = None,
        session_timeout_ms: int = 30_000,
        prefix: str = "",
        gather_ms: int = 0,
    ) -> None:
        self._bootstrap, self._topics, self._on_revoked = bootstrap, topics, on_revoked
        self._prefix = prefix
        self._next: dict[TopicPartition, int] = {}
        self._settings: dict[str, Any] = {
            "group_id": prefix + group,
            "group_instance_id": member,
            "session_timeout_ms": session_timeout_ms,
            "heartbeat_interval_ms": min(3_000, session_timeout_ms // 4),
        } | gathering(gather_ms)
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Returns with the first assignment, which waits for members that died to be missed.

        Raises: TransientError when no broker answers or no topic is there.
        """
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST_REQUEST,
            **self._settings,
        )
        names = [topic_name(t, self._prefix) for t in self._topics]
        self._consumer.subscribe(names, listener=Rebalances(self._revoked))
        await start_client(
            self._consumer, self._bootstrap, START_DEADLINE_S + self._settings["session_timeout_ms"] / 1000
        )

    async def stop(self) -> None:
        """Leave the group (a static member stays in it until its session times out)."""
        if self._consumer is None:
            return
        try:
            async with asyncio.timeout(STOP_DEADLINE_S):
                await self._consumer.stop()
        except TimeoutError:
            log.warning("the broker did not let the reader go in time", extra={"broker": self._bootstrap})

    async def read(self, timeout_ms: int, most: int) -> Mapping[TopicPartition, list[Record]]:
        try:
            async with asyncio.timeout(timeout_ms / 1000 + READ_GRACE_S):
                batches = await self._open.getmany(timeout_ms=timeout_ms, max_records=most)
        except UnicodeDecodeError:
            batches = await self._read_past_garbage(most)
        except TimeoutError:
            return {}
        except KafkaError as error:
            raise TransientError(f"cannot read {', '.join(self._topics)}: {error}") from error
        await self._learn_positions()
        read = {self._ours(tp): [self._record(r) for r in records] for tp, records in batches.items()}
        self._next.update({tp: records[-1].offset + 1 for tp, records in read.items()})
        return read

    def pause(self, *partitions: TopicPartition) -> None:
        self._open.pause(*self._still_owned(partitions))

    def resume(self, *partitions: TopicPartition) -> None:
        self._open.resume(*self._still_owned(partitions))

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Raises: TransientError when the broker does not answer; the commit may be tried again."""
        owned = {self._theirs(tp): offset for tp, offset in next_offsets.items() if tp in self.assignment()}
        if not owned:
            return
        try:
            async with asyncio.timeout(COMMIT_DEADLINE_S):
                await self._open.commit(owned)
        except (CommitFailedError, IllegalStateError):
            log.info("partitions moved before their commit", extra={"topics": self._topics})
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"cannot commit {', '.join(self._topics)}: {error or 'no answer'}") from error

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self._ours(tp) for tp in self._open.assignment())

    def lag(self) -> Mapping[TopicPartition, int]:
        ends = {self._ours(tp): self._open.highwater(tp) for tp in self._open.assignment()}
        return {tp: max(0, end - self._next[tp]) for tp, end in ends.items() if end is not None and tp in self._next}

    async def _read_past_garbage(self, most: int) -> Mapping[KafkaTopicPartition, list["ConsumerRecord[bytes, bytes]"]]:
        delivered = {self._theirs(tp): offset for tp, offset in self._next.items()}
        try:
            async with asyncio.timeout(GARBAGE_DEADLINE_S):
                return await read_past_garbage(self._open, delivered, most)
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"cannot read {', '.join(self._topics)}: {error or 'no answer'}") from error

    async def _learn_positions(self) -> None:
        """Where unread partitions stand. A partition whose end is known has been fetched, so that this never waits."""
        for tp in self._open.assignment():
            if self._ours(tp) not in self._next and self._open.highwater(tp) is not None:
                self._next[self._ours(tp)] = await self._open.position(tp)

    def _revoked(self, any_lost: bool) -> None:
        self._next.clear()
        if any_lost and self._on_revoked is not None:
            self._on_revoked.set()

    def _still_owned(self, partitions: tuple[TopicPartition, ...]) -> list[KafkaTopicPartition]:
        return [self._theirs(tp) for tp in partitions if tp in self.assignment()]

    def _ours(self, tp: KafkaTopicPartition) -> TopicPartition:
        return TopicPartition(tp.topic.removeprefix(self._prefix), tp.partition)

    def _theirs(self, tp: TopicPartition) -> KafkaTopicPartition:
        return KafkaTopicPartition(topic_name(tp.topic, self._prefix), tp.partition)

    def _record(self, r: "ConsumerRecord[bytes, bytes]") -> Record:
        topic = r.topic.removeprefix(self._prefix)
        return Record(topic, r.partition, r.offset, r.key, r.value or b"", r.headers, r.timestamp)

    @property
    def _open(self) -> AIOKafkaConsumer:
        assert self._consumer is not None, "start the reader first"
        return self._consumer

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
