"""From what was seen to what is said: a policy folded over a session, and when each happening shows in the signals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from deploy.evaluation.looking import PLAN
from deploy.evaluation.observing import START_MS, Observed
from deploy.evaluation.spans import Span, merged
from deploy.evaluation.vocabulary import Happening, usual_place
from detectors.identity.desk import Cadence
from detectors.messages import FaceObserved, FramesEnded, SoundEnded
from detectors.plan import frames_apart
from ingest.messages import SessionEnded, SessionStarted
from scoring.fold.hearing import RECORD_MS
from scoring.fold.observing import stream_of
from scoring.fold.session import SessionState, fold
from scoring.messages import CalibrationFinished, RiskClosed, RiskMessage, SessionObservation
from scoring.rulebook.policy import Policy, plan
from scoring.rulebook.policy_document import Fallback
from scoring.rulebook.rule_document import HeldRule
from scoring.rulebook.signals import source_of

SESSION = "evaluated"


@dataclass(frozen=True, slots=True)
class Told:
    """One risk event, in ms from the clip's start; `about`: conduct, state or quality."""

    rule: str
    label: str
    about: str
    span: Span
    fired_ms: int


@dataclass(frozen=True, slots=True)
class Folded:
    """What a policy says of a clip. `calibrated_ms`: when it knew the person; `status`: how that ended; `streams`: the
    kinds of looks there were.
    """

    events: tuple[Told, ...]
    calibrated_ms: int
    status: str
    state: SessionState
    streams: frozenset[str]


def fold_clip(policy: Policy, observed: Observed, fps: float, calibrate_ms: int | None = None) -> Folded:
    """The policy's events over everything that was seen."""
    state, messages = _folded(policy, _session(observed, fps, calibrate_ms))
    finished = [one for one in messages if isinstance(one, CalibrationFinished)]
    return Folded(
        events=tuple(_told(policy, one) for one in messages if isinstance(one, RiskClosed) and not one.suppressed),
        calibrated_ms=finished[-1].end_ms - START_MS if finished else observed.duration_ms,
        status=finished[-1].status if finished else "NONE",
        state=state,
        streams=frozenset(stream_of(look) for look in observed.looks),
    )


def shown(
    policy: Policy, folded: Folded, observed: Observed, fps: float, happenings: Sequence[Happening]
) -> dict[str, tuple[Span, ...]]:
    """When each happening shows in the signals, from the first frame to the last: measured against the baseline that
    calibration found, also before it was found. A label is left out when nothing looked for it.
    """
    asked = [one for one in happenings if any(_stream(test.signal) in folded.streams for test in one.when)]
    spans = {one.label: _measured(one, observed, fps) for one in happenings if one.measure and _faces(observed)}
    if asked:
        _, messages = _folded(_probe(policy, folded, asked), _session(observed, fps, 0))
        closed = [one for one in messages if isinstance(one, RiskClosed)]
        for one in asked:
            before_ms, behind_ms = _spoken_for(one.when[0].signal, fps)
            spans[one.label] = merged(
                Span(event.start_ms - START_MS - before_ms, event.end_ms - START_MS + behind_ms)
                for event in closed
                if event.rule == one.label
            )
    return spans


def _probe(policy: Policy, folded: Folded, happenings: Iterable[Happening]) -> Policy:
    """A policy with one rule for each happening that fires at once, and the person's baseline from the beginning."""
    rules = {
        one.label: HeldRule(
            says=one.says[:80], points=0.0, cap=0.0, cooldown_ms=0, hold_ms=0, gap_ms=one.gap_ms,
            clear_ms=one.gap_ms, when=one.when,
        )
        for one in happenings
    }  # fmt: skip
    calibration, baseline = policy.spec.calibration, folded.state.baseline
    if baseline is not None:
        calibration = replace(calibration, fallback=Fallback(*baseline.middle))
    return plan(replace(policy.spec, rules=rules, calibration=calibration))


def _measured(happening: Happening, observed: Observed, fps: float) -> tuple[Span, ...]:
    """The same for what is read off the faces themselves."""
    assert happening.measure is not None
    looks, step_ms = _faces(observed), round(1000 / fps)
    usual = usual_place([look.faces[0] for look in looks if look.faces])
    at = (look.capture_ms - START_MS for look in looks if happening.measure(look, usual))
    return merged(Span(at_ms, at_ms + step_ms) for at_ms in at)


def _faces(observed: Observed) -> list[FaceObserved]:
    return [look for look in observed.looks if isinstance(look, FaceObserved)]


def _stream(signal: str) -> str:
    source = source_of(signal)
    return source.stream if source else ""


def _spoken_for(signal: str, fps: float) -> tuple[int, int]:
    """How long before and behind its time a look speaks for: a picture until its detector's next look, a record of
    sound, whose time is its end, for itself.
    """
    stream, frame_ms = _stream(signal), round(1000 / fps)
    if stream == "speech":
        return RECORD_MS, 0
    if stream == "identity":
        return 0, Cadence().doubting_ms
    apart_ms = {"objects": PLAN.objects_ms, "hands": PLAN.hands_ms}.get(stream, 0)
    return 0, frame_ms * max(frames_apart(apart_ms, frame_ms), 1)


def _session(observed: Observed, fps: float, calibrate_ms: int | None) -> Iterator[SessionObservation]:
    """The session as the log would hold it."""
    interval_ms, end_ms = round(1000 / fps), START_MS + observed.duration_ms
    yield SessionStarted(
        session=SESSION,
        capture_ms=START_MS,
        source="file",
        calibration_ms=calibrate_ms,
        frame_interval_ms=interval_ms,
        sound=observed.records is not None,
    )
    for look in observed.looks:
        yield replace(look, session=SESSION)
    yield FramesEnded(session=SESSION, seq=observed.frames, capture_ms=end_ms, ingested_ms=end_ms)
    records = observed.records or 0
    if records:
        yield SoundEnded(session=SESSION, seq=records, capture_ms=end_ms, ingested_ms=end_ms)
    yield SessionEnded(session=SESSION, capture_ms=end_ms, frames_sent=observed.frames, audio_records=records)


def _folded(policy: Policy, observations: Iterable[SessionObservation]) -> tuple[SessionState, list[RiskMessage]]:
    state: SessionState | None = None
    messages: list[RiskMessage] = []
    for observation in observations:
        state, told = fold(policy, state, observation)
        messages += told
    assert state is not None, "a session has a start at least"
    return state, messages


def _told(policy: Policy, event: RiskClosed) -> Told:
    rule = next(rule for rule in policy.rules if rule.name == event.rule)
    span = Span(event.start_ms - START_MS, event.end_ms - START_MS)
    return Told(event.rule, rule.label, rule.rule.about, span, event.fired_ms - START_MS)
