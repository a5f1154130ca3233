"""Ingest on a real broker: sessions side by side, from files to records. The command as a container runs it, too."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from ingest.image_header import image_size
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.log import Record
from ingest.messages import FrameHeader, FramesDropped, SessionEnded, SessionStarted, read_frame_header
from ingest.pacing import InFlight
from ingest.progress import Progress, SessionSummary
from ingest.session import run_session
from ingest.sources.opening import open_source
from ingest.topics import FRAMES, OBSERVATIONS, partition_of

DEADLINE_S = 60
decode = msgspec.msgpack.Decoder(list[SessionStarted | SessionEnded | FramesDropped]).decode

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def writers(broker: str, prefix: str) -> AsyncIterator[tuple[KafkaWriter, KafkaWriter]]:
    async with (
        KafkaWriter(broker, perishable=True, prefix=prefix) as frames,
        KafkaWriter(broker, prefix=prefix) as rest,
    ):
        yield frames, rest


def write_video(path: Path, fps: float) -> Path:
    """50 pictures of 320x240."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), fps, (320, 240))
    for number in range(50):
        writer.write(np.full((240, 320, 3), number * 5, np.uint8))
    writer.release()
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "exam.mp4", fps=10)


async def run(video: Path, writers: tuple[KafkaWriter, KafkaWriter], session: str) -> SessionSummary:
    return await run_session(
        open_source(str(video)),
        *writers,
        session=session,
        policy_document="",
        rate_fps=2,
        speed="max",
        calibration_ms=None,
        in_flight=InFlight(8, watched=False),
        progress=Progress(),
    )


async def read(broker: str, prefix: str, sessions: set[str]) -> tuple[list[Record], list[msgspec.Struct]]:
    """All records of `frames` and all observations, read until every session has ended."""
    frames: list[Record] = []
    observations: list[msgspec.Struct] = []
    async with KafkaReader(broker, "test", FRAMES, OBSERVATIONS, prefix=prefix) as reader, asyncio.timeout(DEADLINE_S):
        ended: set[str] = set()
        while ended != sessions or sum(read_frame_header(r.headers).end for r in frames) < len(sessions):
            for tp, records in (await reader.read(500, 500)).items():
                if tp.topic == FRAMES:
                    frames += records
                else:
                    observations += [o for record in records for o in decode(record.value)]
            ended = {o.session for o in observations if isinstance(o, SessionEnded)}
    return frames, observations


async def test_sessions_side_by_side_over_kafka(
    broker: str, prefix: str, writers: tuple[KafkaWriter, KafkaWriter], video: Path
) -> None:
    names = {f"s-{n}" for n in range(6)}
    summaries = await asyncio.gather(*(run(video, writers, name) for name in names))
    assert {(s.frames_sent, s.duration_ms, s.reason) for s in summaries} == {(10, 5000, "completed")}
    frames, observations = await read(broker, prefix, names)
    for name in names:
        mine = [r for r in frames if r.key == name.encode()]
        assert {r.partition for r in mine} == {partition_of(name)}
        headers: list[FrameHeader] = [read_frame_header(r.headers) for r in mine]
        assert [h.seq for h in headers] == list(range(11))
        assert headers[-1].end
        assert {image_size(r.value) for r in mine[:-1]} == {(320, 240)}
        life = [type(o) for o in observations if getattr(o, "session", "") == name]
        assert life == [SessionStarted, SessionEnded]


def ingest(broker: str, prefix: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PROCTOR_KAFKA": broker, "PROCTOR_TOPIC_PREFIX": prefix}
    command = [sys.executable, "-m", "ingest", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def test_command_sends_a_video_and_says_so(broker: str, prefix: str, video: Path) -> None:
    with ingest(broker, prefix, str(video), "--speed", "max", "--rate", "5", "--session", "s-cli") as process:
        out, err = await asyncio.to_thread(process.communicate, timeout=DEADLINE_S)
    assert (process.returncode, out) == (0, "")
    said = [json.loads(line) for line in err.splitlines()]
    assert [(s["message"], s["session"], s["frames_sent"]) for s in said] == [("session sent", "s-cli", 25)]
    frames, _ = await read(broker, prefix, {"s-cli"})
    assert len(frames) == 26


async def test_stopped_command_ends_its_session_in_the_log(broker: str, prefix: str, tmp_path: Path) -> None:
    slow = write_video(tmp_path / "slow.mp4", fps=0.5)
    with ingest(broker, prefix, str(slow), "--speed", "1x", "--session", "s-stopped") as process:
        async with KafkaReader(broker, "watch", FRAMES, prefix=prefix) as reader, asyncio.timeout(DEADLINE_S):
            while not await reader.read(500, 1):
                assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.communicate, timeout=DEADLINE_S)
    assert process.returncode == 130
    frames, observations = await read(broker, prefix, {"s-stopped"})
    (ended,) = [o for o in observations if isinstance(o, SessionEnded)]
    assert ended.reason == "cancelled"
    assert ended.frames_sent == len(frames) - 1 < 50


def test_command_without_a_broker(video: Path) -> None:
    command = [sys.executable, "-m", "ingest", str(video)]
    environment = {**os.environ, "PROCTOR_KAFKA": "127.0.0.1:1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith("ingest: cannot work with the broker at 127.0.0.1:1: ")
    assert "Traceback" not in done.stderr
