"""Who may write a partition's checkpoints, and what happens when the log no longer holds the saved position."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.messages import encode_message
from ingest.telemetry import now_ms
from ingest.topics import CHECKPOINTS, OBSERVATIONS, RISK_EVENTS, topic_name
from scoring.fold.holdings import Again, Changes, Foreign, Retention
from scoring.fold.partition import Partition
from scoring.worker.changelog import Changelog, FencedError, read_changelog
from scoring.worker.checkpoint import entries
from scoring.worker.outbox import Outbox
from scoring.worker.ownership import OwnedPartition
from scoring.worker.pauses import Exit, PauseGuard
from tests.exam_runs import bundles, exam
from tests.scoring_pipeline import WorkerProcess, compare, read_topic, wait_until_folded

PARTITION = 3


@pytest.fixture
def topic(prefix: str) -> str:
    return topic_name(CHECKPOINTS, prefix)


@pytest.fixture
async def owner(broker: str, prefix: str, topic: str) -> AsyncIterator[Changelog]:
    one = Changelog(broker, topic, PARTITION, f"{prefix}scoring")
    await one.open()
    yield one
    await one.close()


@pytest.fixture
def worker(broker: str, prefix: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    one = WorkerProcess("w0", broker, prefix, tmp_path)
    yield one
    one.stop()


async def test_the_successor_fences_a_worker_that_was_away(
    broker: str, prefix: str, topic: str, owner: Changelog
) -> None:
    await owner.write(entries(Changes(), 10))
    successor = Changelog(broker, topic, PARTITION, f"{prefix}scoring")
    await successor.open()
    try:
        with pytest.raises(FencedError):
            await owner.write(entries(Changes(), 99))
        assert (await read_changelog(broker, topic, [PARTITION]))[PARTITION].position == 10
        await successor.write(entries(Changes(), 11))
        assert (await read_changelog(broker, topic, [PARTITION]))[PARTITION].position == 11
    finally:
        await successor.close()


async def test_a_checkpoint_that_was_only_begun_is_never_read(
    broker: str, prefix: str, topic: str, owner: Changelog
) -> None:
    await owner.write(entries(Changes(), 10))
    await owner._producer.begin_transaction()
    await (await owner._producer.send(topic, b"\x91\x14", b"position", PARTITION))
    successor = Changelog(broker, topic, PARTITION, f"{prefix}scoring")
    await successor.open()
    try:
        assert (await read_changelog(broker, topic, [PARTITION]))[PARTITION].position == 10
    finally:
        await successor.close()


async def test_a_large_checkpoint_is_read_back_whole(broker: str, topic: str, owner: Changelog) -> None:
    """More than one batch, read together with partitions that are empty."""
    partition = Partition(Retention(), 0)
    partition.fold(_record(next(bundles(exam("a", 1, 20, 0, 0), random.Random(1), most=40))))
    changes = partition.take_changes()
    held = changes.sessions["a"]
    changes.sessions = {f"s{number}": held for number in range(8000)}
    await owner.write(entries(changes, 77))
    views = await read_changelog(broker, topic, range(8))
    assert views[PARTITION].position == 77
    assert views[PARTITION].sessions == changes.sessions
    assert [view.position for number, view in views.items() if number != PARTITION] == [None] * 7


async def test_who_folds_again_saves_nothing_before_he_is_where_the_version_before_was(
    broker: str, prefix: str, topic: str, owner: Changelog
) -> None:
    """Killed on the way, the next owner starts from that version's checkpoint, not from half of a session."""
    values = list(bundles(exam("a", 1, 20, 0, 0), random.Random(1), most=4))
    again = Again(3, {"a": Foreign(2, 0, "", 0, ended=False, engine="0")})
    async with KafkaWriter(broker, prefix=prefix) as writer:
        partition = Partition(Retention(), 0, again=again)
        owned = OwnedPartition(partition, Outbox(writer, PARTITION, PauseGuard(30.0)), owner, generation=1)
        for offset in range(2):
            await owned.take(_record(values[offset], offset))
            await owned.checkpoint()
        assert (await read_changelog(broker, topic, [PARTITION]))[PARTITION].position is None
        await owned.take(_record(values[2], 2))
        await owned.checkpoint()
        view = (await read_changelog(broker, topic, [PARTITION]))[PARTITION]
        assert (view.position, view.sessions) == (3, partition.sessions)


def _record(value: bytes, offset: int = 0) -> Record:
    return Record(OBSERVATIONS, PARTITION, offset, None, value, (), now_ms())


async def test_a_position_behind_the_end_of_the_log_stops_the_worker_until_somebody_decides(
    broker: str, prefix: str, owner: Changelog, worker: WorkerProcess
) -> None:
    """The topic was made anew: the saved sessions are of another log."""
    gone = Partition(Retention(), 0)
    gone.fold(_record(next(bundles(exam("gone", 1, 20, 0, 0), random.Random(1)))))
    await owner.write(entries(gone.take_changes(), 999))
    await _send(broker, prefix, list(bundles(exam("a", 1, 40, now_ms(), now_ms()), random.Random(1))))
    await _ends_for_want_of_a_position(worker)

    status, said = await _position(worker)
    assert status == Exit.POSITION_LOST
    assert "saved position 999, 1 sessions under way: LOST. The log ends before it" in said[PARTITION]
    assert [line.split(": ")[-1] for line in said if "LOST" not in line] == ["ok, 0 records behind"] * 7
    status, said = await _position(worker, "--partition", "0", "--go-on", "latest")
    assert (status, said[-1]) == (1, "scoring: partition 0: its position is not lost. There is nothing to decide")
    status, said = await _position(worker, "--go-on", "earliest")
    assert (status, said[-1]) == (0, "partition 3: goes on at 0, the earliest; 0 records of the log are skipped")

    worker.start()
    await wait_until_folded(broker, prefix, [worker], deadline_s=60)
    assert worker.terminate() == 0
    published = await read_topic(broker, prefix + RISK_EVENTS)
    found = compare(await read_topic(broker, prefix + OBSERVATIONS), published)
    assert found.is_exact, found
    assert found.expected > 20


@pytest.mark.parametrize("go_on", ["earliest", "latest"])
async def test_where_retention_took_records_the_sessions_go_on_with_what_they_have(
    broker: str, prefix: str, owner: Changelog, worker: WorkerProcess, go_on: str
) -> None:
    values = list(bundles(exam("a", 1, 60, now_ms(), now_ms()), random.Random(1), most=4))
    saved, kept, rest = 6, 10, len(values) - 8
    state = Partition(Retention(), 0)
    for offset, value in enumerate(values[:saved]):
        state.fold(_record(value, offset))
    await owner.write(entries(state.take_changes(), saved))
    await _send(broker, prefix, values[:rest])
    await _delete_below(broker, TopicPartition(prefix + OBSERVATIONS, PARTITION), kept)
    status, said = await _position(worker)
    assert status == Exit.POSITION_LOST
    assert "1 sessions under way: LOST. 4 records are gone, between " in said[PARTITION]
    start = kept if go_on == "earliest" else rest
    status, said = await _position(worker, "--partition", str(PARTITION), "--go-on", go_on)
    assert (status, said[-1]) == (
        0,
        f"partition 3: goes on at {start}, the {go_on}; {start - kept} records of the log are skipped",
    )

    await _send(broker, prefix, values[rest:])
    worker.start()
    await wait_until_folded(broker, prefix, [worker], deadline_s=60)
    assert worker.terminate() == 0
    wanted = [
        encode_message(message)
        for offset, value in enumerate(values)
        if offset >= start
        for message in _skipped_to(state, offset).fold(_record(value, offset)).messages
    ]
    published = await read_topic(broker, prefix + RISK_EVENTS)
    assert [record.value for record in published[PARTITION]] == wanted
    assert wanted


def _skipped_to(partition: Partition, offset: int) -> Partition:
    partition.next_offset = offset
    return partition


async def _send(kafka: str, prefix: str, values: list[bytes]) -> None:
    async with KafkaWriter(kafka, prefix=prefix) as writer:
        for value in values:
            await (await writer.send(OBSERVATIONS, PARTITION, value))


async def _delete_below(kafka: str, tp: TopicPartition, offset: int) -> None:
    """What retention does, at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_records({tp: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def _ends_for_want_of_a_position(worker: WorkerProcess) -> None:
    worker.start()
    assert worker.process is not None
    assert await asyncio.to_thread(worker.process.wait, 60) == Exit.POSITION_LOST
    assert "is outside the log" in worker.last_words()
    assert "`python -m scoring position` says what is lost" in worker.last_words()


async def _position(worker: WorkerProcess, *arguments: str) -> tuple[int, list[str]]:
    """The command's exit status and what it said, line by line."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "scoring", "position", *arguments],
        env=os.environ | worker.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout.splitlines()
