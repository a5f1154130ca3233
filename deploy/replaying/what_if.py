"""A policy's held rule as a question to the tables."""

from collections.abc import Iterable

from ingest.errors import InputError
from scoring.rulebook.policy import Policy
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.rule_document import Comparison, HeldRule
from scoring.rulebook.signals import source_of
from sinks.whatif import Ground, Question, Test, Try

STREAMS = ("faces", "objects")
UNANSWERED = "mouth_change"
"""Depends on every look before it."""


def held_rule(policy: Policy, name: str) -> HeldRule:
    """The policy's rule of that name.

    Raises: InputError when there is none, or when it is not one that SQL can answer.
    """
    rule = policy.spec.rules.get(name)
    held = [other for other, one in policy.spec.rules.items() if isinstance(one, HeldRule) and is_answerable(one)]
    mend = f"Rules that can be asked: {', '.join(sorted(held))}"
    if rule is None:
        raise InputError(f"rule {name!r}", f"policy {policy.name} has no such rule", mend)
    if not isinstance(rule, HeldRule):
        raise InputError(f"rule {name!r}", "is not of kind held", f"{mend}; for others: proctor replay")
    if not is_answerable(rule):
        raise InputError(
            f"rule {name!r}",
            "speaks of something else than single looks at faces or objects",
            f"{mend}; for others: proctor replay",
        )
    return rule


def is_answerable(rule: HeldRule) -> bool:
    """Whether its signals are those of faces or of objects, and can be told of each look by itself."""
    sources = [source_of(test.signal) for test in (*rule.when, *rule.only_if, *rule.trust)]
    return all(one is not None and one.stream in STREAMS and one.slot != UNANSWERED for one in sources)


def question_of(spec: PolicyDocument, rule: HeldRule) -> Question:
    """The question that the rule puts to each look."""
    quality, calibration, evidence = spec.quality, spec.calibration, spec.evidence
    ground = Ground(
        min_brightness=quality.min_brightness,
        min_sharpness=quality.min_sharpness,
        min_face_share=quality.min_face_share,
        eyes_closed_below=quality.eyes_closed_below,
        min_confidence=quality.min_confidence,
        spreads=calibration.spreads,
        widest=calibration.widest,
        bridged_steps=evidence.bridged_steps,
        longest_step_ms=evidence.longest_step_ms,
    )
    return Question(_tests(rule.when), _tests(rule.only_if), _tests(rule.trust), ground)


def try_of(rule: HeldRule) -> Try:
    """The rule's own numbers."""
    limits = tuple(limit_of(test) for test in rule.when)
    untils = tuple(limit if test.until is None else test.until for test, limit in zip(rule.when, limits, strict=True))
    return Try(limits, untils, rule.hold_ms, rule.gap_ms, rule.clear_ms, rule.cooldown_ms)


def limit_of(test: Comparison) -> float:
    """Its threshold, on whichever side."""
    return test.at_least if test.at_least is not None else test.at_most or 0.0


def _tests(tests: Iterable[Comparison]) -> tuple[Test, ...]:
    return tuple(Test(test.signal, test.at_least is not None, limit_of(test)) for test in tests)
