"""The figures a model is judged by, on cases small enough to do by hand."""

import math

import numpy as np
import pytest

from triton_models.boxes import Detections
from triton_models.measure import Judged, average_precision, judge, match, per_hour, recall_at, runs, share_at

BOX = [0.0, 0.0, 10.0, 10.0]
FAR = [50.0, 50.0, 60.0, 60.0]


def found(*boxes: tuple[list[float], float]) -> Detections:
    xyxy = np.array([box for box, _ in boxes], np.float32).reshape(-1, 4)
    return Detections(xyxy, np.array([c for _, c in boxes], np.float32), np.zeros(len(boxes), np.int64))


def judged(flags: list[bool], existing: int) -> Judged:
    return Judged(np.linspace(0.9, 0.1, len(flags), dtype=np.float32), np.array(flags), existing)


def test_a_true_box_is_matched_once_by_the_most_confident() -> None:
    truth = np.array([BOX], np.float32)
    assert match(found((BOX, 0.5), (BOX, 0.9), (FAR, 0.8)), truth).tolist() == [False, True, False]


def test_without_truth_everything_found_is_false() -> None:
    assert match(found((BOX, 0.5)), np.zeros((0, 4), np.float32)).tolist() == [False]


@pytest.mark.parametrize(
    ("flags", "existing", "expected"),
    [
        ([True, True], 2, 1.0),
        ([True, False, True], 2, (1 + 2 / 3) / 2),
        ([False, True], 1, 0.5),
        ([True], 4, 0.25),
        ([False, False], 3, 0.0),
        ([], 3, 0.0),
    ],
)
def test_average_precision(flags: list[bool], existing: int, expected: float) -> None:
    assert average_precision(judged(flags, existing)) == pytest.approx(expected)


def test_a_class_that_never_occurs_has_no_figure() -> None:
    assert math.isnan(average_precision(judged([False], 0)))
    assert math.isnan(recall_at(judged([False], 0), 0.5))


def test_pictures_are_judged_together() -> None:
    truth = np.array([BOX], np.float32)
    together = judge([(found((BOX, 0.9)), truth), (found((FAR, 0.6)), truth)])
    assert (together.existing, together.is_true.tolist()) == (2, [True, False])
    assert recall_at(together, 0.5) == 0.5
    assert recall_at(together, 0.95) == 0


@pytest.mark.parametrize(
    ("text", "gap", "expected"),
    [("..xx.x..x", 0, 3), ("..xx.x..x", 1, 2), ("..xx.x..x", 2, 1), ("", 1, 0), ("x", 5, 1)],
)
def test_runs_join_over_short_gaps(text: str, gap: int, expected: int) -> None:
    assert runs([letter == "x" for letter in text], gap) == expected


def test_shares_and_rates() -> None:
    assert share_at([0.1, 0.4, 0.9, 0.5], 0.4) == 0.75
    assert share_at([], 0.4) == 0
    assert per_hour(3, 30_000) == 360
    assert per_hour(3, 0) == 0
