"""Who may write a partition's checkpoints, and what happens when the log no longer holds the saved position."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, RISK_EVENTS, create_topics
from scoring.changelog import Changelog, FencedError, create_changelog, read_changelog
from scoring.checkpoint import entries
from scoring.partition import Changes, Partition, Retention
from scoring.pauses import Exit
from tests.exam_runs import bundles, exam
from tests.scoring_pipeline import WorkerProcess, compare, read_topic, wait_until_folded

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

PARTITION = 3


@pytest.fixture
def prefix() -> str:
    return f"checkpoints-{uuid4().hex[:8]}-"


@pytest.fixture
async def topic(stack: "LocalStack", prefix: str) -> str:
    name = f"{prefix}scoring-checkpoints"
    await create_topics(stack.kafka, prefix)
    await create_changelog(stack.kafka, name, 1)
    return name


@pytest.fixture
async def owner(stack: "LocalStack", prefix: str, topic: str) -> AsyncIterator[Changelog]:
    one = Changelog(stack.kafka, topic, PARTITION, f"{prefix}scoring")
    await one.open()
    yield one
    await one.close()


@pytest.fixture
def worker(stack: "LocalStack", prefix: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    one = WorkerProcess("w0", stack.kafka, prefix, tmp_path)
    yield one
    one.stop()


async def test_the_successor_fences_a_worker_that_was_away(
    stack: "LocalStack", prefix: str, topic: str, owner: Changelog
) -> None:
    await owner.write(entries(Changes(), 10))
    successor = Changelog(stack.kafka, topic, PARTITION, f"{prefix}scoring")
    await successor.open()
    try:
        with pytest.raises(FencedError):
            await owner.write(entries(Changes(), 99))
        assert (await read_changelog(stack.kafka, topic, [PARTITION]))[PARTITION].position == 10
        await successor.write(entries(Changes(), 11))
        assert (await read_changelog(stack.kafka, topic, [PARTITION]))[PARTITION].position == 11
    finally:
        await successor.close()


async def test_a_checkpoint_that_was_only_begun_is_never_read(
    stack: "LocalStack", prefix: str, topic: str, owner: Changelog
) -> None:
    await owner.write(entries(Changes(), 10))
    await owner._producer.begin_transaction()
    await (await owner._producer.send(topic, b"\x91\x14", b"position", PARTITION))
    successor = Changelog(stack.kafka, topic, PARTITION, f"{prefix}scoring")
    await successor.open()
    try:
        assert (await read_changelog(stack.kafka, topic, [PARTITION]))[PARTITION].position == 10
    finally:
        await successor.close()


async def test_a_large_checkpoint_is_read_back_whole(stack: "LocalStack", topic: str, owner: Changelog) -> None:
    """More than one batch, read together with partitions that are empty."""
    partition = Partition(Retention(), 0)
    partition.fold(_record(next(bundles(exam("a", 1, 20, 0, 0), random.Random(1), most=40))))
    changes = partition.take_changes()
    held = changes.sessions["a"]
    changes.sessions = {f"s{number}": held for number in range(8000)}
    await owner.write(entries(changes, 77))
    views = await read_changelog(stack.kafka, topic, range(8))
    assert views[PARTITION].position == 77
    assert views[PARTITION].sessions == changes.sessions
    assert [view.position for number, view in views.items() if number != PARTITION] == [None] * 7


def _record(value: bytes) -> Record:
    return Record(OBSERVATIONS, PARTITION, 0, None, value, (), 0)


async def test_a_position_outside_the_log_stops_the_worker_until_somebody_decides(
    stack: "LocalStack", prefix: str, owner: Changelog, worker: WorkerProcess
) -> None:
    await owner.write(entries(Changes(), 999))
    async with KafkaWriter(stack.kafka, prefix=prefix) as writer:
        for value in bundles(exam("a", 1, 40, now_ms(), now_ms()), random.Random(1)):
            await (await writer.send(OBSERVATIONS, PARTITION, value))
    worker.start()
    assert worker.process is not None
    assert await asyncio.to_thread(worker.process.wait, 60) == Exit.POSITION_LOST
    assert "position 999 is outside the log" in worker.last_words()
    assert "PROCTOR_LOST_POSITION=earliest" in worker.last_words()

    worker.settings = {"PROCTOR_LOST_POSITION": "earliest"}
    worker.start()
    await wait_until_folded(stack.kafka, prefix, [worker], deadline_s=60)
    assert worker.terminate() == 0
    difference = compare(
        await read_topic(stack.kafka, prefix + OBSERVATIONS), await read_topic(stack.kafka, prefix + RISK_EVENTS)
    )
    assert difference.is_exact, difference
    assert difference.expected > 20
