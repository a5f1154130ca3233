"""`python -m detectors` on the real broker and Triton: whole sessions, bad messages, old frames, order, health."""

import asyncio
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import numpy as np
import psutil

from detectors.messages import FaceObserved, FramesEnded, ObjectsObserved
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.messages import FramesDropped
from ingest.telemetry import now_ms
from ingest.topics import FRAMES, partition_of
from tests.detector_pipeline import (
    Listener,
    Sent,
    detector_on,
    expected,
    header_of,
    picture,
    send_sessions,
)
from tests.webcam_frames import jpeg

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

SESSIONS = ("anna", "bob", "cleo", "dan")


async def test_whole_sessions_come_out_in_order_as_looked_at_one_by_one(stack: "LocalStack", tmp_path: Path) -> None:
    detector = await detector_on(stack.environment, "whole-", tmp_path, PROCTOR_LOOKING_PROCESSES="2")
    sent = await send_sessions(stack.kafka, "whole-", SESSIONS, frames=24)
    with detector:
        async with Listener(stack.kafka, "whole-") as listener:
            await listener.until(lambda: listener.ended() == set(SESSIONS))
            assert listener.encoded() == expected(sent)
            assert len(listener.said) == len(expected(sent)), "an undisturbed run says everything once"
            for session in SESSIONS:
                order = [said.seq for said in listener.said if said.session == session]
                assert order == sorted(order)
                assert isinstance([said for said in listener.said if said.session == session][-1], FramesEnded)
        assert detector.terminate() == 0
        await _nothing_is_left(stack.kafka, "whole-")
    _logs_are_json(detector.words())


async def _nothing_is_left(kafka: str, prefix: str) -> None:
    """What was published is committed at the end: another member of the group finds nothing to do."""
    async with KafkaReader(kafka, "detectors", FRAMES, member="detector-1", prefix=prefix) as reader:
        assert await reader.read(timeout_ms=500, most=10) == {}
        assert len(reader.assignment()) > 0


def _logs_are_json(words: str) -> None:
    lines = [json.loads(line) for line in words.splitlines()]
    assert all(line["stage"] == "detectors" for line in lines)
    assert "stopped" in {line["message"] for line in lines}


async def test_bad_messages_are_buried_and_the_sessions_go_on(stack: "LocalStack", tmp_path: Path) -> None:
    detector = await detector_on(stack.environment, "bad-", tmp_path)
    sent = Sent()
    bad = {2: b"no picture", 3: picture(0)[:400], 5: b""}
    async with KafkaWriter(stack.kafka, prefix="bad-") as writer:
        await (await writer.send(FRAMES, partition_of("anna"), b"garbage", headers=[("frame/1", b"\xc1")]))
        await (await writer.send(FRAMES, partition_of("anna"), b"no header at all"))
        await sent.send(writer, header_of("x" * 300_000, 0), picture(0), partition_of("anna"))
        for seq in range(8):
            await sent.send(writer, header_of("anna", seq), bad.get(seq, picture(seq)))
        await sent.send(writer, header_of("anna", 8), jpeg(np.zeros((1, 1, 3), np.uint8)))
        await sent.send(writer, header_of("anna", 9, end=True), b"")
    with detector:
        async with Listener(stack.kafka, "bad-") as listener:
            await listener.until(lambda: listener.ended() == {"anna"} and len(listener.letters) == 6)
            dropped = [said for said in listener.said if isinstance(said, FramesDropped)]
            assert [(said.seq, said.reason, said.count) for said in dropped] == [(s, "unreadable", 1) for s in bad]
            faces = [said for said in listener.said if isinstance(said, FaceObserved)]
            assert [said.seq for said in faces] == [0, 1, 4, 6, 7, 8]
            assert faces[-1].faces == ()
            assert [said.seq for said in listener.said if isinstance(said, ObjectsObserved)] == [0, 4, 6, 8]
            assert sorted(letter.offset for letter in listener.letters) == [0, 1, 2, 5, 6, 8]
            assert all(letter.topic == FRAMES and letter.stage == "detectors" for letter in listener.letters)
        assert detector.terminate() == 0


async def test_too_many_bad_messages_stop_the_process(stack: "LocalStack", tmp_path: Path) -> None:
    """A bad deploy must not drain a whole topic into dead-letters."""
    detector = await detector_on(stack.environment, "flood-", tmp_path)
    async with KafkaWriter(stack.kafka, prefix="flood-") as writer:
        acks = [await writer.send(FRAMES, seq % 8, b"garbage") for seq in range(400)]
        for ack in acks:
            await ack
    with detector:
        assert detector.process is not None
        status = await asyncio.to_thread(detector.process.wait, 60)
    assert status == 1
    last = json.loads(detector.words().splitlines()[-1])
    assert last["message"] == "cannot go on"
    assert "of the last" in last["reason"]


async def test_live_frames_that_waited_too_long_are_given_up_and_said_so(stack: "LocalStack", tmp_path: Path) -> None:
    """Frames of three live sessions wait for a worker that starts late; a recorded session beside them loses none."""
    detector = await detector_on(stack.environment, "late-", tmp_path)
    sent, now = Sent(), now_ms()
    async with KafkaWriter(stack.kafka, prefix="late-") as writer:
        for seq in range(6):
            for session in ("anna", "bob", "cleo"):
                live = header_of(session, seq, max_age_ms=1, ingested_ms=now)
                await sent.send(writer, live, picture(seq))
            await sent.send(writer, header_of("dan", seq), picture(seq))
        for session in SESSIONS:
            await sent.send(writer, header_of(session, 6, end=True), b"")
    with detector:
        async with Listener(stack.kafka, "late-") as listener:
            await listener.until(lambda: listener.ended() == set(SESSIONS))
    dropped = defaultdict(list)
    for said in listener.said:
        if isinstance(said, FramesDropped):
            assert (said.reason, said.stage, said.from_ms) == ("too_old", "detectors", said.to_ms)
            dropped[said.session].append(said.seq)
    assert dropped == {session: list(range(6)) for session in ("anna", "bob", "cleo")}
    assert [said.session for said in listener.said if isinstance(said, FaceObserved)] == ["dan"] * 6


async def test_health_and_metrics_tell_what_is(stack: "LocalStack", tmp_path: Path, unused_tcp_port: int) -> None:
    detector = await detector_on(stack.environment, "health-", tmp_path, PROCTOR_METRICS_PORT=str(unused_tcp_port))
    with detector:
        report = await _healthy(f"http://127.0.0.1:{unused_tcp_port}/healthz")
        assert report == {"broker": "ok", "triton": "ok", "partitions": "ok", "pool": "ok"}
        async with aiohttp.ClientSession() as http:
            text = await (await http.get(f"http://127.0.0.1:{unused_tcp_port}/metrics")).text()
        for name in ("frames_read_total", "look_seconds_count", "bundle_observations_count", "looks_in_flight"):
            assert f"proctor_detectors_{name}" in text
        children = psutil.Process(detector.pid).children()
        detector.kill()
        assert len(children) == 1
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive, "a killed worker leaves no looking process behind"


async def _healthy(url: str) -> dict[str, str]:
    until = time.monotonic() + 60
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < until:
            try:
                reply = await http.get(url)
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
                continue
            report: dict[str, str] = await reply.json()
            if reply.status == 200:
                return report
            assert set(report.values()) != {"ok"}
            await asyncio.sleep(0.1)
    raise AssertionError(f"not well after a minute: {url}")


async def test_nothing_to_work_with_is_one_clear_line(stack: "LocalStack", tmp_path: Path) -> None:
    nowhere = {"PROCTOR_KAFKA": stack.kafka, "PROCTOR_TRITON": "127.0.0.1:1"}
    detector = await detector_on(nowhere, "alone-", tmp_path, PROCTOR_PATIENCE_S="1")
    with detector:
        assert detector.process is not None
        assert await asyncio.to_thread(detector.process.wait, 60) == 1
    last = json.loads(detector.words().splitlines()[-1])
    assert "no Triton answers at 127.0.0.1:1" in last["reason"]
    assert "PROCTOR_TRITON" in last["reason"]
