"""Held rules: a condition that stays true for a time becomes one event with a start, an end and a peak.

Two gaps are told apart. A condition that is briefly false or unknown is bridged; frames that are missing for longer
than that end what was held at the last moment it was seen true. Unseen and unknown time never counts towards a hold.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from scoring.conditions import Judgement, judge
from scoring.coverage import bridged_ms
from scoring.policy import PlannedRule
from scoring.policy_document import Evidence
from scoring.signals import Values
from scoring.state import Interval, Moment, RuleState, Span

REMEMBERED_SPANS = 3  # of each rule, the longest: what a person reads as reasons


class Step(NamedTuple):
    """The time since the detector's last look: in all, the part that was seen, and the detector's usual step."""

    step_ms: int
    seen_ms: int
    usual_ms: int


class Outcome(NamedTuple):
    """A rule's next state; the event that has `ended`, if any; whether the state's interval has just fired."""

    state: RuleState
    ended: Interval | None = None
    fired: bool = False


class Look(NamedTuple):
    """One look of a detector: the frame, the values of its signals, the time since its last look."""

    here: Moment
    values: Values
    step: Step


def advance(
    planned: PlannedRule, evidence: Evidence, thresholds: Sequence[float], state: RuleState, look: Look
) -> Outcome:
    """One look later."""
    held = state.interval
    if held is None:
        return _wait(planned, thresholds, state, look)
    over = is_over(planned, evidence, state, look.here.capture_ms, look.step)
    ended = held if over and state.is_open else None
    if ended is not None:
        state = _remember(state, ended)
    if over:
        outcome = _wait(planned, thresholds, replace(state, interval=None), look)
        return Outcome(outcome.state, ended, outcome.fired)
    return _hold(planned, thresholds, state, held, look)


def _wait(planned: PlannedRule, thresholds: Sequence[float], state: RuleState, look: Look) -> Outcome:
    """Nothing is held: a true look is an onset."""
    judged = judge(planned, thresholds, 0, look.values)
    if judged.truth is None:
        return Outcome(state)
    interval = None
    if judged.beyond is not None:
        interval = Interval(look.here, look.here, look.here, judged.beyond, judged.latched)
    return _settle(planned, state, interval, judged, look)


def _hold(
    planned: PlannedRule, thresholds: Sequence[float], state: RuleState, interval: Interval, look: Look
) -> Outcome:
    """Something is held: a bridged look counts as held only if the truth was known and comes back."""
    judged = judge(planned, thresholds, interval.latched, look.values)
    held_ms = interval.held_ms + (look.step.seen_ms if judged.truth is not None else 0)
    last, peak, most = interval.last, interval.peak, interval.beyond
    if judged.beyond is not None:
        last = look.here
        if judged.beyond.excess > most.excess:
            peak, most = look.here, judged.beyond
    interval = Interval(interval.onset, last, peak, most, judged.latched, held_ms, interval.fired_ms)
    return _settle(planned, state, interval, judged, look)


def _settle(
    planned: PlannedRule, state: RuleState, interval: Interval | None, judged: Judgement, look: Look
) -> Outcome:
    """The state after this look, with the interval fired if it has been held for long enough."""
    fired = interval is not None and _fires(planned, state, interval, judged, look.here.capture_ms)
    if interval is not None and fired:
        interval = replace(interval, fired_ms=look.here.capture_ms)
    known_ms = state.known_ms + (look.step.seen_ms if judged.truth is not None else 0)
    history = (state.duration_ms, state.ended_ms, state.longest)
    return Outcome(RuleState(interval, known_ms, state.events + fired, *history), None, fired)


def is_over(planned: PlannedRule, evidence: Evidence, state: RuleState, now_ms: int, step: Step) -> bool:
    """Whether what is held ended before this look: frames were missing for too long, or the truth was."""
    if state.interval is None:
        return False
    quiet_ms = now_ms - state.interval.last.capture_ms
    bridge_ms = bridged_ms(planned.rule.gap_ms, step.usual_ms, evidence)
    patience_ms = max(planned.rule.clear_ms, bridge_ms) if state.is_open else bridge_ms
    return step.step_ms > bridge_ms or quiet_ms > patience_ms


def close(state: RuleState) -> Outcome:
    """The session ends: what has fired ends with its last true moment; the rest waits, it may open again."""
    ended = state.interval if state.is_open else None
    return Outcome(_remember(state, ended), ended) if ended else Outcome(state)


def _fires(planned: PlannedRule, state: RuleState, interval: Interval, judged: Judgement, now_ms: int) -> bool:
    if interval.fired_ms is not None or not judged.truth or interval.held_ms < planned.rule.hold_ms:
        return False
    return state.events == 0 or now_ms - state.ended_ms >= planned.rule.cooldown_ms


def _remember(state: RuleState, ended: Interval) -> RuleState:
    span = Span(ended.onset.capture_ms, ended.last.capture_ms)
    longest = sorted((*state.longest, span), key=lambda one: (one.start_ms - one.end_ms, one.start_ms))
    duration_ms = state.duration_ms + span.end_ms - span.start_ms
    kept = tuple(longest[:REMEMBERED_SPANS])
    return RuleState(None, state.known_ms, state.events, duration_ms, span.end_ms, kept)
