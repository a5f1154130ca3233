"""Ten rendered exams, what the shipped detectors saw in them, and how to record it again.

`python -m tests.golden.rendered_exams` renders each exam, looks at 5 frames a second as the detectors do, and keeps the
observations. To be run when a detector or the renderer changes.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.alone import Alone
from detectors.frame import Frame
from detectors.messages import FramesEnded
from detectors.ordering import Slot
from ingest.exam.schedule import Episode, Kind, Schedule
from ingest.exam.video import render
from ingest.log import Record
from ingest.messages import FrameHeader, SessionEnded, SessionStarted, encode_bundle
from ingest.topics import FRAMES
from scoring.messages import SessionObservation
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector

FOLDER = Path(__file__).parent / "rendered"
MODEL = Path(__file__).parents[2] / "triton_models" / "repository" / "objects"
START_MS = 1_700_000_000_000
RATE_FPS = 5

Scene = tuple[Kind, float, float] | tuple[Kind, float, float, int]


def _exam(seed: int, duration_s: float, *episodes: Scene) -> Schedule:
    """Episodes as (kind, from, to, side) in seconds."""
    made = tuple(Episode(one[0], round(one[1] * 1000), round(one[2] * 1000), *one[3:]) for one in episodes)
    return Schedule(seed=seed, duration_ms=round(duration_s * 1000), episodes=made)


EXAMS = {
    "quiet": _exam(11, 25),
    "away-left": _exam(12, 27, (Kind.LOOKING_AWAY, 13, 20, -1)),
    "away-briefly": _exam(13, 32, (Kind.LOOKING_AWAY, 13, 15.4, 1), (Kind.LOOKING_AWAY, 22, 24.4, -1)),
    "eyes-aside": _exam(14, 30, (Kind.EYES_ASIDE, 14, 21, 1)),
    "glances": _exam(
        15, 36, (Kind.EYES_ASIDE, 13, 14.5, -1), (Kind.EYES_ASIDE, 19, 20.5, -1), (Kind.EYES_ASIDE, 25, 26.5, -1)
    ),
    "absent": _exam(16, 34, (Kind.ABSENT, 14, 27)),
    "company": _exam(17, 34, (Kind.SECOND_FACE, 14, 21, 1)),
    "phone": _exam(18, 34, (Kind.PHONE, 14, 25)),
    "talking": _exam(19, 32, (Kind.TALKING, 13, 22)),
    "tired": _exam(20, 40, (Kind.EYES_CLOSED, 14, 17), (Kind.EYES_CLOSED, 25, 32)),
}


def observe(name: str, schedule: Schedule, scratch: Path) -> Iterator[SessionObservation]:
    """What the detectors see, in the order of the log."""
    alone = Alone(ObjectDetector(MODEL / "1" / "model.onnx", read_card(MODEL / "model.json")))
    interval_ms = 1000 // RATE_FPS
    yield SessionStarted(session=name, capture_ms=START_MS, source="exam", frame_interval_ms=interval_ms)
    pictures = ((ms, picture) for ms, picture in render(schedule, scratch) if ms % interval_ms == 0)
    seq = 0
    for seq, (ms, picture) in enumerate(pictures):
        yield from alone.look(_frame(name, seq, START_MS + ms, _jpeg(picture)))
    end_ms = START_MS + schedule.duration_ms
    yield FramesEnded(session=name, seq=seq + 1, capture_ms=end_ms, ingested_ms=end_ms)
    yield SessionEnded(session=name, capture_ms=end_ms, frames_sent=seq + 1)


def _frame(name: str, seq: int, at_ms: int, jpeg: bytes) -> Frame:
    spacing_ms = 1000 // RATE_FPS
    header = FrameHeader(
        session=name, seq=seq, capture_ms=at_ms, ingested_ms=at_ms, width=0, height=0, spacing_ms=spacing_ms
    )
    return Frame(Record(FRAMES, 0, seq, None, jpeg, (), at_ms), header, Slot(seq))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def recorded(name: str) -> bytes:
    """One bundle with everything that was seen in an exam."""
    return gzip.decompress((FOLDER / f"{name}.observations.gz").read_bytes())


def record() -> None:
    """Render and look at every exam anew."""
    with TemporaryDirectory() as scratch:
        for name, schedule in EXAMS.items():
            bundle = encode_bundle(list(observe(name, schedule, Path(scratch))))
            (FOLDER / f"{name}.observations.gz").write_bytes(gzip.compress(bundle, mtime=0))
            print(name, len(bundle), flush=True)


if __name__ == "__main__":
    record()
