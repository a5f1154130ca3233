"""Exams made of runs of conduct ("eyes on the screen for 40 frames, gone for 6"), as bundles for the log.

Independent draws would let broken guards pass: conditions hold and end as they do in an exam.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from detectors.messages import DetectedObject, Face, FaceObserved, FramesEnded, ObjectsObserved, PictureQuality
from ingest.messages import SessionEnded, SessionStarted, encode_bundle
from ingest.topics import partition_of

FRAME_MS = 500
BOX = (220.0, 120.0, 420.0, 380.0)
CONDUCT = ("calm", "calm", "away", "absent", "company", "phone", "dark")


def exam(session: str, seed: int, frames: int, start_ms: int, ingested_ms: int) -> Iterator[msgspec.Struct]:
    """One exam: its start, a look at faces and one at objects for each frame, its end."""
    draw = random.Random(seed)
    yield SessionStarted(session=session, capture_ms=start_ms, frame_interval_ms=FRAME_MS, calibration_ms=4_000)
    for seq, conduct in enumerate(_runs(draw, frames)):
        at = _At(session, seq, start_ms + seq * FRAME_MS, ingested_ms)
        yield at.faces(_faces(draw, conduct), _quality(conduct))
        yield at.objects(_objects(draw, conduct))
    end_ms = start_ms + frames * FRAME_MS
    yield FramesEnded(session=session, seq=frames, capture_ms=end_ms, ingested_ms=ingested_ms)
    yield SessionEnded(session=session, capture_ms=end_ms, frames_sent=frames)


def bundles(observations: Iterable[msgspec.Struct], sizes: random.Random, most: int = 16) -> Iterator[bytes]:
    """`observations` in order, cut into bundles of 1 to `most`."""
    waiting: list[msgspec.Struct] = []
    size = sizes.randint(1, most)
    for observation in observations:
        waiting.append(observation)
        if len(waiting) == size:
            yield encode_bundle(waiting)
            waiting, size = [], sizes.randint(1, most)
    if waiting:
        yield encode_bundle(waiting)


@dataclass(frozen=True, slots=True)
class _At:
    """One frame."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int

    def faces(self, faces: tuple[Face, ...], quality: PictureQuality) -> FaceObserved:
        return FaceObserved(**self._look("faces"), faces=faces, quality=quality)

    def objects(self, objects: tuple[DetectedObject, ...]) -> ObjectsObserved:
        return ObjectsObserved(**self._look("objects"), objects=objects)

    def _look(self, model: str) -> dict[str, Any]:
        """What every look names."""
        return {
            "session": self.session,
            "seq": self.seq,
            "capture_ms": self.capture_ms,
            "ingested_ms": self.ingested_ms,
            "partition": partition_of(self.session),
            "offset": self.seq,
            "model": model,
        }


def _runs(draw: random.Random, frames: int) -> Iterator[str]:
    yield from ["calm"] * min(frames, 16)
    left = frames - 16
    while left > 0:
        length = min(left, draw.randint(3, 24))
        yield from [draw.choice(CONDUCT)] * length
        left -= length


def _faces(draw: random.Random, conduct: str) -> tuple[Face, ...]:
    if conduct in ("absent", "dark"):
        return ()
    first = _face(draw, yaw_deg=45.0 if conduct == "away" else 0.0)
    return (first, _face(draw, yaw_deg=10.0)) if conduct == "company" else (first,)


def _face(draw: random.Random, yaw_deg: float) -> Face:
    return Face(
        box_xyxy=BOX,
        yaw_deg=round(yaw_deg + draw.uniform(-2, 2), 2),
        pitch_deg=round(draw.uniform(-2, 2), 2),
        roll_deg=round(draw.uniform(-1, 1), 2),
        gaze_x=round(draw.uniform(-0.02, 0.02), 4),
        gaze_y=round(draw.uniform(-0.02, 0.02), 4),
        eye_openness=0.3,
        mouth_openness=0.05,
        width_share=0.31,
    )


def _objects(draw: random.Random, conduct: str) -> tuple[DetectedObject, ...]:
    person = DetectedObject(label="person", confidence=0.9, box_xyxy=(100.0, 60.0, 540.0, 480.0))
    if conduct != "phone":
        return (person,)
    sure = round(draw.uniform(0.7, 0.9), 3)
    return (person, DetectedObject(label="phone", confidence=sure, box_xyxy=(300.0, 300.0, 360.0, 420.0)))


def _quality(conduct: str) -> PictureQuality:
    return PictureQuality(brightness=4.0 if conduct == "dark" else 120.0, sharpness=150.0)
