"""The figures a model is judged by, on cases small enough to do by hand: matches, curves, thresholds, confusion."""

import math

import numpy as np
import pytest

from ingest.errors import InputError
from triton_models.boxes import Detections
from triton_models.evaluation.curves import (
    LEAST_OBJECTS,
    LOWEST_CHOSEN,
    PRIORITY,
    STEPS,
    USUAL,
    average_precision,
    curve_of,
    map50,
    map50_95,
    mean_of,
    rule_of,
    threshold_of,
)
from triton_models.evaluation.matching import OVERLAPS, Judged, Seen, Truth, confusion, judge, match_at, overlaps
from triton_models.evaluation.rates import per_hour, runs, share_at

BOX = [0.0, 0.0, 10.0, 10.0]
FAR = [50.0, 50.0, 60.0, 60.0]
LOOSE = [0.0, 0.0, 10.0, 7.2]  # covers 0.72 of BOX
EVERYTHING = frozenset({0, 1})


def found(*boxes: tuple[list[float], float, int]) -> Detections:
    xyxy = np.array([box for box, _, _ in boxes], np.float32).reshape(-1, 4)
    confidence = np.array([c for _, c, _ in boxes], np.float32)
    return Detections(xyxy, confidence, np.array([k for _, _, k in boxes], np.int64))


def truth(*boxes: tuple[list[float], int], complete: frozenset[int] = EVERYTHING) -> Truth:
    xyxy = np.array([box for box, _ in boxes], np.float32).reshape(-1, 4)
    return Truth(xyxy, np.array([k for _, k in boxes], np.int64), complete)


def judged(flags: list[bool], existing: int, confidence: list[float] | None = None) -> Judged:
    scores = np.array(confidence or np.linspace(0.9, 0.1, len(flags)), np.float32)
    return Judged(scores, np.repeat(np.array(flags, np.bool_)[:, None], len(OVERLAPS), axis=1), existing)


def test_a_true_box_is_matched_once_by_the_most_confident() -> None:
    boxes = found((BOX, 0.5, 0), (BOX, 0.9, 0), (FAR, 0.8, 0))
    table = overlaps(boxes.xyxy, np.array([BOX], np.float32))
    assert match_at(table, boxes.confidence, 0.5).tolist() == [False, True, False]


def test_overlap_is_demanded_at_ten_degrees() -> None:
    one = judge([Seen(found((LOOSE, 0.9, 0)), truth((BOX, 0)))], 0)
    assert one.is_true[0].tolist() == [True] * 5 + [False] * 5  # 0.50 to 0.70
    assert (map50(one), map50_95(one)) == (1.0, 0.5)


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


def test_a_class_that_never_occurs_has_no_figure_and_does_not_spoil_the_mean() -> None:
    none = judged([False], 0)
    assert math.isnan(average_precision(none))
    assert mean_of({"phone": 0.8, "cup": 0.4, "pen": average_precision(none)}) == pytest.approx(0.6)
    assert math.isnan(mean_of({"pen": math.nan}))


def test_the_priority_mean_weighs_what_exams_are_lost_to() -> None:
    assert PRIORITY == {"phone": 3.0, "earbuds": 2.0, "person": 2.0}
    assert mean_of({"phone": 0.9, "person": 0.6, "cup": 0.0}, PRIORITY) == pytest.approx((2.7 + 1.2) / 6)


def test_a_picture_whose_source_says_nothing_of_a_label_counts_nothing_false() -> None:
    silent = Seen(found((BOX, 0.9, 0), (FAR, 0.9, 1)), truth((FAR, 1), complete=frozenset({1})))
    assert judge([silent], 0).confidence.tolist() == []
    assert judge([silent], 1).is_true[:, 0].tolist() == [True]
    assert confusion([silent], 2).sum() == 1


def test_confusion_counts_what_was_taken_for_what() -> None:
    seen = Seen(found((BOX, 0.9, 1), (FAR, 0.1, 0)), truth((BOX, 0), (FAR, 0)))
    spare = Seen(found(([20.0, 20.0, 30.0, 30.0], 0.8, 0)), truth())
    assert confusion([seen, spare], 2).tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0]]


def test_curves_follow_the_threshold() -> None:
    curve = curve_of(judged([True, False, True], 4, [0.8, 0.6, 0.4]))
    at = {step: (curve.precision[i], curve.recall[i]) for i, step in enumerate(STEPS)}
    assert at[0.3] == (pytest.approx(2 / 3), 0.5)
    assert at[0.5] == (0.5, 0.25)
    assert at[0.7] == (1.0, 0.25)
    assert at[0.9] == (1.0, 0.0)  # nothing said, nothing wrong
    assert curve.f1[29] == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))


def steps(true: list[float], false: list[float], existing: int = 20) -> Judged:
    return judged([True] * len(true) + [False] * len(false), existing, true + false)


def test_f1_takes_the_middle_of_its_flat_top() -> None:
    curve = curve_of(steps([0.9] * 20, [0.3] * 10))
    assert threshold_of(curve, rule_of("f1")) == pytest.approx(0.6, abs=0.02)


def test_precision_and_recall_take_the_nearest_step_that_reaches_them() -> None:
    curve = curve_of(steps([0.9] * 10 + [0.55] * 10, [0.5] * 10 + [0.3] * 10))
    assert threshold_of(curve, rule_of("precision=0.9")) == 0.51
    assert threshold_of(curve, rule_of("recall=0.9")) == 0.55
    assert threshold_of(curve, rule_of("recall=0.5")) == 0.9


def test_too_few_objects_choose_nothing_and_nothing_is_chosen_too_low() -> None:
    few = curve_of(steps([0.9] * 3, [], existing=LEAST_OBJECTS - 1))
    assert threshold_of(few, rule_of("f1")) == USUAL
    assert threshold_of(curve_of(steps([0.05] * 20, [])), rule_of("f1")) == LOWEST_CHOSEN
    assert threshold_of(curve_of(steps([], [0.9] * 5)), rule_of("precision=0.9")) == USUAL


@pytest.mark.parametrize("text", ["f2", "precision", "precision=2", "recall=x", "f1=0.5", ""])
def test_another_way_to_choose_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"precision=0\.9"):
        rule_of(text)


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
