"""Is a rule's condition true now? Three answers: true, false, and unknown, which neither starts nor clears anything."""

from collections.abc import Sequence
from typing import NamedTuple

from scoring.policy import PlannedRule, PlannedTest
from scoring.signals import Values
from scoring.state import Beyond


class Judgement(NamedTuple):
    """The condition's `truth` (None: unknown), the latched tests as bits, and the one furthest beyond, if true."""

    truth: bool | None
    latched: int
    beyond: Beyond | None


def judge(rule: PlannedRule, thresholds: Sequence[float], latched: int, values: Values) -> Judgement:
    """True when one test is; false when all are; otherwise unknown. A true test stays so until `until` is passed."""
    unknown, best = False, None
    for place, test in enumerate(rule.tests):
        measured, bit, limit = values.get(test.signal), 1 << place, thresholds[place]
        if measured is None:
            unknown = True
            continue
        bound = limit * test.keep if latched & bit else limit
        if not (measured >= bound if test.upward else measured <= bound):  # so that what is not a number is false
            latched &= ~bit
        else:
            latched |= bit
            excess = _excess(test, measured, limit)
            if best is None or excess > best.excess:
                best = Beyond(place, limit, measured, excess)
    return Judgement(True if best else None if unknown else False, latched, best)


def _excess(test: PlannedTest, value: float, limit: float) -> float:
    """How far beyond its limit, relative to it, so that degrees and shares compare."""
    distance = value - limit if test.upward else limit - value
    return distance / abs(limit) if limit else distance


def policy_thresholds(rules: Sequence[PlannedRule]) -> tuple[tuple[float, ...], ...]:
    """The thresholds as the policy has them, by rule and test."""
    return tuple(tuple(test.threshold for test in rule.tests) for rule in rules)


def personal_thresholds(
    rules: Sequence[PlannedRule], spread: Sequence[float], spreads: float, widest: float
) -> tuple[tuple[float, ...], ...]:
    """Widened for a restless person: at least `spreads` of their own spread, at most `widest` times the policy's."""
    return tuple(tuple(_widened(test, spread[test.measure] * spreads, widest) for test in rule.tests) for rule in rules)


def _widened(test: PlannedTest, own: float, widest: float) -> float:
    if not (test.adapts and test.upward):
        return test.threshold
    return round(min(max(test.threshold, own), test.threshold * widest), 4)
