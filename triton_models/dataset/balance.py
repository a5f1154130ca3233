"""How often every label occurs, and what is done for the rare ones: repeated pictures, class weights."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from triton_models.dataset.split import drawn


def repeat_factors(pictures: Sequence[frozenset[str]], rare_share: float, most: float) -> dict[str, float]:
    """How often a label's pictures are seen: sqrt(rare_share / share of pictures with it), 1 to `most`.

    This is the repeat factor of Gupta, Dollar and Girshick, LVIS (2019), section on baselines.
    """
    counts = Counter(label for labels in pictures for label in labels)
    total = max(1, len(pictures))
    return {label: min(most, max(1.0, math.sqrt(rare_share * total / count))) for label, count in counts.items()}


def times_seen(labels: frozenset[str], factors: Mapping[str, float], weight: float, key: str, seed: int) -> int:
    """How many times a picture is listed: its rarest label's factor by its source's weight, the rest drawn by name."""
    wanted = max((factors[label] for label in labels), default=1.0) * weight
    whole = int(wanted)
    return whole + (drawn(key, seed) < wanted - whole)


def class_weights(counts: Mapping[str, int], labels: Sequence[str], power: float) -> dict[str, float]:
    """A weight a label, mean 1: (1 / boxes) to the power; a label without boxes gets the mean of the others."""
    present = {label: (1 / counts[label]) ** power for label in labels if counts.get(label)}
    middle = sum(present.values()) / len(present) if present else 1.0
    raw = [present.get(label, middle) for label in labels]
    return {label: round(one * len(raw) / sum(raw), 4) for label, one in zip(labels, raw, strict=True)}
