"""Staged exams for tests of scoring: runs of behaviour ("away for 4 s, then normal") as detectors report them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from msgspec import structs

from detectors.messages import FaceObserved, FramesEnded, ObjectsObserved
from ingest.messages import BrowserReported, SessionEnded, SessionStarted
from scoring.fold.session import SessionState, encode_state, fold
from scoring.messages import RiskClosed, RiskMessage, ScoreSample, SessionObservation, Verdict
from scoring.rulebook.accommodations import Accommodation, accommodations_document
from scoring.rulebook.policy import Policy, load_policy
from tests.staged_looks import (
    GOOD,
    REST,
    SIGNS,
    Behaviour,
    face_like,
    face_observed,
    faces_of,
    hands_observed,
    identity_observed,
    objects_observed,
    objects_shown,
    page_reported,
    quality_of,
    speech_observed,
)

__all__ = [
    "EVERY_KIND", "FOUR_RULES", "GOOD", "REST", "START_MS", "Behaviour", "Run", "StagedExam", "closed_events",
    "face_like", "face_observed", "faces_of", "fold_all", "objects_observed", "quality_of", "samples_of", "told",
    "verdict_of",
]  # fmt: skip

POLICIES = Path(__file__).parent / "policies"
FOUR_RULES = load_policy(str(POLICIES / "four_rules.toml"))
EVERY_KIND = load_policy(str(POLICIES / "every_kind.toml"))
START_MS = 1_700_000_000_000
_ALIVE_MS = 10_000  # how often a page speaks when nothing changes


@dataclass(frozen=True, slots=True)
class Run:
    """One behaviour for some seconds."""

    behaviour: Behaviour
    seconds: float


@dataclass(frozen=True, slots=True)
class StagedExam:
    """A session of runs at `fps`; objects, hands and identity looked at in every `..._every`th frame (0: never).

    `sound`: a record of sound each second; `page`: the candidate's page reports. `jumps`: (second, seconds by which the
    source's clock is wrong from then on); the time at which things enter the log goes on regardless.
    """

    runs: Sequence[Run]
    fps: float = 10.0
    objects_every: int = 2
    session: str = "staged"
    calibration_ms: int | None = None
    announced: bool = True
    policy: str = field(default="", repr=False)
    hands_every: int = 0
    identity_every: int = 0
    sound: bool = False
    page: bool = False
    accommodations: tuple[Accommodation, ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()

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
        page = Page(self.session)
        for seq, behaviour in enumerate(behaviours):
            yield from (self._stamped(one) for one in self._looks(seq, behaviour, page))
        yield from (self._stamped(one) for one in self.end(len(behaviours)))

    def _looks(self, seq: int, behaviour: Behaviour, page: "Page") -> Iterator[SessionObservation]:
        """What is reported of one frame, and of the sound and the page at its time."""
        at_ms = self.time_ms(seq)
        if self.page:
            yield from page.reports(at_ms, behaviour)
        if behaviour == "missing":
            return
        yield self.face(seq, behaviour)
        if self.objects_every and seq % self.objects_every == 0:
            yield self.objects(seq, behaviour)
        if self.hands_every and seq % self.hands_every == 0:
            yield hands_observed(self.session, seq, at_ms, behaviour)
        if self.identity_every and seq % self.identity_every == 0:
            yield identity_observed(self.session, seq, at_ms, behaviour)
        second = (at_ms - START_MS) // 1000
        if self.sound and second > (self.time_ms(seq - 1) - START_MS) // 1000:
            yield speech_observed(self.session, second, at_ms, behaviour)

    def _stamped(self, one: SessionObservation) -> SessionObservation:
        """With the time of a clock that jumped; the log's own time is right."""
        at_s = (getattr(one, "capture_ms", START_MS) - START_MS) / 1000
        wrong_s = [by_s for from_s, by_s in self.jumps if at_s >= from_s]
        if not wrong_s:
            return one
        return msgspec.structs.replace(one, capture_ms=one.capture_ms + round(wrong_s[-1] * 1000))  # type: ignore[union-attr]

    def started(self) -> SessionStarted:
        return SessionStarted(
            session=self.session,
            capture_ms=START_MS,
            policy=self.policy,
            calibration_ms=self.calibration_ms,
            frame_interval_ms=round(1000 / self.fps),
            accommodations=accommodations_document(self.accommodations),
        )

    def end(self, frames: int) -> tuple[FramesEnded, SessionEnded]:
        at_ms = self.time_ms(frames)
        passed = FramesEnded(session=self.session, seq=frames, capture_ms=at_ms, ingested_ms=at_ms + 5)
        return passed, SessionEnded(session=self.session, capture_ms=at_ms, frames_sent=frames)

    def face(self, seq: int, behaviour: Behaviour) -> FaceObserved:
        return face_observed(self.session, seq, self.time_ms(seq), faces_of(behaviour, seq), quality_of(behaviour))

    def objects(self, seq: int, behaviour: Behaviour) -> ObjectsObserved:
        return objects_shown(self.session, seq, self.time_ms(seq), behaviour)


@dataclass(slots=True)
class Page:
    """The candidate's page: says what begins and ends, and that it is alive."""

    session: str
    said: int = 0
    spoke_ms: int = -_ALIVE_MS
    showing: Behaviour = "normal"

    def reports(self, at_ms: int, behaviour: Behaviour) -> Iterator[BrowserReported]:
        """What it says at this time; while the network is gone ("missing") it says nothing."""
        if behaviour == "missing":
            return
        if behaviour != self.showing:
            if self.showing in SIGNS and self.showing not in ("copied", "pasted"):
                yield self._say(at_ms, self.showing, False)
            if behaviour in SIGNS:
                yield self._say(at_ms, behaviour, True)
            self.showing = behaviour
        if at_ms - self.spoke_ms >= _ALIVE_MS:
            yield self._say(at_ms, "alive", True)

    def _say(self, at_ms: int, what: str, on: bool) -> BrowserReported:
        self.spoke_ms, self.said = at_ms, self.said + 1
        return page_reported(self.session, self.said - 1, at_ms, SIGNS.get(what, "alive"), on)


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


def lasting_bytes(state: SessionState) -> int:
    """The size of a state without the looks that wait for the baseline."""
    lasting = structs.replace(state.calibrating, unjudged=()) if state.calibrating else None
    return len(encode_state(structs.replace(state, calibrating=lasting)))


def samples_of(messages: Iterable[RiskMessage]) -> list[ScoreSample]:
    """The samples in order."""
    return [message for message in messages if isinstance(message, ScoreSample)]
