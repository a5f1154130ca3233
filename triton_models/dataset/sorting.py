"""On which side every picture stands, scenes whole, and how often an epoch sees it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triton_models.dataset.balance import repeat_factors, times_seen
from triton_models.dataset.findings import Finding, Kind
from triton_models.dataset.gather import Prepared
from triton_models.dataset.likeness import alike_pairs, groups
from triton_models.dataset.recipe import Recipe
from triton_models.dataset.split import Scene, held_back


@dataclass(frozen=True, slots=True)
class Sides:
    """Pictures to learn from, and pictures held back to measure on."""

    train: tuple[Prepared, ...]
    val: tuple[Prepared, ...]


def labels_of(picture: Prepared, recipe: Recipe) -> frozenset[str]:
    """The labels that a picture shows."""
    return frozenset(recipe.labels[box.class_id] for box in picture.boxes)


def scenes_of(pictures: Sequence[Prepared], bits: int) -> list[int]:
    """For every picture the number of its scene: the same original, or alike."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(picture.original, index), index) for index, picture in enumerate(pictures)]
    together = [*pairs, *alike_pairs([picture.look for picture in pictures], bits)]
    return groups(len(pictures), [pair for pair in together if pair[0] != pair[1]])


def sides_of(pictures: Sequence[Prepared], recipe: Recipe) -> tuple[Sides, list[Finding]]:
    """Every picture on one side; a scene with a picture that must not be learned from is held back whole."""
    numbers = scenes_of(pictures, recipe.scene_bits)
    members: dict[int, list[Prepared]] = {}
    for number, picture in zip(numbers, pictures, strict=True):
        members.setdefault(number, []).append(picture)
    free = [scene_of(group, recipe) for group in members.values() if {one.source.side for one in group} == {"both"}]
    chosen = held_back(free, recipe.held_back_share, recipe.seed)
    train: list[Prepared] = []
    val: list[Prepared] = []
    findings: list[Finding] = []
    for group in members.values():
        if any(one.source.side == "val" for one in group):
            val += [one for one in group if one.source.side != "train"]
            findings += [leaked(one) for one in group if one.source.side == "train"]
        else:
            (val if key_of(group) in chosen and all(one.source.side == "both" for one in group) else train).extend(
                group
            )
    return Sides(tuple(train), tuple(val)), findings


def leaked(picture: Prepared) -> Finding:
    """A training picture that shows what is held back."""
    return Finding(Kind.NEAR_DUPLICATE, picture.source.name, picture.path.name, "the scene of a held-back picture")


def key_of(group: Sequence[Prepared]) -> str:
    """The name of a scene: its first original by name."""
    return min(picture.original for picture in group)


def scene_of(group: Sequence[Prepared], recipe: Recipe) -> Scene:
    """The scene of some pictures."""
    return Scene(key_of(group), frozenset().union(*(labels_of(picture, recipe) for picture in group)))


def repeats(pictures: Sequence[Prepared], recipe: Recipe) -> tuple[list[int], Mapping[str, float]]:
    """How many times each training picture is listed, and the factor of each label."""
    shown = [labels_of(picture, recipe) for picture in pictures]
    factors = repeat_factors(shown, recipe.rare_share, recipe.most_repeats)
    times = [
        times_seen(labels, factors, picture.source.weight, f"{picture.original}/{picture.path.name}", recipe.seed)
        for labels, picture in zip(shown, pictures, strict=True)
    ]
    return times, factors


def boxes_by_label(pictures: Sequence[Prepared], recipe: Recipe) -> Counter[str]:
    """How many boxes of each label some pictures hold."""
    return Counter(recipe.labels[box.class_id] for picture in pictures for box in picture.boxes)
