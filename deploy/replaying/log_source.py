"""Sessions replayed from the log itself: whole partitions of `observations`, ticks included."""

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from ingest.errors import TransientError
from ingest.log import Record
from ingest.topics import OBSERVATIONS, partition_of, topic_name
from scoring.fold.replay import LogReplay
from scoring.messages import RiskMessage
from scoring.rulebook.policy import Policy

START_DEADLINE_S = 20.0
READ_DEADLINE_S = 30.0
LARGEST_FETCH = 4 << 20


async def replay_log(
    kafka: str, prefix: str, sessions: Iterable[str], another: Policy | None
) -> dict[str, list[RiskMessage]]:
    """What each session says when its partition is folded from the first record that the log still has.

    Raises: TransientError when the broker does not answer.
    """
    by_partition: dict[int, list[str]] = {}
    for session in sessions:
        by_partition.setdefault(partition_of(session), []).append(session)
    said: dict[str, list[RiskMessage]] = {}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_FETCH,
    )
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            await consumer.start()
        for number, some in by_partition.items():
            replay = LogReplay(some, another)
            await _fold(consumer, TopicPartition(topic_name(OBSERVATIONS, prefix), number), replay)
            said |= replay.said
    except (KafkaError, OSError, TimeoutError) as error:
        raise TransientError(f"cannot read {OBSERVATIONS} on {kafka}: {error or 'no answer'}") from error
    finally:
        await consumer.stop()
    return said


async def _fold(consumer: AIOKafkaConsumer, place: TopicPartition, replay: LogReplay) -> None:
    """Everything that the partition holds now."""
    consumer.assign([place])
    end = (await consumer.end_offsets([place]))[place]
    while await consumer.position(place) < end:
        async with asyncio.timeout(READ_DEADLINE_S):
            read = await consumer.getmany(place, timeout_ms=1000)
        for record in read.get(place, ()):
            value = record.value or b""
            replay.take(Record(OBSERVATIONS, place.partition, record.offset, None, value, (), record.timestamp))
