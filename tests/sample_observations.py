"""The sample exam as ingest and the detectors would publish it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from detectors.messages import (
    DetectedObject,
    Face,
    FaceObserved,
    FramesEnded,
    HandsObserved,
    IdentityObserved,
    ObjectsObserved,
    PictureQuality,
    SpeechObserved,
)
from ingest.messages import BrowserReported, FramesDropped, SessionEnded, SessionStarted
from ingest.telemetry import now_ms
from tests.sample_script import ACCOMMODATIONS, BLIND, DOCUMENT, EPISODES, FRAME_MS, PARTITION, SECONDS


@dataclass(frozen=True, slots=True)
class FilmedExam:
    """What is observed of one session, in the order of the log. `start_ms` is the zero of its report."""

    session: str = "exam-7f3a"
    start_ms: int = field(default_factory=lambda: now_ms() - SECONDS * 1000)
    source: str = "synthetic exam, seed 7"

    @property
    def frames(self) -> int:
        return SECONDS * 1000 // FRAME_MS

    def observations(self) -> Iterator[msgspec.Struct]:
        """Start, faces at 2 a second, objects at 1 a second, the other kinds now and then, two lost frames, the end."""
        yield SessionStarted(
            session=self.session,
            capture_ms=self.start_ms,
            source=self.source,
            policy=DOCUMENT,
            frame_interval_ms=FRAME_MS,
            accommodations=ACCOMMODATIONS,
        )
        for seq in range(self.frames):
            if seq in (150, 151):
                continue
            yield self.face(seq)
            if seq % 2 == 0:
                yield self.objects(seq)
            if seq % 20 == 0:
                yield self.hands(seq)
                yield self.speech(seq // 20)
            if seq % 60 == 0:
                yield self.identity(seq)
        yield from (self.browser(seq) for seq in range(2))
        yield self.dropped()
        yield FramesEnded(
            session=self.session, seq=self.frames, capture_ms=self.at(SECONDS), ingested_ms=self.at(SECONDS)
        )
        yield SessionEnded(session=self.session, capture_ms=self.at(SECONDS), frames_sent=self.frames)

    def face(self, seq: int) -> FaceObserved:
        """The face signals of frame `seq`, as the script has them."""
        second = seq * FRAME_MS / 1000
        count = {"no_face": 0, "multiple_faces": 2}.get(self.rule_at(second), 1)
        yaw = 41.3 if self.rule_at(second) == "looking_away" else 2.5
        return FaceObserved(
            **self._seen(seq, "facemesh-1"),
            faces=tuple(_face(yaw) for _ in range(count)),
            quality=PictureQuality(brightness=31.0 if int(second) in BLIND else 128.5, sharpness=210.25),
        )

    def objects(self, seq: int) -> ObjectsObserved:
        """The objects of frame `seq`: a person, and the phone while the script has it."""
        second = seq * FRAME_MS / 1000
        found = [DetectedObject(label="person", confidence=0.93, box_xyxy=(100.0, 60.0, 500.0, 480.0))]
        if self.rule_at(second) == "phone":
            found.append(DetectedObject(label="phone", confidence=0.87, box_xyxy=(380.0, 300.0, 450.0, 420.0)))
        return ObjectsObserved(
            **self._seen(seq, "objects-1"),
            objects=tuple(found),
        )

    def hands(self, seq: int) -> HandsObserved:
        """Hands that do nothing in particular, in frame `seq`."""
        return HandsObserved(**self._seen(seq, "hands-1"), at_face=0.12, signalling=0.03, holding=0.4)

    def speech(self, seq: int) -> SpeechObserved:
        """A second of sound in ten."""
        at_ms = self.at(10 * seq + 1)
        return SpeechObserved(
            session=self.session,
            seq=seq,
            capture_ms=at_ms,
            ingested_ms=at_ms + 4,
            partition=PARTITION,
            offset=50 + seq,
            model="speech-1",
            speech=0.8,
            other=0.1,
            level_dbfs=-31.5,
        )

    def identity(self, seq: int) -> IdentityObserved:
        """The person who registered, in frame `seq`."""
        return IdentityObserved(**self._seen(seq, "identity-1"), similarity=0.71)

    def browser(self, seq: int) -> BrowserReported:
        """The tab was hidden for two seconds."""
        at_ms = self.at(86 + 2 * seq)
        return BrowserReported(
            session=self.session, seq=seq, capture_ms=at_ms, ingested_ms=at_ms, sign="tab_hidden", on=seq == 0
        )

    def dropped(self) -> FramesDropped:
        """Two frames that the detectors gave up."""
        return FramesDropped(
            session=self.session,
            seq=150,
            from_ms=self.at(75.0),
            to_ms=self.at(75.5),
            count=2,
            stage="detectors",
            reason="too_old",
        )

    def at(self, second: float) -> int:
        """Capture time of a moment of the session."""
        return self.start_ms + int(second * 1000)

    def rule_at(self, second: float) -> str:
        return next((e.rule for e in EPISODES if e.start_s <= second < e.end_s), "")

    def _seen(self, seq: int, model: str) -> dict[str, Any]:
        """What every observation of a frame has."""
        at_ms = self.at(seq * FRAME_MS / 1000)
        place = {"partition": PARTITION, "offset": 1000 + seq, "model": model}
        return {"session": self.session, "seq": seq, "capture_ms": at_ms, "ingested_ms": at_ms + 4, **place}


def _face(yaw: float) -> Face:
    return Face(
        box_xyxy=(200.0, 100.0, 400.0, 360.0),
        yaw_deg=yaw,
        pitch_deg=-4.0,
        roll_deg=0.5,
        gaze_x=0.02,
        gaze_y=-0.01,
        eye_openness=0.31,
        mouth_openness=0.05,
        width_share=0.3125,
    )
