"""Calibration as it happens in a session: looks taken, one second try, the end with its rules and all that waited."""

from collections.abc import Iterable

from msgspec.structs import replace

from detectors.messages import FaceObserved
from scoring.fold import calibration
from scoring.fold.events import instant
from scoring.fold.evidence import Moment, Step
from scoring.fold.judging import is_break_at, judge_postponed
from scoring.fold.occurring import Messages, settle_instant
from scoring.fold.person import Calibrating, Measured, Unjudged
from scoring.fold.state import SessionState
from scoring.rulebook.plan import calibration_rules
from scoring.rulebook.policy import Policy
from scoring.rulebook.refusals import REFUSALS
from scoring.rulebook.rule_document import CalibrationRule

MOST_UNJUDGED = 1_200
"""Looks that wait: 40 s at 30 frames/s, twice the longest calibration that is meant; 0.2 KB each in a checkpoint."""


def calibrate(
    policy: Policy, state: SessionState, running: Calibrating, seen: FaceObserved, here: Moment, messages: Messages
) -> None:
    """One more look, or the end of calibration before it."""
    rules, floor = policy.spec.calibration, policy.spec.quality
    if calibration.is_due(running, here.capture_ms):
        finished = calibration.finish(running, rules, floor, _usual_ms(state))
        if finished.baseline.status == "FAILED" and rules.extensions and not running.extended:
            running = calibration.again(running)
        else:
            _settle(policy, state, finished, running.start_ms + running.duration_ms, messages)
            return
    state.calibrating = calibration.collect(running, rules, floor, seen, here)


def postpone(running: Calibrating, here: Moment, step: Step, measured: Measured) -> Calibrating:
    """The look waits for the baseline; of a calibration without end only the beginning does."""
    if len(running.unjudged) >= MOST_UNJUDGED:
        return running
    look = Unjudged(here, step.step_ms, step.seen_ms, step.bridge_ms, measured)
    return replace(running, unjudged=(*running.unjudged, look))


def end_calibration(policy: Policy, state: SessionState, end_ms: int, messages: Messages) -> None:
    """The session ends before its calibration does."""
    if state.calibrating is None:
        return
    finished = calibration.finish(state.calibrating, policy.spec.calibration, policy.spec.quality, _usual_ms(state))
    _settle(policy, state, finished, end_ms, messages)


def skip_calibration(policy: Policy, state: SessionState, messages: Messages) -> None:
    """The session is not to be calibrated."""
    _settle(policy, state, calibration.skip(policy.spec.calibration), state.start_ms, messages)


def _usual_ms(state: SessionState) -> int:
    return max(state.frame_interval_ms, state.looks_of("faces").usual_ms)


def _settle(
    policy: Policy, state: SessionState, finished: calibration.Finished, end_ms: int, messages: Messages
) -> None:
    """The session with its baseline, the thresholds that follow from it, and the signs of cheating it."""
    running, rules = state.calibrating, policy.spec.calibration
    first = running.first if running else None
    start_ms = first.capture_ms if first else state.start_ms
    end_ms = min(end_ms, start_ms + (running.duration_ms * (1 + running.extended) if running else 0))
    messages.append(calibration.announce(state, finished, start_ms, end_ms))
    state.calibrating, state.baseline = None, finished.baseline
    state.own = calibration.own_widths(finished.spread, rules.spreads)
    if running is None:
        return
    if running.first and running.last:
        _judge(policy, state, finished, running.first, running.last, messages)
    judge_postponed(policy, state, running.unjudged, messages)


def _judge(
    policy: Policy,
    state: SessionState,
    finished: calibration.Finished,
    first: Moment,
    last: Moment,
    messages: Messages,
) -> None:
    """The rules about calibration; `first` and `last` are the frames that it looked at."""
    looked = finished.baseline.frames + sum(finished.rejected)
    is_break = is_break_at(policy, state, first)
    for planned, rule in calibration_rules(policy.rules):
        share = _refused_share(rule, finished.rejected, looked)
        if share >= rule.share:
            held = instant(first, last, rule.share, share)
            settle_instant(policy, state, planned, held, is_break, messages)


def _refused_share(rule: CalibrationRule, rejected: Iterable[int], looked: int) -> float:
    """The share of frames that were refused for the rule's reasons."""
    counts = dict(zip(REFUSALS, rejected, strict=True))
    return round(sum(counts[reason] for reason in rule.refused) / looked, 4) if looked else 0.0
