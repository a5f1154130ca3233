"""One look of a detector and all that follows from it: samples, calibration, conditions, events, risk.

The order of what is said: samples of the seconds that passed before the look, the end of calibration, then events
closed and opened, rule by rule. A detector's time never runs backwards: a frame stamped earlier counts as simultaneous.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from detectors.messages import FaceObserved, ObjectsObserved
from scoring import calibration, events, score
from scoring.conditions import personal_thresholds
from scoring.coverage import look, seen_ms, usual_step_ms
from scoring.messages import RiskMessage
from scoring.policy import PlannedRule, Policy
from scoring.rules import Look, Outcome, Step, advance
from scoring.signals import count_faces, face_signals, is_clear, object_signals
from scoring.state import Calibrating, Looks, Moment, SessionState, View

Messages = list[RiskMessage]


def observe_faces(policy: Policy, state: SessionState, seen: FaceObserved, messages: Messages) -> SessionState:
    """The face detector has looked at one frame."""
    floor, at_ms = policy.spec.quality, max(seen.capture_ms, state.faces.at_ms, state.start_ms)
    state = sample(policy, state, at_ms - 1, messages)
    if state.calibrating is not None:
        state = _calibrate(policy, state, state.calibrating, seen, at_ms, messages)
    count = count_faces(floor, seen, state.view.face_share)
    middle = state.baseline.middle if state.baseline else None
    values = face_signals(floor, middle, seen, count)
    one = Look(_moment(seen, at_ms), values, _step(policy, state, state.faces, at_ms))
    share = seen.faces[0].width_share if seen.faces else state.view.face_share
    view = View(count, share, is_clear(floor, seen.quality))
    looks = look(state.faces, seen.seq, at_ms, policy.spec.evidence)
    state = _advanced(policy, policy.face_rules, state, one, messages)
    return replace(state, faces=looks, view=view, clock_ms=max(state.clock_ms, at_ms))


def observe_objects(policy: Policy, state: SessionState, seen: ObjectsObserved, messages: Messages) -> SessionState:
    """The object detector has looked at one frame."""
    at_ms = max(seen.capture_ms, state.objects.at_ms, state.start_ms)
    state = sample(policy, state, at_ms - 1, messages)
    values = object_signals(seen, policy.object_signals, state.view.clear)
    one = Look(_moment(seen, at_ms), values, _step(policy, state, state.objects, at_ms))
    looks = look(state.objects, seen.seq, at_ms, policy.spec.evidence)
    state = _advanced(policy, policy.object_rules, state, one, messages)
    return replace(state, objects=looks, clock_ms=max(state.clock_ms, at_ms))


def _moment(seen: FaceObserved | ObjectsObserved, at_ms: int) -> Moment:
    return Moment(seen.seq, at_ms, seen.partition, seen.offset)


def _step(policy: Policy, state: SessionState, looks: Looks, at_ms: int) -> Step:
    """The time since the detector's last look; the first look of all has none behind it."""
    usual_ms = usual_step_ms(looks, state.frame_interval_ms)
    step_ms = at_ms - looks.at_ms if looks.frames else 0
    return Step(step_ms, seen_ms(step_ms, usual_ms, policy.spec.evidence), usual_ms)


def sample(policy: Policy, state: SessionState, until_ms: int, messages: Messages) -> SessionState:
    """Take the samples of the seconds that have passed."""
    state, samples = score.sample_until(policy, state, until_ms)
    messages += samples
    return state


def _calibrate(
    policy: Policy, state: SessionState, running: Calibrating, seen: FaceObserved, at_ms: int, messages: Messages
) -> SessionState:
    """One more look, or the end of calibration before it."""
    rules = policy.spec.calibration
    if not calibration.is_due(running, at_ms):
        return replace(state, calibrating=calibration.collect(running, rules, policy.spec.quality, seen, at_ms))
    return end_calibration(policy, state, running, running.start_ms + running.duration_ms, messages)


def end_calibration(
    policy: Policy, state: SessionState, running: Calibrating, end_ms: int, messages: Messages
) -> SessionState:
    """The time of calibration is over, or the session is."""
    usual_ms = max(state.frame_interval_ms, state.faces.usual_ms)
    finished = calibration.finish(running, policy.spec.calibration, policy.spec.quality, usual_ms)
    return calibrated(policy, state, finished, end_ms, messages)


def calibrated(
    policy: Policy, state: SessionState, finished: calibration.Finished, end_ms: int, messages: Messages
) -> SessionState:
    """The session with its baseline and the thresholds that follow from it."""
    running, rules = state.calibrating, policy.spec.calibration
    start_ms = running.start_ms if running and running.start_ms >= 0 else state.start_ms
    end_ms = min(end_ms, start_ms + (running.duration_ms if running else 0))
    messages.append(calibration.announce(state, finished, start_ms, end_ms))
    thresholds = personal_thresholds(policy.rules, finished.spread, rules.spreads, rules.widest)
    return replace(state, calibrating=None, baseline=finished.baseline, thresholds=thresholds)


def _advanced(
    policy: Policy, planned_rules: Sequence[PlannedRule], state: SessionState, one: Look, messages: Messages
) -> SessionState:
    """Every rule of the detector one look later, with the events and the risk that follow."""
    rules, changed = list(state.rules), False
    outcomes: list[tuple[PlannedRule, Outcome]] = []
    for planned in planned_rules:
        place = planned.place
        outcome = advance(planned, policy.spec.evidence, state.thresholds[place], rules[place], one)
        rules[place] = outcome.state
        changed = changed or outcome.fired or outcome.ended is not None
        outcomes.append((planned, outcome))
    state = settle(policy, state, one.here.capture_ms) if changed else state
    state = replace(state, rules=tuple(rules))
    for planned, outcome in outcomes if changed else ():
        state = tell(state, planned, outcome, messages)
    return state


def settle(policy: Policy, state: SessionState, at_ms: int) -> SessionState:
    """Risk as of now, before an event opens or closes."""
    was_open = score.is_open(state.rules)
    return replace(state, risk=score.settle(state.risk, policy.spec.score.decay_per_s, was_open, at_ms))


def tell(state: SessionState, planned: PlannedRule, outcome: Outcome, messages: Messages) -> SessionState:
    """What one rule's look means for the world and for the risk."""
    if outcome.ended is not None:
        messages.append(events.closed(state, planned, outcome.ended))
    if not outcome.fired or outcome.state.interval is None:
        return state
    messages.append(events.opened(state, planned, outcome.state.interval))
    return replace(state, risk=score.add(state.risk, planned))
