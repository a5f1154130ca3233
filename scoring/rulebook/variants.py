"""How accommodations change what counts: beside a rule runs a variant; the rule's events count when the variant's do.

A variant never finds an event of its own: it only lets one of the rule count. So an accommodation can never add.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from scoring.rulebook.accommodations import Accommodation, Break, Helper, Looser, MedicalDevice, RulesOff
from scoring.rulebook.plan import PlannedRule, PlannedTest
from scoring.rulebook.rule_document import CalibrationRule
from scoring.rulebook.signals import OBJECT, SECOND

OTHERS = ("another_person", "another_voice")
"""Labels of rules about people other than the candidate."""

FIRST_VARIANT = 1000
"""A variant's place is its rule's place behind this one."""

Variant = tuple[PlannedRule | None, str]
"""The wider rule (None: no event of the rule counts), and the reason in the accommodation's words."""

Variants = Mapping[int, Variant]
"""By the place of the rule; a rule that is not among them is as for anybody."""


def variants_of(rules: Sequence[PlannedRule], accommodations: Sequence[Accommodation]) -> Variants:
    """The variants that these accommodations make; accommodations that fit no rule change nothing."""
    found: dict[int, Variant] = {}
    for rule in rules:
        variant: Variant = (replace(rule, place=FIRST_VARIANT + rule.place), "")
        changes = [one for one in accommodations if _touches(one, rule)]
        for one in changes:
            variant = _apply(one, *variant)
        if changes:
            found[rule.place] = variant
    return found


def breaks_of(accommodations: Sequence[Accommodation]) -> tuple[tuple[int, int], ...]:
    """The breaks, merged and in order, in ms after the session's start."""
    spans = sorted((one.from_ms, one.to_ms) for one in accommodations if isinstance(one, Break))
    return tuple(_merged(spans))


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(spans):
        start, end = spans[at]
        while at < len(spans) and spans[at][0] <= end:
            end, at = max(end, spans[at][1]), at + 1
        if end > start:
            yield start, end


def _touches(one: Accommodation, rule: PlannedRule) -> bool:
    match one:
        case RulesOff():
            return rule.name in one.rules or rule.label in one.rules
        case Looser():
            return rule.name == one.rule and not isinstance(rule.rule, CalibrationRule)
        case Break():
            return True
        case Helper():
            return rule.label in OTHERS
        case MedicalDevice():
            return any(_is_about(test, one.label) for test in rule.tests)


def _apply(one: Accommodation, rule: PlannedRule | None, reason: str) -> Variant:
    if rule is None:
        return rule, reason
    reason = f"{reason}; {one.reason}" if reason else one.reason
    match one:
        case RulesOff() | Helper():
            return None, reason
        case Break():
            return rule, reason
        case Looser():
            return _loosened(rule, one), reason
        case MedicalDevice():
            tests = tuple(test for test in rule.tests if not _is_about(test, one.label))
            whole = {test.part for test in tests} == set(range(rule.parts))
            return (replace(rule, tests=tests) if whole else None), reason


def _loosened(rule: PlannedRule, one: Looser) -> PlannedRule:
    """A limit that would be narrower than the policy's stays as it is."""
    tests = tuple(_widened(test, one.thresholds.get(test.signal, test.threshold)) for test in rule.tests)
    return replace(rule, hold_ms=max(rule.hold_ms, one.hold_ms or 0), tests=tests)


def _widened(test: PlannedTest, limit: float) -> PlannedTest:
    """The personal widening stays at least what it was."""
    limit = max(test.threshold, limit) if test.upward else min(test.threshold, limit)
    scale = limit / test.threshold if test.threshold else 1.0
    return replace(test, threshold=limit, widest=max(test.widest, round(test.widest * scale, 4)))


def _is_about(test: PlannedTest, label: str) -> bool:
    return test.signal in (OBJECT + label, SECOND + label)
