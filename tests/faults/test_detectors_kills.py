"""Whatever is killed while frames are looked at: every observation is there afterwards, with the same bytes."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from detectors.messages import FaceObserved, FramesEnded, HandsObserved, ObjectsObserved
from ingest.kafka_log import KafkaWriter
from ingest.messages import FramesDropped
from ingest.telemetry import now_ms
from tests.detector_pipeline import (
    DetectorProcess,
    Listener,
    Sent,
    detector_on,
    expected,
    header_of,
    picture,
    send_sessions,
    timeless,
)

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

SESSIONS = ("anna", "bob", "cleo")
FRAMES = 24
Fault = Callable[["LocalStack", DetectorProcess], None]


def kill_worker(stack: "LocalStack", detector: DetectorProcess) -> None:
    detector.kill()
    detector.start()


def kill_face_process(stack: "LocalStack", detector: DetectorProcess) -> None:
    os.kill(psutil.Process(detector.pid).children()[0].pid, signal.SIGKILL)


def kill_triton(stack: "LocalStack", detector: DetectorProcess) -> None:
    stack.restart("triton")


def kill_broker(stack: "LocalStack", detector: DetectorProcess) -> None:
    stack.restart("kafka")


@pytest.mark.parametrize(
    ("fault", "moments"),
    [(kill_worker, (1, 40, 90)), (kill_face_process, (1, 50)), (kill_triton, (40,)), (kill_broker, (40,))],
)
async def test_the_same_observations_as_undisturbed(
    stack: "LocalStack", tmp_path: Path, fault: Fault, moments: tuple[int, ...]
) -> None:
    """`moments`: after how many observations of 147 the fault strikes."""
    prefix = f"{fault.__name__.replace('_', '-')}-"
    detector = await detector_on(stack.environment, prefix, tmp_path)
    sent = await send_sessions(stack.kafka, prefix, SESSIONS, FRAMES)
    with detector:
        async with Listener(stack.kafka, prefix) as listener:
            for moment in moments:
                await listener.until(lambda moment=moment: len(listener.encoded()) >= moment)  # type: ignore[misc]
                fault(stack, detector)
            await listener.until(lambda: listener.ended() == set(SESSIONS))
        assert detector.terminate() == 0
    assert timeless(listener.encoded()) == timeless(expected(sent))
    for session in SESSIONS:
        said = [one for one in listener.said if one.session == session]
        assert isinstance(said[-1], FramesEnded), "the end is said after everything else"


async def test_without_triton_live_frames_age_out_and_the_faces_between_are_seen(
    stack: "LocalStack", tmp_path: Path
) -> None:
    detector = await detector_on(stack.environment, "no-triton-", tmp_path)
    with detector:
        async with (
            Listener(stack.kafka, "no-triton-") as listener,
            KafkaWriter(stack.kafka, prefix="no-triton-") as writer,
        ):
            sent = Sent()
            await sent.send(writer, header_of("early", 0), picture(0))
            await listener.until(lambda: len(listener.said) == 3)
            stack.hold("triton")
            for seq in range(4):
                live = header_of("anna", seq, max_age_ms=1500, ingested_ms=now_ms())
                await sent.send(writer, live, picture(seq))
            await listener.until(lambda: len(listener.said) == 7)
            stack.release("triton")
            live = header_of("anna", 4, max_age_ms=60_000, ingested_ms=now_ms())
            await sent.send(writer, live, picture(4))
            await listener.until(lambda: len(listener.said) == 10)
    kinds = [(type(said), said.seq) for said in listener.said if said.session == "anna"]
    assert kinds == [
        (FramesDropped, 0),
        (FaceObserved, 1),
        (FramesDropped, 2),
        (FaceObserved, 3),
        (FaceObserved, 4),
        (HandsObserved, 4),
        (ObjectsObserved, 4),
    ]
