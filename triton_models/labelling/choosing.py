"""Which of the doubtful frames are labelled: the most doubtful first, no two alike, at most so many, no label alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from triton_models.dataset.likeness import Look, alike
from triton_models.labelling.doubts import Doubt, worth


@dataclass(frozen=True, slots=True)
class Candidate:
    """A doubtful frame: a key that names it, why it is doubtful, what it looks like."""

    key: str
    doubts: tuple[Doubt, ...]
    look: Look


FADING = 0.97
"""Every frame taken for a label makes the next of that label worth this much of what it was: forty frames of one label
still leave a tenth more room for another."""


def choose(candidates: Sequence[Candidate], most: int, bits: int) -> list[Candidate]:
    """At most so many candidates, each unlike all others chosen; the same for any order of the candidates."""
    left = sorted(candidates, key=lambda one: (-worth(one.doubts), one.key))
    chosen: list[Candidate] = []
    taken: Counter[str] = Counter()
    while left and len(chosen) < most:
        place = max(range(len(left)), key=lambda index: (faded(left[index], taken), -index))
        candidate = left.pop(place)
        if any(alike(candidate.look, other.look, bits) for other in chosen):
            continue
        chosen.append(candidate)
        taken[strongest(candidate).label] += 1
    return chosen


def strongest(candidate: Candidate) -> Doubt:
    """The doubt that a candidate is looked at for."""
    return max(candidate.doubts, key=lambda doubt: worth([doubt]))


def faded(candidate: Candidate, taken: Counter[str]) -> float:
    """What a candidate is worth after so many of its label have been taken."""
    return worth(candidate.doubts) * FADING ** taken[strongest(candidate).label]
