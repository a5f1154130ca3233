"""The changelog: a compacted topic with the checkpoints of all partitions, one transactional writer for each.

Opening a writer fences every earlier writer of the same partition at the broker: a worker that was frozen, cut off or
is slow to leave cannot write over its successor's checkpoint, and what it had begun is rolled back before the successor
reads.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from ingest.errors import PoisonError, ProctorError, TransientError
from ingest.kafka_client import LARGEST_REQUEST, start_client
from scoring.worker.checkpoint import Entry, View

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 5.0
WRITE_DEADLINE_S = 60.0
READ_DEADLINE_S = 120.0
TRANSACTION_TIMEOUT_MS = 30_000  # a frozen worker's open transaction hides later records from readers for at most this


class FencedError(ProctorError):
    """Another worker owns the partition now."""


class Changelog:
    """The one writer of one partition of the changelog.

    What a failed `write` leaves open is rolled back when the next writer opens; the writer itself cannot be used again.
    """

    def __init__(self, bootstrap: str, topic: str, partition: int, group: str) -> None:
        self._bootstrap, self._topic, self._partition = bootstrap, topic, partition
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=f"{group}-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_batch_size=1 << 20,
            max_request_size=LARGEST_REQUEST,
            linger_ms=2,
        )

    async def open(self) -> None:
        """Fence earlier writers.

        Raises: TransientError when the broker does not answer.
        """
        await start_client(self._producer, self._bootstrap, START_DEADLINE_S)

    async def write(self, entries: Iterable[Entry]) -> None:
        """Write all of `entries` or none.

        Raises: FencedError when the partition has another owner; TransientError when the broker does not answer.
        """
        try:
            async with asyncio.timeout(WRITE_DEADLINE_S):
                await self._producer.begin_transaction()
                await asyncio.gather(*[await self._send(batch) for batch in self._batches(entries)])
                await self._producer.commit_transaction()
        except ProducerFenced as error:
            raise FencedError(f"partition {self._partition} has another owner") from error
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"cannot write to {self._topic}: {error or 'no answer'}") from error

    async def close(self) -> None:
        """Let the connection go, for at most STOP_DEADLINE_S."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_DEADLINE_S):
                await self._producer.stop()

    def _batches(self, entries: Iterable[Entry]) -> Iterator[Any]:
        """Batches built here: an eighth of the time of sending record by record."""
        batch = self._producer.create_batch()
        for key, value in entries:
            if batch.append(key=key, value=value, timestamp=None) is None:
                yield batch
                batch = self._producer.create_batch()
                if batch.append(key=key, value=value, timestamp=None) is None:
                    raise PoisonError(f"the state {key!r} is too large for {self._topic}")
        yield batch

    async def _send(self, batch: Any) -> Awaitable[object]:
        sent: Awaitable[object] = await self._producer.send_batch(batch, self._topic, partition=self._partition)
        return sent


async def read_changelog(bootstrap: str, topic: str, partitions: Iterable[int]) -> dict[int, View]:
    """What the changelog says of each of `partitions`; fence their writers first.

    Raises: TransientError when the broker does not answer; PoisonError when a record has another layout.
    """
    views = {partition: View() for partition in partitions}
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # with any other, aiokafka may start at the end in spite of `seek_to_beginning`
        isolation_level="read_committed",
        max_partition_fetch_bytes=LARGEST_REQUEST,
    )
    await start_client(reader, bootstrap, START_DEADLINE_S)
    try:
        async with asyncio.timeout(READ_DEADLINE_S):
            await _read(reader, topic, views)
    except (KafkaError, TimeoutError) as error:
        raise TransientError(f"cannot read {topic}: {error or 'no answer'}") from error
    finally:
        await reader.stop()
    return views


async def _read(reader: Any, topic: str, views: Mapping[int, View]) -> None:
    unread = {TopicPartition(topic, partition) for partition in views}
    reader.assign(unread)
    end = await reader.end_offsets(unread)
    while unread:
        for tp, records in (await reader.getmany(timeout_ms=50)).items():
            for record in records:
                views[tp.partition].apply(record.key, record.value)
        unread = {tp for tp in unread if await reader.position(tp) < end[tp]}
