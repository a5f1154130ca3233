"""Which frames are looked at for what: by what a frame's header says alone, at any rate, also when a camera slows."""

from dataclasses import replace

import pytest

from detectors.plan import APART_MS, LookPlan, frames_apart
from ingest.messages import FrameHeader
from ingest.sampling import spacing_ms


def header(seq: int, spacing: int = 0) -> FrameHeader:
    return FrameHeader(session="s", seq=seq, capture_ms=0, ingested_ms=0, width=640, height=480, spacing_ms=spacing)


@pytest.mark.parametrize(
    ("fps", "every"),
    [(0.5, 1), (1, 1), (1.5, 1), (2, 2), (3, 2), (5, 3), (10, 6), (12, 8), (15, 9), (25, 15), (30, 19)],
)
def test_looks_that_cost_much_lie_apart_at_any_rate(fps: float, every: int) -> None:
    plan, interval_ms = LookPlan(), round(1000 / fps)
    for takes in (plan.takes_objects, plan.takes_hands, plan.takes_company):
        taken = [seq for seq in range(60) if takes(header(seq, interval_ms))]
        assert taken == list(range(0, 60, every))
    assert every == 1 or APART_MS <= every * interval_ms <= 1000
    assert all(plan.takes_face(header(seq, interval_ms)) for seq in range(60))


@pytest.mark.parametrize("spacing", [0, -5])
def test_frames_of_unknown_spacing_are_taken_as_half_a_second_apart(spacing: int) -> None:
    assert [seq for seq in range(6) if LookPlan().takes_objects(header(seq, spacing))] == [0, 2, 4]


def test_hands_are_looked_at_in_pictures_that_are_looked_at_for_faces() -> None:
    plan = LookPlan(face_every=2)
    taken = [seq for seq in range(24) if plan.takes_hands(header(seq, 200))]
    assert taken == [0, 4, 8, 12, 16, 20]
    assert taken == [seq for seq in range(24) if plan.takes_company(header(seq, 200))]
    assert all(plan.takes_face(header(seq)) for seq in taken)


def test_a_look_may_be_had_in_every_frame_or_never() -> None:
    plan = LookPlan(objects_ms=1, hands_ms=0, company_ms=0)
    assert all(plan.takes_objects(header(seq, 33)) for seq in range(9))
    assert not any(plan.takes_hands(header(seq, 33)) or plan.takes_company(header(seq, 33)) for seq in range(9))
    never = replace(plan, face_every=0, hands_ms=1)
    assert not any(never.takes_face(header(seq)) or never.takes_hands(header(seq)) for seq in range(9))


def test_a_camera_that_slows_down_is_looked_at_as_often() -> None:
    """30 frames/s meant, 10 came: by the rate that was meant, looks would lie 1.9 s apart."""
    assert spacing_ms(33, 100) == 100
    assert frames_apart(APART_MS, spacing_ms(33, 100)) == 6


@pytest.mark.parametrize(
    ("meant", "last", "spacing"), [(200, 0, 200), (200, 240, 200), (200, 150, 200), (200, -50, 200)]
)
def test_jitter_changes_no_spacing(meant: int, last: int, spacing: int) -> None:
    assert spacing_ms(meant, last) == spacing
