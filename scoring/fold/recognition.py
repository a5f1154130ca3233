"""Whether the candidate was recognised as the person who was registered: AUTHORIZED with the first face that is alike.

A mismatch is no part of it: that is a rule's event, and takes nothing back.
"""

from math import isfinite

from scoring.fold.packing import Private
from scoring.messages import Recognised
from scoring.rulebook.signal_words import clock

ALIKE = 0.45
"""Measured (README): of 100 strangers 0.7 % reach it, the registered person is above it at every look."""


class Likeness(Private, frozen=True):
    """Faces compared with the registered one, how many of them were alike, and when the first was (0: none)."""

    looks: int = 0
    alike: int = 0
    first_ms: int = 0


def after_look(before: Likeness | None, similarity: float, at_ms: int) -> Likeness | None:
    """What is known after one more comparison; one that is no number says nothing."""
    if not isfinite(similarity):
        return before
    known = before or Likeness()
    is_alike = similarity >= ALIKE
    return Likeness(known.looks + 1, known.alike + is_alike, known.first_ms or (at_ms if is_alike else 0))


def recognised(likeness: Likeness) -> Recognised:
    """The same for the verdict."""
    if not likeness.alike:
        return Recognised(status="NOT_RECOGNISED", looks=likeness.looks, alike=0)
    return Recognised(status="AUTHORIZED", looks=likeness.looks, alike=likeness.alike, at_ms=likeness.first_ms)


def sentence(likeness: Likeness, start_ms: int) -> str:
    """The same for a person."""
    looks = "look" if likeness.looks == 1 else "looks"
    if not likeness.alike:
        return f"The registered face was recognised in none of {likeness.looks} {looks}."
    first = clock(likeness.first_ms - start_ms)
    return (
        f"The registered face was recognised at {first}, in {likeness.alike} of {likeness.looks} {looks} (AUTHORIZED)."
    )
