"""`proctor dlq`: what could not be processed, where it stands and why."""

import asyncio

import click
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import MsgspecError, msgpack
from rich.console import Console
from rich.table import Table

from deploy.borrowed import running_stack
from ingest.errors import TransientError
from ingest.messages import DeadLetter
from ingest.topics import DEAD_LETTERS, PARTITIONS

DEADLINE_S = 20.0


@click.command()
@click.option("--most", default=100, show_default=True, help="Show the newest N.")
def dlq(most: int) -> None:
    """List dead letters: coordinates and reason, newest last."""
    letters = asyncio.run(_read(running_stack().kafka))
    table = Table("stage", "topic", "partition", "offset", "bytes", "reason")
    for _, letter in sorted(letters, key=lambda found: found[0])[-most:]:
        place = (str(letter.partition), str(letter.offset), str(letter.size_bytes))
        table.add_row(letter.stage, letter.topic, *place, letter.reason)
    Console().print(table if letters else "no dead letters")


async def _read(bootstrap: str) -> list[tuple[int, DeadLetter]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        async with asyncio.timeout(DEADLINE_S):
            await consumer.start()
            return await _read_all(consumer)
    except (KafkaError, OSError, TimeoutError) as error:
        raise TransientError(f"cannot read {DEAD_LETTERS} on {bootstrap}: {error or 'no answer'}") from error
    finally:
        await consumer.stop()


async def _read_all(consumer: AIOKafkaConsumer) -> list[tuple[int, DeadLetter]]:
    """Every letter once with its time: a stage that was killed repeats itself under the same key."""
    partitions = [TopicPartition(DEAD_LETTERS, n) for n in range(PARTITIONS)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    await consumer.seek_to_beginning(*partitions)
    letters: dict[bytes, tuple[int, DeadLetter]] = {}
    while [tp for tp in partitions if await consumer.position(tp) < ends[tp]]:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            letters |= {r.key or b"": (r.timestamp, _letter(r.value, r.partition, r.offset)) for r in records}
    return list(letters.values())


def _letter(value: bytes, partition: int, offset: int) -> DeadLetter:
    try:
        return msgpack.decode(value, type=DeadLetter)
    except MsgspecError as error:
        reason = f"unreadable dead letter: {error}"
        return DeadLetter(
            topic=DEAD_LETTERS, partition=partition, offset=offset, stage="?", reason=reason, size_bytes=len(value)
        )
