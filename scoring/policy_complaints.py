"""What is wrong with a policy whose fields are all of the right type: what they say about each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scoring.policy_document import AttentionRules, PolicyDocument
from scoring.refusals import REFUSALS
from scoring.rule_document import (
    CalibrationRule,
    CombinationRule,
    Comparison,
    RateRule,
    Rule,
    SequenceRule,
    ShareRule,
    tests_of,
)
from scoring.signals import signal_names, source_of


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one key of a policy, and the way out."""

    keys: tuple[str, ...]
    why: str
    mend: str


def complaints(spec: PolicyDocument) -> Iterator[Complaint]:
    """Everything that is wrong."""
    levels = spec.classes
    if not levels.borderline < levels.suspicious < levels.high_risk:
        yield Complaint(("classes",), "the levels do not rise", "Needed: borderline < suspicious < high_risk.")
    if not any(rule.enabled for rule in spec.rules.values()):
        yield Complaint(("rules",), "no rule is enabled", "Enable at least one.")
    if spec.attention is not None:
        yield from _about_attention(spec.attention)
    for name, rule in spec.rules.items():
        yield from _about_rule(("rules", name), rule)


def _about_attention(rules: AttentionRules) -> Iterator[Complaint]:
    for signal, level in rules.deviations.items():
        if level.lost <= level.free:
            yield Complaint(("attention", "deviations", signal), "lost is not above free", "Needed: free < lost.")


def _about_rule(keys: tuple[str, ...], rule: Rule) -> Iterator[Complaint]:
    for field, tests in (("when", tests_of(rule)), ("only_if", rule.only_if), ("trust", rule.trust)):
        for test in tests:
            yield from _unfit((*keys, field), test)
    yield from _streams(keys, rule)
    match rule:
        case ShareRule() if rule.until_share > rule.share:
            yield Complaint((*keys, "until_share"), "above share", "Needed: until_share <= share.")
        case RateRule() if rule.longest_ms and rule.longest_ms < rule.shortest_ms:
            yield Complaint((*keys, "longest_ms"), "below shortest_ms", "Needed: shortest_ms <= longest_ms, or 0.")
        case CalibrationRule():
            for reason in set(rule.refused) - set(REFUSALS):
                yield Complaint((*keys, "refused"), f"{reason!r} is no reason", f"Allowed: {', '.join(REFUSALS)}.")


def _streams(keys: tuple[str, ...], rule: Rule) -> Iterator[Complaint]:
    """A condition is judged at one look, so that all of it must come from one detector."""
    if isinstance(rule, CombinationRule | SequenceRule):
        for part in rule.parts:
            if len(_streams_of(part.when)) > 1:
                mend = "Make one part for each detector's signals."
                yield Complaint((*keys, "parts", "when"), "mixes signals of several detectors", mend)
        if rule.only_if or rule.trust:
            mend = "Put the comparison into a part of its own."
            yield Complaint(keys, "only_if and trust do not go with parts", mend)
    elif len(_streams_of((*tests_of(rule), *rule.only_if, *rule.trust))) > 1:
        mend = "Make one rule for each detector's signals, or a rule of kind combination."
        yield Complaint((*keys, "when"), "mixes signals of several detectors", mend)


def _streams_of(tests: Iterable[Comparison]) -> set[str]:
    return {source.stream for test in tests if (source := source_of(test.signal))}


def _unfit(keys: tuple[str, ...], test: Comparison) -> Iterator[Complaint]:
    if source_of(test.signal) is None:
        yield Complaint(keys, f"there is no signal {test.signal!r}", f"Allowed: {', '.join(signal_names())}.")
    if (test.at_least is None) == (test.at_most is None):
        yield Complaint(keys, f"{test.signal} needs one threshold", "Give either at_least or at_most.")
    elif test.until is not None and keys[-1] != "when":
        yield Complaint(keys, f"until of {test.signal} means nothing here", "Leave it out.")
    elif test.until is not None and not _releases(test, test.until):
        mend = "Under at_least it must lie in (0, at_least], over at_most at or above it; thresholds other than 0."
        yield Complaint(keys, f"until of {test.signal} is on the wrong side", mend)


def _releases(test: Comparison, until: float) -> bool:
    if test.at_least is not None:
        return 0.0 < until <= test.at_least
    return test.at_most is not None and 0.0 < test.at_most <= until
