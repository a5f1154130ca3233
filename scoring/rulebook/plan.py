"""A policy's rules made ready to run: tests by slot, what each needs to be known, when it need not be run at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.rule_document import (
    CalibrationRule,
    CombinationRule,
    Comparison,
    HeldRule,
    ImmediateRule,
    RateRule,
    Rule,
    SequenceRule,
    ShareRule,
    tests_of,
)
from scoring.rulebook.signals import DEVIATIONS, OBJECT, SECOND, SLOTS, SPREADS, Needs, Source, Stream, source_of


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A test ready to run.

    `number`: its place in the rule (its bit while it is latched); `part`: whose part of the rule it belongs to; `slot`:
    where in the stream's values; `side`: 0 for the size, 1 or -1 for that side. `keep` = until / threshold. `measure`:
    place in MEASURES of the spread that widens it up to `widest` (-1: it is the same for everybody).
    """

    number: int
    part: int
    signal: str
    stream: Stream
    slot: int
    side: int
    signed: bool
    upward: bool
    threshold: float
    keep: float
    measure: int
    widest: float
    needs: Needs


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule ready to run; `place`: among the policy's rules. Points are in thousandths, times in milliseconds.

    `remembers`: it looks at more than the moment. `waits`: it is about the candidate's face alone, so that what is seen
    before the person's baseline is known is judged when it is.
    """

    place: int
    name: str
    label: str
    rule: Rule
    tests: tuple[PlannedTest, ...]
    parts: int
    only_if: tuple[PlannedTest, ...]
    trust: tuple[PlannedTest, ...]
    streams: tuple[Stream, ...]
    groups: tuple[int, ...]
    hold_ms: int
    gap_ms: int
    clear_ms: int
    millipoints: int
    is_conduct: bool
    remembers: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that can judge at the same looks share one account of time; `number`: its place in the state.

    `body`: somebody whose face is turned away is as good as a pose: they fire on it. `waits`: they judge looks from
    before the baseline, too. `parts`: slots of objects; of every part one must be of a
    label that the model knows. `voice`: of sound it must be known whose it is.
    """

    number: int
    count: bool
    face: bool
    body: bool
    clear: bool
    waits: bool
    trust: tuple[PlannedTest, ...]
    parts: tuple[tuple[int, ...], ...] = ()
    voice: bool = False


class Band(NamedTuple):
    """While a slot's value lies between `low` and `high`, none of the rules at `places` can become true by it."""

    slot: int
    low: float
    high: float
    places: tuple[int, ...]


_Key = tuple[Stream, frozenset[Needs], bool, tuple[PlannedTest, ...], tuple[tuple[int, ...], ...]]


def plan_rules(spec: PolicyDocument) -> tuple[PlannedRule, ...]:
    """The enabled rules in the order of their names, their groups numbered."""
    enabled = sorted((name, rule) for name, rule in spec.rules.items() if rule.enabled)
    slots = object_slots(spec)
    rules = [plan_rule(place, name, rule, spec, slots) for place, (name, rule) in enumerate(enabled)]
    numbers: dict[_Key, int] = {}
    return tuple(
        replace(rule, groups=tuple(numbers.setdefault(key, len(numbers)) for key in _keys(rule))) for rule in rules
    )


def plan_rule(place: int, name: str, rule: Rule, spec: PolicyDocument, slots: Mapping[str, int]) -> PlannedRule:
    """One rule; a rule whose kind has no hold, gap or clearing time has 0."""
    tests = tuple(_plan_tests(rule, spec, slots))
    only_if, trust = (
        tuple(_plan_test(0, 0, test, spec, slots) for test in some) for some in (rule.only_if, rule.trust)
    )
    return PlannedRule(
        place=place,
        name=name,
        label=rule.label or name,
        rule=rule,
        tests=tests,
        parts=len(rule.parts) if isinstance(rule, CombinationRule | SequenceRule) else 1,
        only_if=only_if,
        trust=trust,
        streams=tuple(sorted({test.stream for test in tests})),
        groups=(),
        hold_ms=rule.hold_ms if isinstance(rule, HeldRule) else 0,
        gap_ms=rule.gap_ms if isinstance(rule, HeldRule | ImmediateRule) else 0,
        clear_ms=_clear_ms(rule),
        millipoints=round(rule.points * 1000),
        is_conduct=rule.about == "conduct",
        remembers=isinstance(rule, ShareRule | RateRule | CombinationRule | SequenceRule),
        waits=_is_about_the_face((*tests, *only_if)),
    )


def _is_about_the_face(tests: Sequence[PlannedTest]) -> bool:
    return all(test.stream == "faces" for test in tests) and any(test.needs == "face" for test in tests)


def _clear_ms(rule: Rule) -> int:
    """An event of starts or parts goes on when the next ones come within its window; of a share, within half:
    people who talk pause for a second or two."""
    match rule:
        case HeldRule() | ImmediateRule():
            return rule.clear_ms
        case RateRule() | CombinationRule() | SequenceRule():
            return rule.window_ms
        case ShareRule():
            return rule.window_ms // 2
        case _:
            return 0


def _plan_tests(rule: Rule, spec: PolicyDocument, slots: Mapping[str, int]) -> Iterator[PlannedTest]:
    if not isinstance(rule, CombinationRule | SequenceRule):
        yield from (_plan_test(number, 0, test, spec, slots) for number, test in enumerate(tests_of(rule)))
        return
    of_part = (place for place, part in enumerate(rule.parts) for _ in part.when)
    for number, (place, test) in enumerate(zip(of_part, tests_of(rule), strict=True)):
        yield _plan_test(number, place, test, spec, slots)


def _plan_test(number: int, part: int, test: Comparison, spec: PolicyDocument, slots: Mapping[str, int]) -> PlannedTest:
    source = _known(source_of(test.signal))
    upward = test.at_least is not None
    threshold = test.at_least if test.at_least is not None else test.at_most or 0.0
    adapts = upward and source.slot in SPREADS
    return PlannedTest(
        number=number,
        part=part,
        signal=test.signal,
        stream=source.stream,
        slot=slots[source.slot] if source.stream == "objects" else SLOTS[source.stream].index(source.slot),
        side=source.side,
        signed=source.slot in DEVIATIONS,
        upward=upward,
        threshold=threshold,
        keep=1.0 if test.until is None or threshold == 0.0 else test.until / threshold,
        measure=SPREADS[source.slot] if adapts else -1,
        widest=round(threshold * spec.calibration.widest, 4),
        needs=source.needs,
    )


def _known(source: Source | None) -> Source:
    assert source is not None, "a policy is checked before it is planned"
    return source


def object_slots(spec: PolicyDocument) -> dict[str, int]:
    """The slots of the signals of objects that the policy speaks of."""
    rules = [rule for rule in spec.rules.values() if rule.enabled]
    signals = {test.signal for rule in rules for test in (*tests_of(rule), *rule.only_if, *rule.trust)}
    return {signal: slot for slot, signal in enumerate(sorted(s for s in signals if s.startswith((OBJECT, SECOND))))}


def _keys(rule: PlannedRule) -> Iterator[_Key]:
    """What each of the rule's streams must have seen for the rule to judge."""
    for stream in rule.streams:
        needs = {test.needs for test in (*rule.tests, *rule.only_if) if test.stream == stream}
        yield (
            stream,
            frozenset(needs - {"anything"}),
            rule.waits,
            rule.trust,
            _parts(rule) if stream == "objects" else (),
        )


def _parts(rule: PlannedRule) -> tuple[tuple[int, ...], ...]:
    """The slots of objects that each part of a rule tests."""
    parts = (tuple(t.slot for t in rule.tests if t.part == n and t.stream == "objects") for n in range(rule.parts))
    return tuple(slots for slots in parts if slots)


def groups_of(rules: Iterable[PlannedRule], stream: Stream) -> tuple[Group, ...]:
    """The groups that a look of this stream accounts for."""
    found: dict[int, Group] = {}
    for rule in rules:
        for number, (of, needs, waits, trust, parts) in zip(rule.groups, _keys(rule), strict=True):
            if of == stream:
                found[number] = Group(
                    number=number,
                    count="count" in needs or needs == {"body"},
                    face="face" in needs,
                    body={"face", "body"} <= needs,
                    clear="clear" in needs,
                    waits=waits,
                    trust=trust,
                    parts=parts,
                    voice="voice" in needs,
                )
    return tuple(found.values())


def bands_of(rules: Sequence[PlannedRule], stream: Stream) -> tuple[Band, ...]:
    """The bands of a stream's slots, over all rules; a widened threshold only makes them wider than need be."""
    bands: dict[int, Band] = {}
    for rule in rules:
        for test in rule.tests:
            if test.stream == stream:
                low, high = _band(test)
                old = bands.get(test.slot, Band(test.slot, -inf, inf, ()))
                places = tuple(sorted({*old.places, rule.place}))
                bands[test.slot] = Band(test.slot, max(old.low, low), min(old.high, high), places)
    return tuple(bands.values())


def _band(test: PlannedTest) -> tuple[float, float]:
    """The open interval of the slot's value within which the test is false."""
    limit, both = test.threshold, test.signed and test.side == 0
    if both:
        return (-limit, limit) if test.upward else (inf, -inf)
    if test.side < 0:
        return (-limit, inf) if test.upward else (-inf, -limit)
    return (-inf, limit) if test.upward else (limit, inf)


def calibration_rules(rules: Iterable[PlannedRule]) -> Iterator[tuple[PlannedRule, CalibrationRule]]:
    """The rules that are decided when calibration ends."""
    for rule in rules:
        if isinstance(rule.rule, CalibrationRule):
            yield rule, rule.rule
