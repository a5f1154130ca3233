"""Staged exams for tests of scoring: runs of behaviour ("away for 4 s, then normal") as detectors report them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from detectors.messages import DetectedObject, Face, FaceObserved, FramesEnded, ObjectsObserved, PictureQuality
from ingest.messages import SessionEnded, SessionStarted
from scoring.messages import RiskClosed, RiskMessage, ScoreSample, SessionObservation, Verdict
from scoring.policy import Policy, load_policy
from scoring.session import SessionState, fold

POLICIES = Path(__file__).parent / "policies"
FOUR_RULES = load_policy(str(POLICIES / "four_rules.toml"))
START_MS = 1_700_000_000_000
Behaviour = Literal[
    "normal", "absent", "two", "away", "aside", "closed", "bowed", "phone", "faint_phone", "dark", "covered", "missing"
]
REST = Face(
    box_xyxy=(200.0, 100.0, 360.0, 300.0),
    yaw_deg=1.0,
    pitch_deg=-9.0,
    roll_deg=0.5,
    gaze_x=0.01,
    gaze_y=-0.05,
    eye_openness=0.3,
    mouth_openness=0.05,
    width_share=0.25,
)
_CHANGES: dict[str, dict[str, float]] = {
    "away": {"yaw_deg": 36.0},
    "aside": {"gaze_x": 0.12},
    "closed": {"eye_openness": 0.1, "gaze_x": 0.12},
    "bowed": {"pitch_deg": -40.0, "eye_openness": 0.12},
}


@dataclass(frozen=True, slots=True)
class Run:
    """One behaviour for some seconds."""

    behaviour: Behaviour
    seconds: float


@dataclass(frozen=True, slots=True)
class StagedExam:
    """A session of runs at `fps`, objects looked for in every `objects_every`th frame (0: never)."""

    runs: Sequence[Run]
    fps: float = 10.0
    objects_every: int = 2
    session: str = "staged"
    calibration_ms: int | None = None
    announced: bool = True
    policy: str = field(default="", repr=False)

    @property
    def behaviours(self) -> list[Behaviour]:
        """What happens in each frame."""
        ends, total = [], 0.0
        for run in self.runs:
            total += run.seconds
            ends.append((round(total * self.fps), run.behaviour))
        frames: list[Behaviour] = []
        for end, behaviour in ends:
            frames += [behaviour] * (end - len(frames))
        return frames

    @property
    def duration_ms(self) -> int:
        return self.time_ms(len(self.behaviours)) - START_MS

    def time_ms(self, seq: int) -> int:
        return START_MS + round(seq * 1000 / self.fps)

    def observations(self) -> Iterator[SessionObservation]:
        """In the order of the log."""
        behaviours = self.behaviours
        if self.announced:
            yield self.started()
        for seq, behaviour in enumerate(behaviours):
            if behaviour != "missing":
                yield self.face(seq, behaviour)
                if self.objects_every and seq % self.objects_every == 0:
                    yield self.objects(seq, behaviour)
        yield from self.end(len(behaviours))

    def started(self) -> SessionStarted:
        return SessionStarted(
            session=self.session,
            capture_ms=START_MS,
            policy=self.policy,
            calibration_ms=self.calibration_ms,
            frame_interval_ms=round(1000 / self.fps),
        )

    def end(self, frames: int) -> tuple[FramesEnded, SessionEnded]:
        at_ms = self.time_ms(frames)
        passed = FramesEnded(session=self.session, seq=frames, capture_ms=at_ms, ingested_ms=at_ms + 5)
        return passed, SessionEnded(session=self.session, capture_ms=at_ms, frames_sent=frames)

    def face(self, seq: int, behaviour: Behaviour) -> FaceObserved:
        return face_observed(self.session, seq, self.time_ms(seq), faces_of(behaviour), quality_of(behaviour))

    def objects(self, seq: int, behaviour: Behaviour) -> ObjectsObserved:
        confidence = {"phone": 0.8, "faint_phone": 0.45}.get(behaviour)
        return objects_observed(
            self.session, seq, self.time_ms(seq), {} if confidence is None else {"phone": confidence}
        )


def faces_of(behaviour: Behaviour) -> tuple[Face, ...]:
    """The faces that somebody who behaves like this shows."""
    if behaviour in ("absent", "dark", "covered"):
        return ()
    if behaviour == "two":
        return REST, face_like(width_share=0.14)
    return (face_like(**_CHANGES.get(behaviour, {})),)


def face_like(**changes: float) -> Face:
    """The face at rest with some numbers changed."""
    fields = {name: getattr(REST, name) for name in Face.__struct_fields__}
    return Face(**(fields | changes))


def quality_of(behaviour: Behaviour) -> PictureQuality:
    """A dark picture is dark, a covered lens is without detail."""
    return PictureQuality(
        brightness=8.0 if behaviour == "dark" else 130.0, sharpness=1.0 if behaviour == "covered" else 210.0
    )


GOOD = PictureQuality(brightness=130.0, sharpness=210.0)


def face_observed(
    session: str, seq: int, at_ms: int, faces: tuple[Face, ...], quality: PictureQuality = GOOD
) -> FaceObserved:
    """One look for faces."""
    return FaceObserved(
        session=session,
        seq=seq,
        capture_ms=at_ms,
        ingested_ms=at_ms + 5,
        partition=3,
        offset=1000 + seq,
        model="face-test",
        faces=faces,
        quality=quality,
    )


def objects_observed(session: str, seq: int, at_ms: int, confidences: dict[str, float]) -> ObjectsObserved:
    """One look for objects; `confidences` by label."""
    box = (10.0, 10.0, 60.0, 90.0)
    found = (DetectedObject(label=label, confidence=value, box_xyxy=box) for label, value in confidences.items())
    return ObjectsObserved(
        session=session,
        seq=seq,
        capture_ms=at_ms,
        ingested_ms=at_ms + 5,
        partition=3,
        offset=1000 + seq,
        model="objects-test",
        objects=tuple(found),
    )


def fold_all(
    policy: Policy, observations: Iterable[SessionObservation], state: SessionState | None = None
) -> tuple[SessionState | None, list[RiskMessage]]:
    """The last state and every message."""
    messages: list[RiskMessage] = []
    for observation in observations:
        state, more = fold(policy, state, observation)
        messages += more
    return state, messages


def told(policy: Policy, runs: Sequence[Run], **changes: object) -> list[RiskMessage]:
    """Every message about an exam of these runs."""
    return fold_all(policy, replace(StagedExam(runs), **changes).observations())[1]  # type: ignore[arg-type]


def closed_events(messages: Iterable[RiskMessage]) -> list[tuple[str, int, int]]:
    """(rule, start, end) of every event, in ms from the start."""
    closed = (message for message in messages if isinstance(message, RiskClosed))
    return [(event.rule, event.start_ms - START_MS, event.end_ms - START_MS) for event in closed]


def verdict_of(messages: Sequence[RiskMessage]) -> Verdict:
    """The last word."""
    last = messages[-1]
    assert isinstance(last, Verdict)
    return last


def samples_of(messages: Iterable[RiskMessage]) -> list[ScoreSample]:
    """The samples in order."""
    return [message for message in messages if isinstance(message, ScoreSample)]
