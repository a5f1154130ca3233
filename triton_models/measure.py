"""Measures of a detector as pure functions: matching, average precision, shares and rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.boxes import Detections, iou_one_to_many

MATCH_IOU = 0.5
"""A found box counts as the true one from this overlap on: the 50 in mAP50."""
MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Judged:
    """Found boxes of one class, all pictures together: confidence [n], whether each is true [n], and how many exist."""

    confidence: NDArray[np.float32]
    is_true: NDArray[np.bool_]
    existing: int


def match(found: Detections, truth_xyxy: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which boxes found in one picture are true, [n]: by falling confidence, every true box [m, 4] is matched once."""
    taken = np.zeros(len(truth_xyxy), np.bool_)
    is_true = np.zeros(len(found.confidence), np.bool_)
    for index in np.argsort(-found.confidence, kind="stable"):
        overlap = np.where(taken, 0, iou_one_to_many(found.xyxy[index], truth_xyxy)) if len(truth_xyxy) else taken
        if len(overlap) and overlap.max() >= MATCH_IOU:
            taken[overlap.argmax()] = is_true[index] = True
    return is_true


def judge(pictures: Sequence[tuple[Detections, NDArray[np.float32]]]) -> Judged:
    """All pictures of one class: what was found in each, and its true boxes xyxy [m, 4]."""
    empty: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
    matched = empty + [match(found, truth) for found, truth in pictures]
    confidence = [np.zeros(0, np.float32)] + [found.confidence for found, _ in pictures]
    return Judged(np.concatenate(confidence), np.concatenate(matched), sum(len(truth) for _, truth in pictures))


def average_precision(judged: Judged) -> float:
    """Area under precision over recall, precision made falling (COCO's and Ultralytics' way); nan where none exist."""
    if not judged.existing:
        return float("nan")
    order = np.argsort(-judged.confidence, kind="stable")
    hits = np.cumsum(judged.is_true[order])
    precision = hits / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((falling * judged.is_true[order]).sum() / judged.existing)


def recall_at(judged: Judged, floor: float) -> float:
    """Share of the existing boxes found at or above a confidence; nan where none exist."""
    if not judged.existing:
        return float("nan")
    return float((judged.is_true & (judged.confidence >= floor)).sum() / judged.existing)


def share_at(best: Sequence[float], floor: float) -> float:
    """Share of pictures whose best box reaches a confidence; 0 for none."""
    return sum(value >= floor for value in best) / max(1, len(best))


def per_hour(count: float, duration_ms: float) -> float:
    """A count as a rate per hour of video."""
    return count * MS_PER_HOUR / duration_ms if duration_ms else 0.0


def runs(flags: Sequence[bool], gap: int) -> int:
    """How many separate runs of True there are when up to `gap` False in between do not end one."""
    count, since = 0, gap + 1
    for flag in flags:
        count += flag and since > gap
        since = 0 if flag else since + 1
    return count
