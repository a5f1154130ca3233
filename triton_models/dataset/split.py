"""Which pictures are learned from and which are held back: by original, and by scene, never by file.

The order is drawn from a digest of the original's name, so that a set that grows keeps its split but for the new
pictures. Originals are held back label by label, the rarest first, so that a rare label is not left without any.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

AUGMENTATION_MARK = ".rf."
"""Roboflow writes `<original>.rf.<hash>.jpg`: pictures that share `<original>` show the same thing."""


def original_of(file_name: str) -> str:
    """The distinct picture that a file shows, whatever augmentation it is."""
    return file_name.split(AUGMENTATION_MARK)[0] if AUGMENTATION_MARK in file_name else PurePath(file_name).stem


@dataclass(frozen=True, slots=True)
class Scene:
    """Pictures that must stay together: a key that names them, and the labels they show."""

    key: str
    labels: frozenset[str]


def held_back(scenes: Sequence[Scene], share: float, seed: int) -> frozenset[str]:
    """Keys of the scenes to hold back: of every label its share, rounded; at least one of four or more."""
    frequency = Counter(label for scene in scenes for label in scene.labels)
    buckets: Mapping[str, list[Scene]] = defaultdict(list)
    for scene in scenes:
        rarest = min(scene.labels, key=lambda label: (frequency[label], label), default="")
        buckets[rarest].append(scene)
    chosen: set[str] = set()
    for members in buckets.values():
        ordered = sorted(members, key=lambda scene: drawn(scene.key, seed))
        count = round(len(members) * share)
        chosen |= {scene.key for scene in ordered[: max(count, 1) if share and len(members) >= 4 else count]}
    return frozenset(chosen)


def drawn(text: str, seed: int) -> float:
    """A number 0 to 1 that a text and a seed always give."""
    digest = hashlib.sha256(f"{seed}\0{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / (1 << 64)
