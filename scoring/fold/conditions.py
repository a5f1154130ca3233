"""Is a rule's condition true now? Three answers: true, false, and unknown, which neither starts nor clears anything."""

from collections.abc import Sequence

from scoring.fold.evidence import Beyond
from scoring.fold.packing import Passing
from scoring.rulebook.plan import PlannedRule, PlannedTest
from scoring.rulebook.signals import Stream, Values


class Judgement(Passing, frozen=True, gc=False):
    """The condition's `truth` (None: unknown), the latched tests as bits, and the one furthest beyond, if true."""

    truth: bool | None
    latched: int
    beyond: Beyond | None


def judge(
    rule: PlannedRule, tests: Sequence[PlannedTest], own: Sequence[float], latched: int, values: Values
) -> Judgement:
    """True when one of the tests is and all conditions beside them; false when that is excluded; otherwise unknown.

    `tests`: those of the rule that speak of `values`. A true test stays so until `until` is passed. In a picture that
    the rule does not trust everything is unknown.
    """
    if rule.trust and not _are_all_true(rule.trust, own, values):
        return Judgement(None, latched, None)
    found = _any_of(tests, own, latched, values)
    if not rule.only_if or found.truth is False:
        return found
    beside = _are_all_true(rule.only_if, own, values)
    if beside and found.truth:
        return found
    return Judgement(False if beside is False else None, latched, None)


def _any_of(tests: Sequence[PlannedTest], own: Sequence[float], latched: int, values: Values) -> Judgement:
    unknown, best = False, None
    for test in tests:
        value = values[test.slot]
        if value is None:
            unknown = True
            continue
        measured, bit = (value if not test.signed else _on_side(test, value)), 1 << test.number
        limit = test.threshold if not own or test.measure < 0 else _limit(test, own)
        bound = limit * test.keep if latched & bit else limit
        if not (measured >= bound if test.upward else measured <= bound):  # so that what is not a number is false
            latched &= ~bit
        else:
            latched |= bit
            excess = _excess(test, measured, limit)
            if best is None or excess > best.excess:
                best = Beyond(test.number, limit, value, excess)
    return Judgement(True if best else None if unknown else False, latched, best)


def _are_all_true(tests: Sequence[PlannedTest], own: Sequence[float], values: Values) -> bool | None:
    unknown = False
    for test in tests:
        value = values[test.slot]
        if value is None:
            unknown = True
            continue
        measured, limit = (value if not test.signed else _on_side(test, value)), _limit(test, own)
        if not (measured >= limit if test.upward else measured <= limit):
            return False
    return None if unknown else True


def is_trusted(trust: Sequence[PlannedTest], own: Sequence[float], values: Values) -> bool:
    """Whether the picture is as good as a rule asks for."""
    return not trust or _are_all_true(trust, own, values) is True


def tests_on(rule: PlannedRule, stream: Stream) -> Sequence[PlannedTest]:
    """The rule's tests that speak of this stream."""
    return [test for test in rule.tests if test.stream == stream]


def _on_side(test: PlannedTest, value: float) -> float:
    """The size of a deviation, or how far it is on the test's side."""
    return abs(value) if test.side == 0 else value * test.side


def _limit(test: PlannedTest, own: Sequence[float]) -> float:
    """The threshold for this person: a restless one gets a wider one."""
    if test.measure >= 0 and own and own[test.measure] > test.threshold:
        return min(own[test.measure], test.widest)
    return test.threshold


def _excess(test: PlannedTest, value: float, limit: float) -> float:
    """How far beyond its limit, relative to it, so that degrees and shares compare."""
    distance = value - limit if test.upward else limit - value
    return distance / abs(limit) if limit else distance
