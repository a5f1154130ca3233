"""The sixteen labels with what the shipped policy and model make of each, and how good that is: a table to read.

`measured.toml` beside this file holds the figures: for a label how many of its happenings were found, on what material.
Nothing stands there that `proctor evaluate` or the model factory did not print.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import Comparison, HeldRule, RateRule, Rule, ShareRule, tests_of
from scoring.rulebook.taxonomy import EXAM_LABELS, ExamLabel

HEADINGS = ("label", "origin", "counts from", "not known to the model", "found", "false events")
MEASURED = Path(__file__).with_name("measured.toml")


@dataclass(frozen=True, slots=True)
class Line:
    """One label: where it comes from, from what on it counts, what cannot be seen of it, how good it is."""

    label: str
    origin: str
    threshold: str
    unseen: str
    recall: str
    false_events: str


def table(policy: Policy, known: frozenset[str]) -> Iterator[Line]:
    """Every label; `known`: the classes of the object model that is served."""
    measured = tomllib.loads(MEASURED.read_text(encoding="utf-8"))
    for label in EXAM_LABELS:
        figures = measured.get(label.name, {})
        yield Line(
            label.name,
            f"{label.origin}: {label.source}",
            "; ".join(_limits(policy, label)) or "-",
            ", ".join(_unseen(label, known)),
            _recall(figures),
            _false(figures),
        )


def markdown_table(lines: Iterable[Line]) -> Iterator[str]:
    """The table as a README shows it."""
    yield _row(HEADINGS)
    yield _row("---" for _ in HEADINGS)
    yield from (_row(astuple(line)) for line in lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _limits(policy: Policy, label: ExamLabel) -> Iterator[str]:
    for name in label.rules:
        rule = policy.spec.rules.get(name)
        if rule is None or not rule.enabled:
            yield f"no rule {name}"
            continue
        tests = [test for test in tests_of(rule) if _concerns(label, test)]
        yield " or ".join(dict.fromkeys(_limit(test) for test in tests)) + _span(rule)


def _concerns(label: ExamLabel, test: Comparison) -> bool:
    """Of a rule over several things only the label's own tests; of other rules all."""
    kind, _, thing = test.signal.partition(":")
    return not label.objects or kind not in ("object", "second") or thing in label.objects


def _limit(test: Comparison) -> str:
    sign, limit = (">=", test.at_least) if test.at_least is not None else ("<=", test.at_most)
    return f"{test.signal.replace('object:', '').replace('second:', 'second ')} {sign} {limit:g}"


def _span(rule: Rule) -> str:
    match rule:
        case HeldRule(hold_ms=hold_ms):
            return f" for {hold_ms / 1000:g} s"
        case ShareRule(share=share, window_ms=window_ms):
            return f" in {share:.0%} of {window_ms / 1000:g} s"
        case RateRule(starts=starts, window_ms=window_ms):
            return f", {starts} times in {window_ms / 1000:g} s"
        case _:
            return ""


def _unseen(label: ExamLabel, known: frozenset[str]) -> Iterator[str]:
    return (thing for thing in label.objects if thing not in known)


def _recall(figures: Mapping[str, Any]) -> str:
    return f"{figures['found']} of {figures['of']} ({figures['on']})" if "found" in figures else "not measured"


def _false(figures: Mapping[str, Any]) -> str:
    if "false" not in figures:
        return "not measured"
    return f"{figures['false']} in {figures['minutes']:g} min"
