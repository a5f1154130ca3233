"""What a scoring worker says and does about input that it cannot use: one clear line, and a status of its own."""

import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from ingest.kafka_log import KafkaWriter
from ingest.messages import DeadLetter, SessionStarted, encode_bundle
from ingest.telemetry import now_ms
from ingest.topics import CHECKPOINTS, DEAD_LETTERS, OBSERVATIONS, RISK_EVENTS
from scoring.worker.pauses import Exit
from tests.exam_runs import bundles, exam
from tests.own_topics import delete_topics
from tests.scoring_pipeline import WorkerProcess, compare, read_topic, wait_until_folded

BAD_RECORDS = {
    "no message at all": (b"", "Input data was truncated"),
    "garbage": (b"\xc1\xff", "MessagePack data is malformed"),
    "another shape": (msgspec.msgpack.encode({"type": "tick/1"}), "Expected `array`, got `object`"),
    "an unknown kind": (
        msgspec.msgpack.encode([{"type": "mind-read/1", "session": "a"}]),
        "Invalid value 'mind-read/1'",
    ),
    "a field of another type": (
        msgspec.msgpack.encode([{"type": "tick/1", "at_ms": "soon"}]),
        "Expected `int`, got `str`",
    ),
    "half a bundle": (encode_bundle([SessionStarted(session="a", capture_ms=1)])[:-3], "Input data was truncated"),
}


@pytest.fixture
def worker(broker: str, unused_prefix: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    one = WorkerProcess("w0", broker, unused_prefix, tmp_path, is_static=False)
    yield one
    one.stop()


async def test_a_flood_of_garbage_stops_the_worker_instead_of_draining_into_dead_letters(
    prefix: str, writer: KafkaWriter, worker: WorkerProcess
) -> None:
    sent = [await writer.send(OBSERVATIONS, 2, b"\xc1") for _ in range(2000)]
    for one in sent:
        await one
    worker.start()
    assert worker.process is not None
    assert await asyncio.to_thread(worker.process.wait, 60) == Exit.POISON
    assert "too many bad records" in worker.last_words()
    assert worker.last_words().count('"dead letter"') < 200


async def test_each_bad_record_becomes_a_dead_letter_that_says_why_and_the_rest_goes_on(
    broker: str, prefix: str, writer: KafkaWriter, worker: WorkerProcess
) -> None:
    good = list(bundles(exam("a", 1, 40, now_ms(), now_ms()), random.Random(1)))
    for value in [good[0], *(value for value, _ in BAD_RECORDS.values()), *good[1:]]:
        await (await writer.send(OBSERVATIONS, 4, value))
    worker.start()
    await wait_until_folded(broker, prefix, [worker], deadline_s=60)
    assert worker.terminate() == 0
    letters = [
        msgspec.msgpack.decode(record.value, type=DeadLetter)
        for record in (await read_topic(broker, prefix + DEAD_LETTERS))[4]
    ]
    assert [letter.offset for letter in letters] == list(range(1, 1 + len(BAD_RECORDS)))
    for letter, (_, why) in zip(letters, BAD_RECORDS.values(), strict=True):
        assert letter.reason.startswith("unreadable bundle of observations: ")
        assert why in letter.reason
        assert "\n" not in letter.reason
    said = await read_topic(broker, prefix + RISK_EVENTS)
    difference = compare(await read_topic(broker, prefix + OBSERVATIONS), said)
    assert difference.is_exact, difference
    assert difference.expected > 20


async def test_missing_topics_are_created_and_one_that_is_deleted_is_named(
    broker: str, unused_prefix: str, worker: WorkerProcess
) -> None:
    worker.settings = {"PROCTOR_STALLED_S": "5"}
    worker.start()
    await worker.owns()
    await delete_topics(broker, unused_prefix)
    missing = f"{unused_prefix}observations"
    assert await _last_line(worker) == (
        Exit.STALLED,
        f"no answer from the broker for N s, and the broker shows no topic {missing}; a restart may help",
    )


async def test_a_topic_of_other_partitions_is_refused_in_one_line(broker: str, unused_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(unused_prefix + CHECKPOINTS, 3, 1)])
    ended = await asyncio.to_thread(_ended, {"PROCTOR_KAFKA": broker, "PROCTOR_TOPIC_PREFIX": unused_prefix})
    await admin.close()
    assert ended.returncode == 1
    said = [line for line in ended.stderr.splitlines() if line.startswith("scoring: ")]
    assert len(said) == 1
    assert said[0].startswith(f"scoring: topic {unused_prefix}scoring-checkpoints: has 3 partitions, not 8")
    assert "Traceback" not in ended.stderr


async def test_an_unreadable_checkpoint_ends_the_worker_with_its_key(
    broker: str, prefix: str, writer: KafkaWriter, worker: WorkerProcess
) -> None:
    await (await writer.send(CHECKPOINTS, 2, b"\xc1", key=b"session/x"))
    worker.start()
    status, said = await _last_line(worker)
    assert status == Exit.RECOVERY_FAILED
    assert said.startswith("cannot take partitions over: unreadable record b'session/x' in the changelog: ")
    assert "Traceback" not in worker.last_words()


async def test_records_that_wait_for_a_worker_that_hangs_end_it(
    prefix: str, writer: KafkaWriter, worker: WorkerProcess
) -> None:
    """The coordinator sees nothing wrong: heartbeats go on, and nothing is folded."""
    await (await writer.send(OBSERVATIONS, 6, encode_bundle([SessionStarted(session="a", capture_ms=1)])))
    worker.program, worker.settings = ("tests/pipeline/hanging_scoring.py",), {"PROCTOR_STALLED_S": "5"}
    worker.start()
    assert await _last_line(worker) == (
        Exit.STALLED,
        "records wait, but partitions [6] stand still; a restart may help",
    )


async def _last_line(worker: WorkerProcess) -> tuple[int, str]:
    """The exit status of a worker that ends itself, and its last message (its seconds as N)."""
    assert worker.process is not None
    status = await asyncio.to_thread(worker.process.wait, 60)
    last = json.loads(worker.last_words().splitlines()[-1])
    return status, re.sub(r"for \d+ s", "for N s", last["message"])


def test_without_a_broker_it_says_so_in_one_line_and_ends(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{_free_port()}"
    ended = _ended({"PROCTOR_KAFKA": nowhere, "PROCTOR_DATA": str(tmp_path)})
    assert ended.returncode == 1
    said = [line for line in ended.stderr.splitlines() if line.startswith("scoring: ")]
    assert len(said) == 1
    assert nowhere in said[0]
    assert "Traceback" not in ended.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    ended = _ended({"PROCTOR_SESSION_TIMEOUT_S": "soon", "PROCTOR_DATA": str(tmp_path)})
    assert ended.returncode == 2
    assert ended.stderr.startswith("scoring: PROCTOR_SESSION_TIMEOUT_S: ")
    assert ended.stderr.count("\n") == 1


def _ended(settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A worker that cannot start."""
    return subprocess.run(
        [sys.executable, "-m", "scoring"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
