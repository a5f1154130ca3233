"""One exam as the stages would publish it, written by hand: 90 s with four risk events, a blind spell and lost frames.

For tests of the sinks alone: what is in it is known, nothing is computed by the product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from detectors.messages import DetectedObject, Face, FaceObserved, FramesEnded, ObjectsObserved, PictureQuality
from ingest.log import Record
from ingest.messages import FramesDropped, SessionEnded, SessionStarted, encode_bundle, encode_message
from ingest.telemetry import now_ms
from scoring.messages import (
    CalibrationFinished,
    FrameRef,
    RiskClosed,
    RiskMessage,
    RiskOpened,
    RuleTotal,
    ScoreSample,
    Tick,
    Verdict,
    event_id,
)

POLICY = "b7d1f0c29a4e83d56f1a0b9c8d7e6f50"
FRAME_MS = 500
SECONDS = 90
BLIND = range(52, 57)  # seconds in which the picture was too dark for faces
PARTITION = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """One event of the script: what the rule would say."""

    rule: str
    start_s: float
    end_s: float
    signal: str
    threshold: float
    peak: float
    hold_ms: int
    points: float
    permanent: bool = False


EPISODES = (
    Episode("looking_away", 18.0, 24.5, "yaw_deg", 25.0, 41.3, 3000, 6.0),
    Episode("no_face", 30.0, 34.0, "face_count", 1.0, 0.0, 2000, 5.0),
    Episode("multiple_faces", 41.0, 45.0, "face_count", 1.0, 2.0, 2000, 10.0),
    Episode("phone", 61.5, 69.0, "phone", 0.5, 0.87, 5000, 15.0, permanent=True),
)


@dataclass(frozen=True, slots=True)
class SampleExam:
    """The messages of one session in the order of the log. `start_ms` is the zero of its report."""

    session: str = "exam-7f3a"
    start_ms: int = field(default_factory=lambda: now_ms() - SECONDS * 1000)
    source: str = "synthetic exam, seed 7"

    @property
    def frames(self) -> int:
        return SECONDS * 1000 // FRAME_MS

    def observations(self) -> Iterator[msgspec.Struct]:
        """Start, faces at 2 a second, objects at 1 a second, two lost frames, the end."""
        yield SessionStarted(
            session=self.session, capture_ms=self.start_ms, source=self.source, frame_interval_ms=FRAME_MS
        )
        for seq in range(self.frames):
            if seq in (150, 151):
                continue
            yield self.face(seq)
            if seq % 2 == 0:
                yield self.objects(seq)
        yield self.dropped()
        yield FramesEnded(
            session=self.session, seq=self.frames, capture_ms=self.at(SECONDS), ingested_ms=self.at(SECONDS)
        )
        yield SessionEnded(session=self.session, capture_ms=self.at(SECONDS), frames_sent=self.frames)

    def face(self, seq: int) -> FaceObserved:
        """The face signals of frame `seq`, as the script has them."""
        second = seq * FRAME_MS / 1000
        count = {"no_face": 0, "multiple_faces": 2}.get(self._rule_at(second), 1)
        yaw = 41.3 if self._rule_at(second) == "looking_away" else 2.5
        return FaceObserved(
            session=self.session,
            seq=seq,
            capture_ms=self.at(second),
            ingested_ms=self.at(second) + 4,
            partition=PARTITION,
            offset=1000 + seq,
            model="facemesh-1",
            faces=tuple(_face(yaw) for _ in range(count)),
            quality=PictureQuality(brightness=31.0 if int(second) in BLIND else 128.5, sharpness=210.25),
        )

    def objects(self, seq: int) -> ObjectsObserved:
        """The objects of frame `seq`: a person, and the phone while the script has it."""
        second = seq * FRAME_MS / 1000
        found = [DetectedObject(label="person", confidence=0.93, box_xyxy=(100.0, 60.0, 500.0, 480.0))]
        if self._rule_at(second) == "phone":
            found.append(DetectedObject(label="phone", confidence=0.87, box_xyxy=(380.0, 300.0, 450.0, 420.0)))
        return ObjectsObserved(
            session=self.session,
            seq=seq,
            capture_ms=self.at(second),
            ingested_ms=self.at(second) + 4,
            partition=PARTITION,
            offset=1000 + seq,
            model="objects-1",
            objects=tuple(found),
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

    def risk_messages(self) -> Iterator[RiskMessage]:
        """Calibration, events with their openings, a sample each second, the verdict."""
        yield self.calibration()
        for second in range(1, SECONDS + 1):
            yield from self._events_at(second)
            yield self.sample(second)
        yield self.verdict()

    def calibration(self) -> CalibrationFinished:
        return CalibrationFinished(
            session=self.session,
            policy=POLICY,
            status="SUCCESS",
            start_ms=self.start_ms,
            end_ms=self.at(8.0),
            frames=15,
            rejected={"unstable": 1},
            baseline={"yaw_deg": 2.5, "pitch_deg": -4.0, "eye_openness": 0.31},
            spread={"yaw_deg": 1.1, "pitch_deg": 0.9, "eye_openness": 0.02},
            ingested_ms=self.at(8.0) + 4,
        )

    def opened(self, episode: Episode) -> RiskOpened:
        return RiskOpened(
            event_id=self.id_of(episode),
            session=self.session,
            policy=POLICY,
            rule=episode.rule,
            start_ms=self.at(episode.start_s),
            fired_ms=self.at(episode.start_s) + episode.hold_ms,
            points=episode.points,
            permanent=episode.permanent,
            onset=self._frame(episode.start_s),
            ingested_ms=self.at(episode.start_s) + episode.hold_ms + 4,
        )

    def closed(self, episode: Episode) -> RiskClosed:
        return RiskClosed(
            event_id=self.id_of(episode),
            session=self.session,
            policy=POLICY,
            rule=episode.rule,
            start_ms=self.at(episode.start_s),
            fired_ms=self.at(episode.start_s) + episode.hold_ms,
            end_ms=self.at(episode.end_s),
            points=episode.points,
            permanent=episode.permanent,
            signal=episode.signal,
            threshold=episode.threshold,
            peak=episode.peak,
            hold_ms=episode.hold_ms,
            onset=self._frame(episode.start_s),
            peak_frame=self._frame((episode.start_s + episode.end_s) / 2),
            end_frame=self._frame(episode.end_s),
            ingested_ms=self.at(episode.end_s) + 4,
        )

    def sample(self, second: int) -> ScoreSample:
        """The risk after `second` seconds: points enter when a rule fires; temporary risk decays 1 a second."""
        seen = second not in BLIND
        count = {"no_face": 0, "multiple_faces": 2}.get(self._rule_at(second), 1)
        return ScoreSample(
            session=self.session,
            policy=POLICY,
            at_ms=self.at(second),
            temporary=_temporary(second),
            permanent=sum(e.points for e in EPISODES if e.permanent and _fired_s(e) <= second),
            active=tuple(e.rule for e in EPISODES if _fired_s(e) <= second < e.end_s),
            frames=second * 1000 // FRAME_MS,
            faces=count if seen else -1,
            seen=seen,
            ingested_ms=self.at(second) + 4,
        )

    def verdict(self) -> Verdict:
        totals = tuple(RuleTotal(
            rule=e.rule, events=1, duration_ms=int((e.end_s - e.start_s) * 1000), points=e.points,
            coverage=0.91 if e.rule == "phone" else 0.855,
        ) for e in EPISODES)  # fmt: skip
        return Verdict(
            session=self.session,
            policy=POLICY,
            revision=1,
            start_ms=self.start_ms,
            end_ms=self.at(SECONDS),
            closed_by="end",
            risk_class="SUSPICIOUS",
            confidence=0.52,
            integrity=64.0,
            temporary_peak=11.0,
            permanent=15.0,
            frames_observed=self.frames - 2,
            frames_dropped=2,
            coverage=0.93,
            calibration="SUCCESS",
            rules=totals,
            reasons=(
                "A phone was visible for 7.5 s (held rule: 5 s).",
                "More than one face was visible for 4.0 s.",
                "The head was turned away for 6.5 s.",
            ),
            observations="9c1185a5c5e9fc54612808977ee8f548b2258d31",
            ingested_ms=self.at(SECONDS) + 4,
        )

    def at(self, second: float) -> int:
        """Capture time of a moment of the session."""
        return self.start_ms + int(second * 1000)

    def id_of(self, episode: Episode) -> str:
        return event_id(self.session, POLICY, episode.rule, str(self._frame(episode.start_s).seq))

    def _events_at(self, second: int) -> Iterator[RiskMessage]:
        for episode in EPISODES:
            if second - 1 < _fired_s(episode) <= second:
                yield self.opened(episode)
            if second - 1 < episode.end_s <= second:
                yield self.closed(episode)

    def _frame(self, second: float) -> FrameRef:
        seq = int(second * 1000) // FRAME_MS
        return FrameRef(seq=seq, capture_ms=self.at(seq * FRAME_MS / 1000), partition=PARTITION, offset=1000 + seq)

    def _rule_at(self, second: float) -> str:
        return next((e.rule for e in EPISODES if e.start_s <= second < e.end_s), "")


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


def _fired_s(episode: Episode) -> float:
    return episode.start_s + episode.hold_ms / 1000


def _temporary(second: int) -> float:
    risk = 0.0
    for now in range(1, second + 1):
        risk += sum(e.points for e in EPISODES if not e.permanent and now - 1 < _fired_s(e) <= now)
        if not any(_fired_s(e) <= now < e.end_s for e in EPISODES):
            risk = max(0.0, risk - 1.0)
    return risk


def as_records(exam: SampleExam, first_offset: int = 0, bundle: int = 8) -> list[Record]:
    """The exam as its part of the log: bundles with a tick between, then the risk messages one by one."""
    observed, at_ms = list(exam.observations()), now_ms()
    bundles = [[*observed[i : i + bundle], Tick(at_ms=at_ms)] for i in range(0, len(observed), bundle)]
    return [
        *records("observations", (encode_bundle(b) for b in bundles), first_offset),
        *records("risk-events", (encode_message(m) for m in exam.risk_messages()), first_offset),
    ]


def records(topic: str, values: Iterable[bytes], first_offset: int = 0) -> list[Record]:
    """Values as consecutive records of one partition, taken by the log just now."""
    at_ms = now_ms()
    return [Record(topic, PARTITION, first_offset + i, None, value, (), at_ms) for i, value in enumerate(values)]
