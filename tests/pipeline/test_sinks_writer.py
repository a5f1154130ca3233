"""The writer's process on a real log and store: rows, dead letters, commits, health, metrics, and when it stops."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer

from ingest.kafka_log import KafkaWriter
from ingest.messages import DeadLetter, encode_message
from ingest.topics import OBSERVATIONS, RISK_EVENTS, SHADOW_EVENTS
from sinks.queries import verdicts
from sinks.reconcile import reconcile
from sinks.report.reading import read_report
from tests.sample_exam import SampleExam
from tests.sinks_process import DEADLINE_S, Place, behind, place_on, publish, until, until_committed, whole_log

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack


@pytest.fixture
async def place(stack: "LocalStack", tmp_path: Path) -> AsyncIterator[Place]:
    async with place_on(stack, tmp_path) as made:
        yield made


async def test_rows_equal_the_log_and_poison_is_passed_by(place: Place) -> None:
    exams = [SampleExam(session=f"exam-{i}") for i in range(4)]
    await publish(place, exams[:2])
    await send(place, {OBSERVATIONS: [b"garbage", b"\x91\x80"], RISK_EVENTS: [b"<html>"]})
    await publish(place, exams[2:], doubled=9)
    on_trial = msgspec.structs.replace(exams[3].verdict(), policy="on trial", risk_class="CLEAN")
    await send(place, {SHADOW_EVENTS: [encode_message(on_trial)]})
    place.start()
    await until_committed(place)
    await until(lambda: set(place.health().values()) == {"ok"}, "good health")
    assert all(difference.none for difference in reconcile(place.store(), await whole_log(place)))
    assert read_report(place.store(), "exam-3").verdict == exams[3].verdict()
    assert verdicts(place.store(), "exam-3", "shadow") == [on_trial]
    letters = await dead_letters(place, 3)
    assert sorted((letter.topic, letter.stage, letter.size_bytes) for letter in letters) == [
        (OBSERVATIONS, "sinks", 2), (OBSERVATIONS, "sinks", 7), (RISK_EVENTS, "sinks", 6),
    ]  # fmt: skip
    metrics = place.metrics()
    for line in (
        'proctor_sinks_rows_total{table="verdicts"} ',
        f'proctor_dead_letters_total{{stage="sinks",topic="{OBSERVATIONS}"}} 2.0',
        'proctor_stage_latency_seconds_count{stage="sinks"} ',
        'proctor_sinks_lag_records{topic="observations"} 0.0',
        "proctor_sinks_oldest_unstored_age_seconds 0.0",
        "proctor_sinks_batch_rows_count ",
        'proctor_sinks_insert_seconds_count{table="observations"} ',
    ):
        assert line in metrics
    assert place.end() == 0
    assert await behind(place) == 0


async def test_a_flood_of_poison_stops_the_writer_with_nothing_committed(place: Place) -> None:
    await send(place, {OBSERVATIONS: [b"garbage"] * 150})
    place.start()
    assert place.process is not None
    assert place.process.wait(DEADLINE_S) == 1
    assert "101 of the last 101 messages are unreadable" in (place.folder / "sinks.log").read_text()
    assert await behind(place) == 150


async def send(place: Place, values: dict[str, list[bytes]]) -> None:
    """Write raw values into partition 0 of some topics."""
    async with KafkaWriter(place.kafka, prefix=place.prefix) as writer:
        for topic, some in values.items():
            for value in some:
                await (await writer.send(topic, 0, value))


async def dead_letters(place: Place, count: int) -> list[DeadLetter]:
    """The first `count` dead letters."""
    consumer = AIOKafkaConsumer(
        f"{place.prefix}dead-letters", bootstrap_servers=place.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        return [msgspec.msgpack.decode((await consumer.getone()).value, type=DeadLetter) for _ in range(count)]
    finally:
        await consumer.stop()
