"""Rules in words, and the thresholds that were applied to a person: the same that the fold applies."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.fold.calibration import own_widths
from scoring.fold.conditions import judge
from scoring.rulebook.policy import Policy, load_policy
from scoring.rulebook.policy_file import presets
from scoring.rulebook.signals import MEASURES, SLOTS
from sinks.report.policy_text import ComparisonText, RuleText, personal_thresholds, read_policy_text

YAW, FACES = ComparisonText(signal="head_yaw", at_least=20.0), ComparisonText(signal="face_count", at_most=0.0)
HIDDEN = ComparisonText(signal="tab_hidden", at_least=1.0)


@pytest.mark.parametrize(("rule", "expected"), [
    (RuleText(kind="held", when=(YAW, FACES), hold_ms=3_000),
     "head sideways at least 20° or faces at most 0, for 3.0 s"),
    (RuleText(kind="immediate", when=(HIDDEN,)), "tab hidden"),
    (RuleText(kind="share", when=(YAW,), share=0.5, window_ms=60_000),
     "head sideways at least 20°, for 50 % of 60.0 s"),
    (RuleText(kind="rate", when=(HIDDEN,), starts=3, window_ms=60_000), "tab hidden, 3 times within 60.0 s"),
    (RuleText(kind="held", when=(YAW,), only_if=(FACES, HIDDEN), hold_ms=1_000),
     "head sideways at least 20°, for 1.0 s, while faces at most 0 and tab hidden"),
    (RuleText(kind="calibration", share=0.3, refused=("no_face", "moving")),
     "30 % of the frames of calibration refused (no face, moving)"),
    (RuleText(), ""),
])  # fmt: skip
def test_what_a_rule_asks_for(rule: RuleText, expected: str) -> None:
    assert rule.asks.replace("\u00a0", " ") == expected


@pytest.mark.parametrize("document", ["", "{", "[]", '{"rules": 7}', '{"rules": {"a": {"hold_ms": "x"}}}', "\ud800"])
def test_a_text_that_cannot_be_read_has_no_words(document: str) -> None:
    assert read_policy_text(document).rules == {}


@pytest.mark.parametrize("name", presets())
def test_every_rule_of_every_preset_has_words(name: str) -> None:
    policy = preset(name)
    text = read_policy_text(policy.document)
    assert set(text.rules) >= {rule.name for rule in policy.rules} != set()
    for rule in policy.rules:
        words = text.rule(rule.name)
        assert words.says == rule.rule.says
        assert words.asks.strip(", ") == words.asks != ""


@pytest.mark.parametrize("name", presets())
@settings(deadline=None, max_examples=30)
@given(spread=st.tuples(*(st.floats(0.0, 40.0) for _ in MEASURES)))
def test_personal_thresholds_are_those_that_the_fold_applies(name: str, spread: tuple[float, ...]) -> None:
    """Catches a formula here that differs from the fold's (tried: without `widest`)."""
    policy = preset(name)
    told = personal_thresholds(read_policy_text(policy.document), dict(zip(MEASURES, spread, strict=True)))
    own = own_widths(spread, policy.spec.calibration.spreads)
    for rule in policy.rules:
        for test in rule.tests:
            assert told[rule.name][test.signal] == applied(policy, own, rule.place, test.number)


@cache
def preset(name: str) -> Policy:
    return load_policy(name)


def applied(policy: Policy, own: tuple[float, ...], place: int, number: int) -> float:
    """The limit in the fold's own words: what it says that a value far beyond was measured against."""
    rule = replace(policy.rules[place], only_if=(), trust=())
    test = rule.tests[number]
    slots = policy.object_slots if test.stream == "objects" else SLOTS[test.stream]
    values: list[float | None] = [None] * len(slots)
    values[test.slot] = (1e9 if test.upward else -1e9) * (test.side or 1)
    beyond = judge(rule, [test], own, 0, values).beyond
    assert beyond is not None
    return beyond.threshold
