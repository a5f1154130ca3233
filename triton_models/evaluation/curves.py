"""Precision, recall and F1 by confidence, average precision, and the threshold that they suggest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.evaluation.matching import Judged

STEPS = np.round(np.linspace(0.01, 0.99, 99), 2)
"""Confidences at which curves are drawn and thresholds may stand."""
USUAL = 0.5
"""The threshold of a label that too little is known of."""
LEAST_OBJECTS = 10
"""With fewer objects one found more or less moves recall by over 10 %: such a curve chooses nothing."""
LOWEST_CHOSEN = 0.25
"""Below, one frame's boxes are noise to the hysteresis that follows, whatever F1 says on still pictures."""
PRIORITY: Mapping[str, float] = {"phone": 3.0, "earbuds": 2.0, "person": 2.0}
"""Weights of the priority-weighted mean: phone, earbuds and another person are what exams are lost to (the source names
the three, not the weights: these are ours). Every other label counts 1."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One class: precision, recall and F1 float64 [99] at STEPS; how many objects stand behind them."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    existing: int


def curve_of(judged: Judged) -> Curve:
    """The curve at an overlap of 0.5. Where nothing is found precision is 1: nothing said is nothing wrong."""
    true = judged.is_true[:, 0]
    hits = np.array([(true & (judged.confidence >= step)).sum() for step in STEPS], np.float64)
    said = np.array([(judged.confidence >= step).sum() for step in STEPS], np.float64)
    precision = np.divide(hits, said, out=np.ones_like(hits), where=said > 0)
    recall = hits / judged.existing if judged.existing else np.full_like(hits, np.nan)
    total = precision + np.nan_to_num(recall)
    f1 = np.divide(2 * precision * np.nan_to_num(recall), total, out=np.zeros_like(hits), where=total > 0)
    return Curve(precision, recall, f1, judged.existing)


def average_precision(judged: Judged, place: int = 0) -> float:
    """Area under precision over recall at the overlap of that place, precision made falling; nan where none exist.

    COCO and Ultralytics read it at 101 recalls instead of at every one: the figures differ by about 0.005.
    """
    if not judged.existing:
        return math.nan
    order = np.argsort(-judged.confidence, kind="stable")
    true = judged.is_true[order, place]
    hits = np.cumsum(true)
    precision = hits / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((falling * true).sum() / judged.existing)


def map50(judged: Judged) -> float:
    """Average precision at an overlap of 0.5."""
    return average_precision(judged, 0)


def map50_95(judged: Judged) -> float:
    """Mean of the average precisions at overlaps 0.5, 0.55 ... 0.95."""
    return float(np.mean([average_precision(judged, place) for place in range(judged.is_true.shape[1])]))


def mean_of(by_label: Mapping[str, float], weights: Mapping[str, float] | None = None) -> float:
    """The mean of the labels that have a figure, weighted where weights are given (1 for those not named)."""
    known = {label: value for label, value in by_label.items() if not math.isnan(value)}
    total = sum((weights or {}).get(label, 1.0) for label in known)
    return sum(value * (weights or {}).get(label, 1.0) for label, value in known.items()) / total if total else math.nan


def rule_of(text: str) -> tuple[str, float]:
    """How thresholds are chosen: `f1`, `precision=0.9` or `recall=0.9`; raises InputError for anything else."""
    kind, _, number = text.partition("=")
    try:
        aim = float(number or 0)
    except ValueError:
        aim = -1.0
    if (kind == "f1" and not number) or (kind in ("precision", "recall") and 0 < aim <= 1):
        return kind, aim
    raise InputError(f"--choose {text}", "no way to choose thresholds", "Write f1, precision=0.9 or recall=0.9")


def threshold_of(curve: Curve, rule: tuple[str, float]) -> float:
    """The confidence from which a label counts; USUAL where the curve stands on too few objects.

    `f1` takes the middle of all steps within 0.01 of the best F1: a flat top has no best point. `precision` takes the
    lowest step that reaches it (most recall), `recall` the highest (fewest false); the best F1 where none does.
    """
    kind, aim = rule
    if curve.existing < LEAST_OBJECTS:
        return USUAL
    reaching = {"precision": curve.precision >= aim, "recall": curve.recall >= aim}.get(kind)
    if reaching is not None and (reaching & (curve.recall > 0)).any():
        steps = STEPS[reaching & (curve.recall > 0)]
        return float(max(steps[0] if kind == "precision" else steps[-1], LOWEST_CHOSEN))
    top = STEPS[curve.f1 >= curve.f1.max() - 0.01]
    return float(max(top[len(top) // 2], LOWEST_CHOSEN)) if curve.f1.max() > 0 else USUAL
