"""Geometry of the picture: places in percent, round scales, no lost peak."""

import math
import re
from dataclasses import replace

import pytest

from sinks.report.chart import MOST_POINTS, MOST_TICKS, attention_line, percent_of, risk_curve, time_marks
from sinks.report.model import ReportSample


def sample(at_s: float, temporary: float, permanent: float = 0.0) -> ReportSample:
    return ReportSample(int(at_s * 1000), temporary, permanent, (), 0, 1, True)


@pytest.mark.parametrize(
    ("ms", "length", "expected"),
    [(0, 90_000, 0), (45_000, 90_000, 50), (99_000, 90_000, 100), (-5, 90, 0), (5, 0, 100)],
)
def test_percent(ms: int, length: int, expected: float) -> None:
    assert percent_of(ms, length) == expected


@pytest.mark.parametrize("length_s", [0, 1, 7, 90, 600, 5_400, 12 * 3600, 40 * 3600])
def test_time_marks_are_few_round_and_in_order(length_s: int) -> None:
    marks = time_marks(length_s * 1000)
    places = [mark.at for mark in marks]
    assert marks[0].text == "0:00"
    assert 1 <= len(marks) <= MOST_TICKS
    assert places == sorted(set(places))
    assert all(0 <= at <= 98 for at in places)


def test_the_curve_stacks_temporary_on_permanent() -> None:
    curve = risk_curve([sample(0, 0, 5), sample(50, 10, 5), sample(100, 0, 15)], 100_000)
    assert curve.peak == 15
    assert [(level.at, level.text) for level in curve.levels] == [(100, "0"), (50, "10"), (0, "20")]
    assert curve.outline == "M0 150L500 50L1000 50"
    assert curve.permanent == "M0 200L0 150L500 150L1000 50L1000 200Z"


def test_no_samples_no_paths() -> None:
    curve = risk_curve([], 90_000)
    assert (curve.outline, curve.total, curve.permanent, curve.peak) == ("", "", "", 0.0)


@pytest.mark.parametrize("peak", [0.1, 9.9, 10.0, 37.0, 96.0, 4_321.0])
def test_the_scale_is_above_the_peak(peak: float) -> None:
    top = float(risk_curve([sample(1, peak)], 2_000).levels[-1].text)
    assert peak < top <= max(10.0, 2.7 * peak)


def test_a_long_exam_is_thinned_and_keeps_its_peaks() -> None:
    samples = [sample(s, 42.0 if s == 7_777 else 1.0) for s in range(12 * 3600)]
    curve = risk_curve(samples, 12 * 3_600_000)
    assert curve.outline.count("L") <= MOST_POINTS
    assert curve.peak == 42.0
    assert len(re.findall(r" 32(?:L|$)", curve.outline)) == 1  # 42 of 50 points, from the top


def attentive(at_s: int, attention: float | None) -> ReportSample:
    return replace(sample(at_s, 0.0), attention=attention)


def test_attention_is_a_line_broken_where_it_is_not_known() -> None:
    known = [attentive(s, 100.0 - s) for s in range(1, 4)]
    path = attention_line([*known, attentive(4, None), attentive(5, 0.0)], 10_000)
    assert path == "M0 2L100 2L200 4L300 6M400 200L500 200"
    assert attention_line([attentive(1, None)], 10_000) == attention_line([], 10_000) == ""


def test_a_long_exam_keeps_its_worst_moments_of_attention() -> None:
    samples = [attentive(s, 12.0 if s == 7_777 else 90.0) for s in range(12 * 3600)]
    path = attention_line(samples, 12 * 3_600_000)
    assert path.count("L") <= MOST_POINTS
    assert len(re.findall(r" 176(?:L|M|$)", path)) == 1


def test_numbers_that_are_none_are_left_out() -> None:
    curve = risk_curve([sample(0, 1), sample(1, math.nan), sample(2, math.inf), sample(3, 2)], 3_000)
    assert curve.outline.count("L") == 1
    assert "nan" not in curve.total + curve.permanent
