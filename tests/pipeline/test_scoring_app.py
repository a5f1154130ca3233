"""`python -m scoring` as it is started in earnest: bundles on a real broker in, exactly the events of the fold out."""

import asyncio
import json
import random
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.messages import DeadLetter, SessionStarted, encode_bundle
from ingest.telemetry import now_ms
from ingest.topics import DEAD_LETTERS, OBSERVATIONS, RISK_EVENTS, partition_of
from scoring.messages import Verdict, decode_bundle, decode_risk_message
from scoring.rulebook.policy import load_policy
from tests.exam_runs import bundles, exam
from tests.scoring_pipeline import WorkerProcess, compare, read_topic, wait_until_folded

SESSIONS = [f"exam-{n}" for n in range(12)]
FRAMES = 120


@pytest.fixture
def worker(broker: str, prefix: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    one = WorkerProcess("w0", broker, prefix, tmp_path, metrics_port=_free_port(), is_static=False)
    yield one
    one.stop()


async def test_exams_become_the_events_of_the_fold_and_poison_a_dead_letter(
    broker: str, prefix: str, writer: KafkaWriter, worker: WorkerProcess
) -> None:
    worker.start()
    poison = await _send_exams(writer)
    await wait_until_folded(broker, prefix, [worker], deadline_s=60)
    health, metrics = await asyncio.to_thread(_look_at, worker.metrics_port)
    assert worker.terminate() == 0

    log = await read_topic(broker, prefix + OBSERVATIONS)
    said = await read_topic(broker, prefix + RISK_EVENTS)
    difference = compare(log, said)
    assert difference.is_exact, difference
    assert difference.repeated == 0
    assert _verdicts(said) == {session: partition_of(session) for session in SESSIONS}
    assert await _dead_letters(broker, prefix) == [poison]
    assert set(health.values()) == {"ok"}
    assert health.keys() == {"broker", "partitions", "progress"}
    _check_metrics(metrics, sum(len(_observations(record)) for records in log.values() for record in records))


async def test_a_worker_that_comes_back_goes_on_where_it_stopped(
    broker: str, prefix: str, writer: KafkaWriter, worker: WorkerProcess
) -> None:
    log = list(bundles(exam("a", 1, FRAMES, now_ms(), now_ms()), random.Random(1)))
    for half in (log[: len(log) // 2], log[len(log) // 2 :]):
        worker.start()
        for value in half:
            await writer.send(OBSERVATIONS, 3, value)
        await wait_until_folded(broker, prefix, [worker], deadline_s=60)
        assert worker.terminate() == 0
    difference = compare(
        await read_topic(broker, prefix + OBSERVATIONS), await read_topic(broker, prefix + RISK_EVENTS)
    )
    assert difference.is_exact, difference
    assert difference.repeated == 0, "a worker that is told to leave saves everything first"
    assert difference.expected > 50


async def test_a_silent_session_gets_its_verdict_from_ticks(
    broker: str, prefix: str, writer: KafkaWriter, worker: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "hasty.toml").write_text('name = "hasty"\nextends = "default"\nsilence_ms = 3000\n')
    document = load_policy(str(tmp_path / "hasty.toml")).document
    started = SessionStarted(session="mute", capture_ms=now_ms(), policy=document)
    await (await writer.send(OBSERVATIONS, 5, encode_bundle([started])))
    worker.start()
    until = time.monotonic() + 60
    while not (said := (await read_topic(broker, prefix + RISK_EVENTS))[5]):
        assert time.monotonic() < until, worker.last_words()
        await asyncio.sleep(0.2)
    await wait_until_folded(broker, prefix, [worker], deadline_s=60)
    verdict = decode_risk_message(said[-1].value)
    assert isinstance(verdict, Verdict)
    assert verdict.closed_by == "silence"


async def _send_exams(writer: KafkaWriter) -> tuple[str, int]:
    """Send all exams through each other, garbage in the middle; the garbage's place."""
    draw, start_ms = random.Random(5), now_ms()
    running = {s: bundles(exam(s, n, FRAMES, start_ms, start_ms), draw) for n, s in enumerate(SESSIONS)}
    sent, bad = [], None
    while running:
        session = draw.choice(list(running))
        value = next(running[session], None)
        if value is None:
            del running[session]
            bad = bad or await writer.send(OBSERVATIONS, 1, b"garbage")
        else:
            sent.append(await writer.send(OBSERVATIONS, partition_of(session), value))
    for one in sent:
        await one
    assert bad is not None
    return "1", await bad


async def _dead_letters(kafka: str, prefix: str) -> list[tuple[str, int]]:
    records = [r for part in (await read_topic(kafka, prefix + DEAD_LETTERS)).values() for r in part]
    letters = [msgspec.msgpack.decode(record.value, type=DeadLetter) for record in records]
    assert all(letter.stage == "scoring" and letter.reason for letter in letters)
    return [(str(letter.partition), letter.offset) for letter in letters]


def _verdicts(said: dict[int, list[Record]]) -> dict[str, int]:
    verdicts = {}
    for number, records in said.items():
        for record in records:
            message = decode_risk_message(record.value)
            assert record.key == message.session.encode()
            if isinstance(message, Verdict):
                verdicts[message.session] = number
    return verdicts


def _observations(record: Record) -> list[object]:
    return [] if record.value == b"garbage" else list(decode_bundle(record.value))


def _look_at(port: int) -> tuple[dict[str, str], dict[str, float]]:
    """The worker's health once it is well, and its metrics."""
    until, health = time.monotonic() + 20, _health(port)
    while set(health.values()) != {"ok"} and time.monotonic() < until:
        time.sleep(0.2)
        health = _health(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return health, {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def _health(port: int) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            body = answer.read()
    except urllib.error.HTTPError as not_well:
        body = not_well.read()
    health: dict[str, str] = json.loads(body)
    return health


def _check_metrics(metrics: dict[str, float], observations: int) -> None:
    assert 0 < metrics["proctor_scoring_observations_total"] <= observations
    assert metrics['proctor_dead_letters_total{stage="scoring",topic="observations"}'] == 1
    assert metrics["proctor_scoring_checkpoint_seconds_count"] > 0
    assert metrics['proctor_stage_latency_seconds_count{stage="scoring"}'] > 100
    assert sum(value for name, value in metrics.items() if name.startswith("proctor_risk_events_total")) > 10
    assert {name for name in metrics if name.startswith("proctor_scoring_lag_records")} == {
        f'proctor_scoring_lag_records{{partition="{number}"}}' for number in range(8)
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
