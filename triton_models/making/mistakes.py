"""Which of many made pictures are learned from: those that the former model gets most wrong, and a few others.

A model that is trained on more of what it knows learns nothing. Candidates are numbered and each is made from its
number alone, so that only their scores are kept and the chosen ones are made again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from triton_models.boxes import Detections, iou_one_to_many
from triton_models.making.candidates import MAKERS
from triton_models.making.composites import Picture
from triton_models.making.examples import Example
from triton_models.making.pasting import Pool
from triton_models.progress import Progress

FOUND_IOU = 0.5
WITH_PHONE = frozenset({"phone", "small_phone"})
"""Kinds whose last box is a phone; in the others none is, and every phone that is seen is wrong."""

See = Callable[[Picture], Detections]
"""What a model sees in a BGR picture, its phones as class 0."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Of `made` candidates the `hardest`, and `others` by chance among the rest: a model also forgets what is easy."""

    made: int
    hardest: int
    others: int = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """How wrong a model is about a candidate, 0 to 1."""

    number: int
    wrong: float


def wrongly_seen(pool: Pool, choices: Mapping[str, Choice], see: See, seed: str) -> Iterator[tuple[str, Example]]:
    """The chosen pictures of every kind, with its name. The same pool, model and seed give the same pictures."""
    for kind, choice in choices.items():
        scored = []
        for number in Progress(f"looking for mistakes: {kind}").over(range(choice.made), choice.made):
            example = candidate(pool, kind, seed, number)
            scored += [] if example is None else [Scored(number, wrongness(kind, example, see(example.picture)))]
        for one in chosen(scored, choice, Random(f"{seed} {kind}")):
            example = candidate(pool, kind, seed, one.number)
            assert example is not None, "it was scored"
            yield kind, Example(f"mistake_{kind}_{seed}_{one.number}", example.picture, example.boxes)


def candidate(pool: Pool, kind: str, seed: str, number: int) -> Example | None:
    """One candidate, from its number alone."""
    return MAKERS[kind](pool, Random(f"{seed} {kind} {number}"))


def wrongness(kind: str, example: Example, seen: Detections) -> float:
    """For a picture with a phone what its box lacks in confidence, for another the best phone that is seen in it."""
    phones = seen.of_class(0, 0.0)
    if kind not in WITH_PHONE:
        return float(max(phones.confidence, default=0.0))
    height, width = example.picture.shape[:2]
    truth = np.array(example.boxes[-1].xyxy(), np.float32) * np.array([width, height] * 2, np.float32)
    there = iou_one_to_many(truth, phones.xyxy) >= FOUND_IOU
    return 1.0 - float(max(phones.confidence[there], default=0.0))


def chosen(scored: Sequence[Scored], choice: Choice, rng: Random) -> list[Scored]:
    """The hardest, and some of the rest."""
    ordered = sorted(scored, key=lambda one: (-one.wrong, one.number))
    rest = ordered[choice.hardest :]
    return ordered[: choice.hardest] + rng.sample(rest, min(choice.others, len(rest)))
