"""What one person is allowed, as a TOML file: a list of [[allow]], each with its kind and the reason.

It is checked against the policy of the exam: a rule or label that the policy has not, or a limit narrower than the
policy's, is a mistake here. At scoring it would silently change nothing.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import inspect

from ingest.errors import InputError
from scoring.rulebook.accommodations import (
    Accommodation,
    Accommodations,
    Break,
    Looser,
    MedicalDevice,
    RulesOff,
)
from scoring.rulebook.complaint import Complaint, Keys, allowed
from scoring.rulebook.field_complaints import misfits
from scoring.rulebook.plan import PlannedRule, PlannedTest
from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import CalibrationRule
from scoring.rulebook.signals import OBJECT, SECOND
from scoring.rulebook.toml_file import TomlFile, read_toml

_MEND = "Give the path of a TOML file with [[allow]] tables."
LONGEST_BREAK_MS = 14_400_000
"""Four hours: a break that is longer was meant in seconds."""


class AllowDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: at least one table."""

    allow: Accommodations


_WRITTEN = inspect.type_info(AllowDocument)


def read_accommodations(path: Path, policy: Policy) -> tuple[Accommodation, ...]:
    """What the file allows under the policy.

    Raises: InputError, the first of those that `examine_accommodations` finds.
    """
    found, errors = examine_accommodations(path, policy)
    for error in errors:
        raise error
    return found


def examine_accommodations(path: Path, policy: Policy) -> tuple[tuple[Accommodation, ...], tuple[InputError, ...]]:
    """What the file allows, or everything that is wrong with it."""
    try:
        file = read_toml("accommodations", path, _MEND)
    except InputError as error:
        return (), (error,)
    wrong = list(misfits(file.raw, _WRITTEN)) or list(_unfit(file, policy))
    if wrong:
        return (), file.errors(wrong)
    return msgspec.convert(file.raw, AllowDocument).allow, ()


def _unfit(file: TomlFile, policy: Policy) -> Iterator[Complaint]:
    """What does not fit the policy."""
    read = msgspec.convert(file.raw, AllowDocument).allow
    if not read:
        yield Complaint(("allow",), "is empty", "Write at least one [[allow]] table.")
    for place, one in enumerate(read):
        yield from _about(one, ("allow", f"[{place}]"), policy)


def _about(one: Accommodation, keys: Keys, policy: Policy) -> Iterator[Complaint]:
    match one:
        case RulesOff(rules=names):
            known = sorted({rule.name for rule in policy.rules} | {rule.label for rule in policy.rules})
            for place, name in enumerate(names):
                if name not in known:
                    why = f"policy {policy.name!r} has no rule or label {name!r}"
                    yield Complaint((*keys, "rules", f"[{place}]"), why, allowed(known, name))
        case Looser():
            yield from _about_looser(one, keys, policy)
        case Break():
            yield from _about_break(one, keys)
        case MedicalDevice(label=label):
            things = sorted({thing for rule in policy.rules for test in rule.tests if (thing := _thing(test))})
            if label not in things:
                why = f"no rule of policy {policy.name!r} is about a thing {label!r}"
                yield Complaint((*keys, "label"), why, allowed(things, label))


def _thing(test: PlannedTest) -> str:
    """The label of the object that a test is about; empty: it is about none."""
    return test.signal.partition(":")[2] if test.signal.startswith((OBJECT, SECOND)) else ""


def _about_break(one: Break, keys: Keys) -> Iterator[Complaint]:
    if one.to_ms <= one.from_ms:
        mend = "Needed: from_ms < to_ms, milliseconds after the session's start."
        yield Complaint((*keys, "to_ms"), "the break ends before it begins", mend)
    elif one.to_ms - one.from_ms > LONGEST_BREAK_MS:
        mend = "Times are milliseconds after the session's start."
        yield Complaint((*keys, "to_ms"), "the break is longer than four hours", mend)


def _about_looser(one: Looser, keys: Keys, policy: Policy) -> Iterator[Complaint]:
    rules = {rule.name: rule for rule in policy.rules if not isinstance(rule.rule, CalibrationRule)}
    rule = rules.get(one.rule)
    if rule is None:
        why = f"policy {policy.name!r} has no rule {one.rule!r} that can be loosened"
        yield Complaint((*keys, "rule"), why, allowed(sorted(rules), one.rule))
        return
    if one.hold_ms is None and not one.thresholds:
        yield Complaint(keys, "nothing is loosened", "Give hold_ms, thresholds or both.")
    if one.hold_ms is not None and one.hold_ms < rule.hold_ms:
        why = f"{one.hold_ms} is narrower than the policy's {rule.hold_ms}"
        yield Complaint((*keys, "hold_ms"), why, f"Needed: {rule.hold_ms} or more.")
    for signal, limit in one.thresholds.items():
        yield from _about_threshold((*keys, "thresholds", signal), signal, limit, rule)


def _about_threshold(keys: Keys, signal: str, limit: float, rule: PlannedRule) -> Iterator[Complaint]:
    tests = [test for test in rule.tests if test.signal == signal]
    if not tests:
        signals = sorted({test.signal for test in rule.tests})
        yield Complaint(keys, f"rule {rule.name!r} does not look at {signal!r}", allowed(signals, signal))
    for test in tests:
        if limit < test.threshold if test.upward else limit > test.threshold:
            side = "more" if test.upward else "less"
            why = f"{limit:g} is narrower than the policy's {test.threshold:g}"
            yield Complaint(keys, why, f"Needed: {test.threshold:g} or {side}.")
