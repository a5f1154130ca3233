"""What is wrong with a policy whose fields are all of the right type: what they say about each other."""

from collections.abc import Iterable, Iterator

from scoring.rulebook.complaint import Complaint, Keys, allowed
from scoring.rulebook.policy_document import AttentionRules, PolicyDocument
from scoring.rulebook.refusals import REFUSALS
from scoring.rulebook.rule_document import (
    CalibrationRule,
    CombinationRule,
    Comparison,
    RateRule,
    Rule,
    SequenceRule,
    ShareRule,
    tests_of,
)
from scoring.rulebook.signals import FLAGS, OBJECT, SECOND, SLOTS, signal_names, source_of
from triton_models.taxonomy import TAXONOMY

__all__ = ["Complaint", "complaints", "rule_complaints"]

_SHARES = (*SLOTS["hands"], "speech", "other_voice", "absent", "turned_away", *FLAGS)
"""Signals that are never above 1, beside the confidences of objects."""


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
        yield from rule_complaints(("rules", name), rule)


def _about_attention(rules: AttentionRules) -> Iterator[Complaint]:
    for signal, level in rules.deviations.items():
        if level.lost <= level.free:
            yield Complaint(("attention", "deviations", signal), "lost is not above free", "Needed: free < lost.")
    for name, least in rules.levels.items():
        if least > 100.0:
            yield Complaint(("attention", "levels", name), "can never be reached", "Attention is 0 to 100.")
    if len(set(rules.levels.values())) < len(rules.levels):
        yield Complaint(("attention", "levels"), "two levels begin at the same number", "Give each its own.")


def rule_complaints(keys: Keys, rule: Rule) -> Iterator[Complaint]:
    """Everything that is wrong with one rule."""
    for place, test in _placed_tests(keys, rule):
        yield from _unfit(place, test)
    yield from _streams(keys, rule)
    match rule:
        case ShareRule() if rule.until_share > rule.share:
            yield Complaint((*keys, "until_share"), "above share", "Needed: until_share <= share.")
        case RateRule() if rule.longest_ms and rule.longest_ms < rule.shortest_ms:
            yield Complaint((*keys, "longest_ms"), "below shortest_ms", "Needed: shortest_ms <= longest_ms, or 0.")
        case RateRule() if rule.shortest_ms and not rule.longest_ms:
            yield Complaint((*keys, "shortest_ms"), "means nothing without longest_ms", "Give longest_ms, too.")
        case CalibrationRule():
            yield from _about_calibration(keys, rule)


def _placed_tests(keys: Keys, rule: Rule) -> Iterator[tuple[Keys, Comparison]]:
    """Every comparison of the rule with its place."""
    if isinstance(rule, CombinationRule | SequenceRule):
        for part, one in enumerate(rule.parts):
            yield from _numbered((*keys, "parts", f"[{part}]", "when"), one.when)
    else:
        yield from _numbered((*keys, "when"), tests_of(rule))
    yield from _numbered((*keys, "only_if"), rule.only_if)
    yield from _numbered((*keys, "trust"), rule.trust)


def _numbered(keys: Keys, tests: Iterable[Comparison]) -> Iterator[tuple[Keys, Comparison]]:
    return (((*keys, f"[{number}]"), test) for number, test in enumerate(tests))


def _about_calibration(keys: Keys, rule: CalibrationRule) -> Iterator[Complaint]:
    for place, reason in enumerate(rule.refused):
        if reason not in REFUSALS:
            mend = allowed(REFUSALS, reason)
            yield Complaint((*keys, "refused", f"[{place}]"), f"{reason!r} is no reason for refusing a frame", mend)
    for field in ("only_if", "trust"):
        if getattr(rule, field):
            yield Complaint((*keys, field), "means nothing in a rule about calibration", "Leave it out.")


def _streams(keys: Keys, rule: Rule) -> Iterator[Complaint]:
    """A condition is judged at one look, so that all of it must come from one detector."""
    if isinstance(rule, CombinationRule | SequenceRule):
        for place, part in enumerate(rule.parts):
            if len(_streams_of(part.when)) > 1:
                mend = "Make one part for each detector's signals."
                yield Complaint((*keys, "parts", f"[{place}]", "when"), "mixes signals of several detectors", mend)
        for field in ("only_if", "trust"):
            if getattr(rule, field):
                mend = "Put the comparison into a part of its own."
                yield Complaint((*keys, field), "does not go with parts", mend)
    elif len(_streams_of((*tests_of(rule), *rule.only_if, *rule.trust))) > 1:
        mend = "Make one rule for each detector's signals, or a rule of kind combination."
        yield Complaint((*keys, "when"), "mixes signals of several detectors", mend)


def _streams_of(tests: Iterable[Comparison]) -> set[str]:
    return {source.stream for test in tests if (source := source_of(test.signal))}


def _unfit(keys: Keys, test: Comparison) -> Iterator[Complaint]:
    yield from _unknown((*keys, "signal"), test.signal)
    if (test.at_least is None) == (test.at_most is None):
        yield Complaint(keys, f"{test.signal} needs one threshold", "Give either at_least or at_most.")
        return
    if test.at_least is not None and test.at_least > 1.0 and _is_share(test.signal):
        yield Complaint((*keys, "at_least"), f"{test.signal} never reaches {test.at_least:g}", "It is 0 to 1.")
    if test.until is None:
        return
    if "when" not in keys:
        yield Complaint((*keys, "until"), f"until of {test.signal} means nothing here", "Leave it out.")
    elif not _releases(test, test.until):
        mend = "Under at_least it must lie in (0, at_least], over at_most at or above it; thresholds other than 0."
        yield Complaint((*keys, "until"), f"until of {test.signal} is on the wrong side", mend)


def _unknown(keys: Keys, signal: str) -> Iterator[Complaint]:
    for prefix in (OBJECT, SECOND):
        label = signal.removeprefix(prefix)
        if signal.startswith(prefix) and label not in TAXONOMY:
            yield Complaint(keys, f"no object is labelled {label!r}", allowed(TAXONOMY, label))
            return
    if source_of(signal) is None:
        yield Complaint(keys, f"there is no signal {signal!r}", allowed(signal_names(), signal))


def _is_share(signal: str) -> bool:
    return signal in _SHARES or signal.startswith((OBJECT, SECOND))


def _releases(test: Comparison, until: float) -> bool:
    if test.at_least is not None:
        return 0.0 < until <= test.at_least
    return test.at_most is not None and 0.0 < test.at_most <= until
