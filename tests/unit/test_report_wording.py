"""Clocks, amounts and names as people read them."""

import math
from typing import get_args

import pytest

from scoring.messages import RiskClass
from sinks.report import wording
from sinks.report.model import BlindReason


@pytest.mark.parametrize(
    ("ms", "expected"),
    [(0, "0:00.0"), (61_549, "1:01.5"), (59_999, "0:59.9"), (3_599_999, "59:59.9"),
     (3_661_100, "1:01:01.1"), (-5, "0:00.0")],
)  # fmt: skip
def test_clock(ms: int, expected: str) -> None:
    assert wording.clock(ms) == expected


def test_axis_clock_leaves_tenths_out() -> None:
    assert [wording.axis_clock(ms) for ms in (0, 75_000, 3_600_000)] == ["0:00", "1:15", "1:00:00"]


@pytest.mark.parametrize(("ms", "expected"), [(6_500, "6.5\u00a0s"), (99_999, "100.0\u00a0s"), (100_000, "1:40.0")])
def test_durations(ms: int, expected: str) -> None:
    assert wording.seconds(ms) == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [("looking_away", "Looking away"), ("yaw_deg", "Yaw"), ("face_width_share", "Face width"),
     ("object:phone", "Phone"), ("second:person", "Second person"), ("gaze_x", "Eyes sideways"),
     ("HIGH_RISK", "HIGH RISK"), ("", "")],
)  # fmt: skip
def test_names(identifier: str, expected: str) -> None:
    assert wording.named(identifier) == expected


@pytest.mark.parametrize(
    ("number", "signal", "expected"),
    [
        (41.3, "yaw_deg", "41.3°"),
        (-4.0, "pitch_deg", "\u22124°"),
        (25.0, "head_yaw", "25°"),
        (-31.5, "level_dbfs", "\u221231.5 dBFS"),
        (-0.001, "", "0"),
        (0.875, "phone", "0.88"),
        (100.0, "", "100"),
        (math.nan, "", "–"),
        (math.inf, "yaw_deg", "–"),
    ],
)
def test_amounts(number: float, signal: str, expected: str) -> None:
    assert wording.amount(number, signal) == expected


def test_shares() -> None:
    assert [wording.percent(share) for share in (0.855, 0.0, math.nan)] == ["86\u00a0%", "0\u00a0%", "–"]


@pytest.mark.parametrize(("at", "expected"), [(0, "1970-01-01 00:00:00 UTC"), (2**62, ""), (-(2**62), "")])
def test_moments_that_no_calendar_holds_are_left_out(at: int, expected: str) -> None:
    assert wording.moment(at) == expected


def test_every_class_and_every_kind_of_blindness_has_its_words() -> None:
    assert set(wording.HEADLINES) == set(get_args(RiskClass))
    assert set(wording.BLIND_NAMES) == set(get_args(BlindReason))
