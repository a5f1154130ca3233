"""A complaint about one key of something that a person wrote: which key, why, what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Keys = tuple[str, ...]
"""The way to a value, from the document down; the nth element of a list, from 0, is "[n]"."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one key, and the way out."""

    keys: Keys
    why: str
    mend: str


def dotted(keys: Keys) -> str:
    """The way to a value as people write it: rules.phone.when[1].until."""
    return ".".join(keys).replace(".[", "[")


def allowed(words: Iterable[str], given: object = None) -> str:
    """The words that may stand there, the one that was probably meant first."""
    words = tuple(words)
    near = get_close_matches(given, words, n=1, cutoff=0.6) if isinstance(given, str) else []
    meant = f"Did you mean {near[0]!r}? " if near else ""
    return f"{meant}Allowed: {', '.join(words) or 'nothing'}."
