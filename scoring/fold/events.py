"""Risk events as messages: when a rule fires, and the same event complete with its explanation."""

from scoring.fold.evidence import Beyond, Interval, Moment
from scoring.fold.histories import span_ms
from scoring.fold.score import points
from scoring.fold.state import SessionState
from scoring.messages import Counterfactual, Direction, RiskClosed, RiskOpened, event_id
from scoring.rulebook.plan import PlannedRule, PlannedTest
from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import (
    CalibrationRule,
    CombinationRule,
    HeldRule,
    RateRule,
    SequenceRule,
    ShareRule,
)
from scoring.rulebook.signals import FLAGS, OBJECT, SECOND

UNCALIBRATED = 0.75
"""What an event is worth that was measured against an average person's baseline: the spread of resting poses between
people is about a quarter of the thresholds."""

_CONFIDENCES = ("hand_at_face", "hand_signal", "hand_holding", "other_voice")
_DIRECTIONS: dict[str, tuple[Direction, Direction]] = {
    "head_yaw": ("left", "right"),
    "head_pitch": ("down", "up"),
    "gaze_x": ("left", "right"),
    "sight": ("left", "right"),
    "gaze_y": ("up", "down"),
}
"""Where a negative and a positive deviation point to in the picture."""

_SIDES: dict[str, Direction] = {"left": "left", "right": "right", "up": "up", "down": "down"}


def opened(state: SessionState, planned: PlannedRule, held: Interval) -> RiskOpened:
    """The rule has fired, and its condition still holds."""
    return RiskOpened(
        event_id=_identity(state, planned, held),
        session=state.session,
        policy=state.policy,
        rule=planned.name,
        start_ms=held.onset.capture_ms,
        fired_ms=held.fired_ms or 0,
        points=points(planned.millipoints),
        permanent=planned.rule.permanent,
        onset=held.onset.ref(),
        ingested_ms=state.ingested_ms,
        label=planned.label,
    )


def closed(policy: Policy, state: SessionState, planned: PlannedRule, held: Interval) -> RiskClosed:
    """The event from its onset to the last moment that its condition was seen true."""
    beyond = held.beyond
    test = planned.tests[beyond.test] if planned.tests else None
    return RiskClosed(
        event_id=_identity(state, planned, held),
        session=state.session,
        policy=state.policy,
        rule=planned.name,
        start_ms=held.onset.capture_ms,
        fired_ms=held.fired_ms or 0,
        end_ms=held.last.capture_ms,
        points=points(planned.millipoints * (1 + held.repeats)),
        permanent=planned.rule.permanent,
        signal=test.signal if test else "calibration",
        threshold=beyond.threshold,
        peak=round(_told(planned, test, beyond), 4),
        hold_ms=planned.hold_ms,
        onset=held.onset.ref(),
        peak_frame=held.peak.ref(),
        end_frame=held.last.ref(),
        ingested_ms=state.ingested_ms,
        label=planned.label,
        direction=_direction(planned, test, beyond),
        held_ms=held.true_ms,
        repeats=held.repeats,
        confidence=_confidence(state, planned, test, held),
        suppressed=policy.variants[planned.place][1] if held.counted_ms is None else "",
        unless=_counterfactual(planned, test, held),
    )


def instant(first: Moment, last: Moment, limit: float, share: float) -> Interval:
    """What calibration showed, as an event that is already over."""
    excess = (share - limit) / limit
    return Interval(first, last, first, Beyond(0, limit, share, excess), 0, fired_ms=last.capture_ms)


def _identity(state: SessionState, planned: PlannedRule, held: Interval) -> str:
    return event_id(state.session, state.policy, planned.name, held.onset.key)


def _is_direct(planned: PlannedRule) -> bool:
    """Whether the rule's numbers are the signal's own."""
    return not isinstance(planned.rule, ShareRule | RateRule | CombinationRule | SequenceRule | CalibrationRule)


def _told(planned: PlannedRule, test: PlannedTest | None, beyond: Beyond) -> float:
    """The extreme as the rule sees it: the size of a deviation, or how far it is on the rule's side."""
    if test is None or not test.signed or not _is_direct(planned):
        return beyond.value
    return abs(beyond.value) if test.side == 0 else beyond.value * test.side


def _direction(planned: PlannedRule, test: PlannedTest | None, beyond: Beyond) -> Direction:
    """Where in the picture; nothing for a signal without a side, or when several together made the event."""
    if test is None or not test.signed:
        return ""
    _, _, side = test.signal.partition("_")
    if side in _SIDES:
        return _SIDES[side]
    if not _is_direct(planned) or test.signal not in _DIRECTIONS:
        return ""
    return _DIRECTIONS[test.signal][beyond.value > 0.0]


def _confidence(state: SessionState, planned: PlannedRule, test: PlannedTest | None, held: Interval) -> float:
    """Share of the event that was seen true, times the detector's own confidence at the peak, less when the person's
    baseline is not known."""
    seen = held.sure_ms / held.true_ms if held.true_ms else 1.0
    is_sure = test is not None and (test.signal.startswith((OBJECT, SECOND)) or test.signal in _CONFIDENCES)
    own = held.beyond.value if is_sure and _is_direct(planned) else 1.0
    calibrated = state.baseline is not None and state.baseline.status == "SUCCESS"
    relative = any(test.needs == "face" for test in planned.tests)
    return round(min(1.0, seen) * own * (1.0 if calibrated or not relative else UNCALIBRATED), 4)


def _counterfactual(planned: PlannedRule, test: PlannedTest | None, held: Interval) -> Counterfactual | None:
    """The smallest relative change of one number of the rule that would surely have kept the event away, if any."""
    match planned.rule:
        case ShareRule() | CalibrationRule():
            share = _just_over(held.beyond.value)
            return Counterfactual(field="share", value=share) if share <= 1.0 else None
        case RateRule():
            return Counterfactual(field="starts", value=held.beyond.value + 1.0)
        case CombinationRule(window_ms=window_ms) | SequenceRule(window_ms=window_ms):
            took_ms = span_ms(window_ms, held.beyond)
            return Counterfactual(field="window_ms", value=took_ms - 1.0) if took_ms else None
        case _:
            return _by_limit(planned, test, held)


def _by_limit(planned: PlannedRule, test: PlannedTest | None, held: Interval) -> Counterfactual | None:
    """By the hold or by the threshold, whichever is nearer; a threshold decides only where one test alone was true."""
    rule, beyond = planned.rule, held.beyond
    by_hold = Counterfactual(field="hold_ms", value=held.true_ms + 1.0) if isinstance(rule, HeldRule) else None
    is_flag = test is not None and test.signal in FLAGS
    has_scale = test is not None and test.upward and test.needs not in ("count", "body") and not is_flag
    if test is None or not has_scale or held.shown.bit_count() > 1:
        return by_hold
    by_threshold = Counterfactual(field="threshold", value=_just_over(_told(planned, test, beyond)))
    if by_hold is None or not planned.hold_ms:
        return by_threshold
    longer = (by_hold.value - planned.hold_ms) / planned.hold_ms
    return by_hold if longer <= beyond.excess else by_threshold


def _just_over(value: float) -> float:
    """The next number of four digits above."""
    return round(int(value * 10_000 + 1.0 + 1e-6) / 10_000, 4)
