"""The rules of a policy as they are written. default.toml says in words what each field does.

Every kind ends in the same thing: something that is true for a time. A held or immediate rule looks at its condition
alone; the others look at the condition's history and are true while that fulfils what they ask for.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Millis = Annotated[int, Meta(ge=0, le=86_400_000)]
Window = Annotated[int, Meta(ge=1000, le=3_600_000)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
SomeShare = Annotated[float, Meta(gt=0.0, le=1.0)]
Amount = Annotated[float, Meta(ge=0.0, le=1_000_000.0)]
Finite = Annotated[float, Meta(ge=-1_000_000.0, le=1_000_000.0)]
Points = Annotated[float, Meta(ge=0.0, le=1000.0)]
Label = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
LabelOrNone = Annotated[str, Meta(pattern="^([a-z][a-z0-9_]{0,39})?$")]
Words = Annotated[str, Meta(min_length=1, max_length=80)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a policy: every field counts, an unknown one is an error."""


class Comparison(Section, frozen=True, omit_defaults=True):
    """One comparison of a signal: exactly one of `at_least` and `at_most`; `until` ends what they began."""

    signal: str
    at_least: Finite | None = None
    at_most: Finite | None = None
    until: Finite | None = None


Tests = Annotated[tuple[Comparison, ...], Meta(min_length=1, max_length=16)]


class Part(Section, frozen=True):
    """One of several things that must come together, or one after the other: true when one of `when` is."""

    says: Words
    when: Tests


Parts = Annotated[tuple[Part, ...], Meta(min_length=2, max_length=8)]


class AnyRule(Section, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What every kind has.

    `about`: what somebody does, how they are, or how good the picture is; only conduct keeps risk from fading and
    counts as activity. `only_if`: must all be true as well. `trust`: the picture must be so, else it is unknown.
    `label`: what its events are counted as (default: the rule's name). `repeat_ms`: an event that goes on costs its
    points again each time that this has passed; 0: once. `optional`: without its detector the session is still covered.
    """

    says: Words
    points: Points
    cap: Points
    cooldown_ms: Millis
    label: LabelOrNone = ""
    about: Literal["conduct", "state", "quality"] = "conduct"
    permanent: bool = False
    enabled: bool = True
    optional: bool = False
    repeat_ms: Millis = 0
    only_if: Annotated[tuple[Comparison, ...], Meta(max_length=8)] = ()
    trust: Annotated[tuple[Comparison, ...], Meta(max_length=8)] = ()


class HeldRule(AnyRule, frozen=True, kw_only=True, tag="held"):
    """Fires when one of `when` was true for `hold_ms`."""

    hold_ms: Millis
    gap_ms: Millis
    clear_ms: Millis
    when: Tests


class ImmediateRule(AnyRule, frozen=True, kw_only=True, tag="immediate"):
    """Fires the first time that one of `when` is true; the event lasts while it stays so."""

    when: Tests
    gap_ms: Millis = 0
    clear_ms: Millis = 0


class ShareRule(AnyRule, frozen=True, kw_only=True, tag="share"):
    """Fires when one of `when` was true for `share` of the last `window_ms`; ends when it is under `until_share`.

    What was not seen in the window counts as not true.
    """

    window_ms: Window
    share: SomeShare
    until_share: Share
    when: Tests


class RateRule(AnyRule, frozen=True, kw_only=True, tag="rate"):
    """Fires when one of `when` became true `starts` times within `window_ms`.

    A start needs `gap_ms` without the truth before it. With `longest_ms` a start counts when its truth ends, if it was
    `shortest_ms` to `longest_ms` long: a glance.
    """

    window_ms: Window
    starts: Annotated[int, Meta(ge=2, le=16)]
    gap_ms: Millis
    shortest_ms: Millis = 0
    longest_ms: Millis = 0
    when: Tests


class CombinationRule(AnyRule, frozen=True, kw_only=True, tag="combination"):
    """Fires when every part was true within the last `window_ms`."""

    window_ms: Window
    parts: Parts


class SequenceRule(AnyRule, frozen=True, kw_only=True, tag="sequence"):
    """Fires when the parts became true one after the other, from the first to the last within `window_ms`."""

    window_ms: Window
    parts: Parts


class CalibrationRule(AnyRule, frozen=True, kw_only=True, tag="calibration"):
    """Fires at the end of calibration when at least `share` of its frames were refused for one of `refused`."""

    share: SomeShare
    refused: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]


Rule = HeldRule | ImmediateRule | ShareRule | RateRule | CombinationRule | SequenceRule | CalibrationRule
KINDS = ("held", "immediate", "share", "rate", "combination", "sequence", "calibration")


def tests_of(rule: Rule) -> tuple[Comparison, ...]:
    """The comparisons that make a rule true, part by part."""
    match rule:
        case CombinationRule() | SequenceRule():
            return tuple(test for part in rule.parts for test in part.when)
        case CalibrationRule():
            return ()
        case _:
            return rule.when
