"""Which found boxes are true: one pass over a picture for every overlap asked, class by class or across classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.boxes import Detections, iou_one_to_many

OVERLAPS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""The ten overlaps of mAP50-95 (COCO)."""
CONFUSION_IOU, CONFUSION_FLOOR = 0.45, 0.25
"""Ultralytics' choice for its confusion matrix: a box is looked at from 0.25 on, and meets an object from 0.45 on."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a picture shows: boxes xyxy float32 [m, 4] in source pixels, class int64 [m], and the classes that can be
    judged in it (its source is complete for them)."""

    xyxy: NDArray[np.float32]
    class_id: NDArray[np.int64]
    complete: frozenset[int]


@dataclass(frozen=True, slots=True)
class Seen:
    """One held-back picture: what a model found in it, and what is there."""

    found: Detections
    truth: Truth


@dataclass(frozen=True, slots=True)
class Judged:
    """Found boxes of one class over all pictures: confidence [n], whether each is true at OVERLAPS [n, 10], how many
    objects exist, in how many pictures the class could be judged."""

    confidence: NDArray[np.float32]
    is_true: NDArray[np.bool_]
    existing: int
    pictures: int = 0


def overlaps(found: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of every found box [n, 4] with every true one [m, 4]: [n, m]."""
    if not len(found) or not len(truth):
        return np.zeros((len(found), len(truth)), np.float32)
    return np.stack([iou_one_to_many(box, truth) for box in found])


def match_at(table: NDArray[np.float32], confidence: NDArray[np.float32], least: float) -> NDArray[np.bool_]:
    """Which found boxes are true [n]: by falling confidence each takes the free object that it covers best."""
    taken = np.zeros(table.shape[1], np.bool_)
    is_true = np.zeros(len(confidence), np.bool_)
    for index in np.argsort(-confidence, kind="stable"):
        free = np.where(taken, np.float32(0), table[index])
        if len(free) and free.max() >= least:
            taken[free.argmax()] = is_true[index] = True
    return is_true


def judge(seen: Sequence[Seen], class_id: int) -> Judged:
    """All pictures in which a class can be judged, together."""
    able = [one for one in seen if class_id in one.truth.complete]
    confidence = [np.zeros(0, np.float32)]
    matched = [np.zeros((0, len(OVERLAPS)), np.bool_)]
    existing = 0
    for one in able:
        found = one.found.of_class(class_id, 0.0)
        true_boxes = one.truth.xyxy[one.truth.class_id == class_id]
        table = overlaps(found.xyxy, true_boxes)
        confidence.append(found.confidence)
        columns = [match_at(table, found.confidence, least) for least in OVERLAPS]
        matched.append(np.stack(columns, axis=1) if len(found.confidence) else matched[0])
        existing += len(true_boxes)
    return Judged(np.concatenate(confidence), np.concatenate(matched), existing, len(able))


def confusion(seen: Sequence[Seen], classes: int) -> NDArray[np.int64]:
    """Counts [classes + 1, classes + 1], rows what was found, columns what is there; the last of each is nothing.

    A box of a class that cannot be judged in its picture, and meets no object, is not counted.
    """
    matrix = np.zeros((classes + 1, classes + 1), np.int64)
    for one in seen:
        keep = one.found.confidence >= CONFUSION_FLOOR
        boxes, named = one.found.xyxy[keep], one.found.class_id[keep]
        table = overlaps(boxes, one.truth.xyxy)
        pairs = meeting(table)
        for found, true in pairs:
            matrix[named[found], one.truth.class_id[true]] += 1
        for index in set(range(len(boxes))) - {found for found, _ in pairs}:
            matrix[named[index], classes] += int(named[index]) in one.truth.complete
        for index in set(range(len(one.truth.xyxy))) - {true for _, true in pairs}:
            matrix[classes, one.truth.class_id[index]] += 1
    return matrix


def meeting(table: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Pairs of a found box and an object, the best overlap first, each used once."""
    pairs: list[tuple[int, int]] = []
    left = table.copy()
    while left.size and left.max() >= CONFUSION_IOU:
        found, true = (int(place) for place in np.unravel_index(left.argmax(), left.shape))
        pairs.append((found, true))
        left[found, :] = left[:, true] = -1
    return pairs
