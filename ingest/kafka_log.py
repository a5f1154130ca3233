"""The log on Apache Kafka, by aiokafka.

Settings and their measurements: one open batch per partition, so the default batch of 16 KB sends each frame alone;
1 MB with a linger of 5 ms takes 1.7 times as many frames at half the CPU. JPEG is not compressed again. Frames are
perishable (acks=1); everything else waits for all replicas, idempotently.
"""

import asyncio
import logging
from collections.abc import Generator, Mapping
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord

from ingest.errors import TransientError
from ingest.log import Acknowledgement, Reader, Record, TopicPartition, Writer
from ingest.messages import Headers

START_DEADLINE_S = 30.0
SEND_DEADLINE_MS = 60_000  # an outage of the broker shorter than this loses nothing
COMMIT_DEADLINE_S = 20.0

log = logging.getLogger(__name__)


class _Acknowledged:
    """Awaits aiokafka's future and speaks this product's errors."""

    def __init__(self, future: "asyncio.Future[Any]", topic: str) -> None:
        self._future, self._topic = future, topic

    def __await__(self) -> Generator[Any, None, int]:
        try:
            metadata = yield from self._future.__await__()
        except KafkaError as error:
            raise TransientError(f"the broker did not take a record of {self._topic}: {error}") from error
        return int(metadata.offset)


class KafkaWriter(Writer):
    """Appends to Kafka; `perishable` writers trade durability of the last records for latency."""

    def __init__(self, bootstrap: str, *, perishable: bool = False) -> None:
        self._bootstrap = bootstrap
        self._settings: dict[str, Any] = {"acks": 1} if perishable else {"acks": "all", "enable_idempotence": True}
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Raises: TransientError when no broker answers."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            max_batch_size=1 << 20,
            max_request_size=4 << 20,
            linger_ms=5,
            compression_type=None,
            request_timeout_ms=SEND_DEADLINE_MS,
            **self._settings,
        )
        await _start(self._producer, self._bootstrap)

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        assert self._producer is not None, "start the writer first"
        try:
            future = await self._producer.send(topic, value, key=key, partition=partition, headers=list(headers))
        except KafkaError as error:
            raise TransientError(f"cannot write to {topic}: {error}") from error
        return _Acknowledged(future, topic)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class KafkaReader(Reader):
    """Reads as one member of a group; `member` keeps its partitions over a restart (static membership)."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        *topics: str,
        member: str | None = None,
        on_revoked: "asyncio.Event | None" = None,
        session_timeout_ms: int = 30_000,
    ) -> None:
        self._bootstrap, self._topics, self._on_revoked = bootstrap, topics, on_revoked
        self._settings: dict[str, Any] = {
            "group_id": group,
            "group_instance_id": member,
            "session_timeout_ms": session_timeout_ms,
            "heartbeat_interval_ms": min(3_000, session_timeout_ms // 4),
        }
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Raises: TransientError when no broker answers."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 << 20,
            **self._settings,
        )
        self._consumer.subscribe(self._topics, listener=_Revocations(self._on_revoked))
        await _start(self._consumer, self._bootstrap)

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()

    async def read(self, timeout_ms: int, most: int) -> Mapping[TopicPartition, list[Record]]:
        try:
            batches = await self._open.getmany(timeout_ms=timeout_ms, max_records=most)
        except KafkaError as error:
            raise TransientError(f"cannot read {', '.join(self._topics)}: {error}") from error
        return {_ours(tp): [_record(r) for r in records] for tp, records in batches.items()}

    def pause(self, *partitions: TopicPartition) -> None:
        self._open.pause(*self._still_owned(partitions))

    def resume(self, *partitions: TopicPartition) -> None:
        self._open.resume(*self._still_owned(partitions))

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Raises: TransientError when the broker does not answer; the commit may be tried again."""
        owned = {KafkaTopicPartition(*tp): offset for tp, offset in next_offsets.items() if tp in self.assignment()}
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
        return frozenset(_ours(tp) for tp in self._open.assignment())

    def lag(self) -> Mapping[TopicPartition, int]:
        known = {}
        for tp in self._open.assignment():
            end, position = self._open.highwater(tp), self._open.last_stable_offset(tp)
            del position
            state = self._open._subscription.subscription.assignment.state_value(tp)  # aiokafka offers no sync position
            if end is not None and state is not None and state.has_valid_position:
                known[_ours(tp)] = max(0, end - state.position)
        return known

    def _still_owned(self, partitions: tuple[TopicPartition, ...]) -> list[KafkaTopicPartition]:
        return [KafkaTopicPartition(*tp) for tp in partitions if tp in self.assignment()]

    @property
    def _open(self) -> AIOKafkaConsumer:
        assert self._consumer is not None, "start the reader first"
        return self._consumer

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class _Revocations(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells the reader's owner that what it still holds may now belong to somebody else."""

    def __init__(self, revoked: "asyncio.Event | None") -> None:
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: object) -> None:
        if self._revoked is not None and revoked:
            self._revoked.set()

    async def on_partitions_assigned(self, assigned: object) -> None:
        log.info("partitions assigned", extra={"assigned": str(assigned)})


async def _start(client: Any, bootstrap: str) -> None:
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            await client.start()
    except (KafkaError, OSError, TimeoutError) as error:
        await client.stop()
        raise TransientError(f"no broker answers at {bootstrap}: {error or 'no answer'}") from error


def _ours(tp: KafkaTopicPartition) -> TopicPartition:
    return TopicPartition(tp.topic, tp.partition)


def _record(r: "ConsumerRecord[bytes, bytes]") -> Record:
    return Record(r.topic, r.partition, r.offset, r.key, r.value or b"", r.headers, r.timestamp)
