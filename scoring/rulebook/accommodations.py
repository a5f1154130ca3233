"""What a person is allowed: read from the session's start, applied to events, never to what is seen.

An accommodation only ever removes. Every event of the policy is found as for anybody else; one that an accommodation
covers is kept in the ledger as suppressed and costs nothing, so that the score with and without can both be told.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from ingest.errors import PoisonError
from scoring.rulebook.rule_document import Finite, Label, Millis, Section, Words

Names = Annotated[tuple[Label, ...], Meta(min_length=1, max_length=64)]


class Allowed(Section, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What every accommodation has: why it was given, in words for a reviewer."""

    reason: Words


class RulesOff(Allowed, frozen=True, kw_only=True, tag="rules_off"):
    """Events of these rules, or of rules with these labels, do not count."""

    rules: Names


class Looser(Allowed, frozen=True, kw_only=True, tag="looser"):
    """An event of `rule` counts only if it would under these wider limits: a longer hold, thresholds by signal."""

    rule: Label
    hold_ms: Millis | None = None
    thresholds: dict[str, Finite] = msgspec.field(default_factory=dict)


class Break(Allowed, frozen=True, kw_only=True, tag="break"):
    """From `from_ms` to `to_ms` after the session's start nothing counts, and nothing is missed."""

    from_ms: Millis
    to_ms: Millis


class Helper(Allowed, frozen=True, kw_only=True, tag="helper"):
    """Somebody else may be in the room: rules about other people, their faces and their voices do not count."""


class MedicalDevice(Allowed, frozen=True, kw_only=True, tag="medical_device"):
    """A thing of this label is needed: rules about it alone do not count."""

    label: Label


Accommodation = RulesOff | Looser | Break | Helper | MedicalDevice
Accommodations = Annotated[tuple[Accommodation, ...], Meta(max_length=32)]
NONE: tuple[Accommodation, ...] = ()

_decode = msgspec.json.Decoder(Accommodations).decode


def accommodations_document(accommodations: tuple[Accommodation, ...]) -> str:
    """The canonical JSON text that a session's start carries; empty: nothing."""
    return msgspec.json.encode(accommodations, order="sorted").decode() if accommodations else ""


def parse_accommodations(text: str) -> tuple[Accommodation, ...]:
    """What a session's start carries.

    Raises: PoisonError when the text is not a valid list of accommodations.
    """
    try:
        return _decode(text.encode()) if text else NONE
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise PoisonError(f"unreadable accommodations: {error}") from error
