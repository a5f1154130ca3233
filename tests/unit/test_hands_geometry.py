"""What the geometry of a hand says: tables of hands, and that neither mirror nor size nor place changes it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.boxes import BoxXYXY
from detectors.hands.geometry import (
    HIDDEN_FACE,
    Points,
    at_face,
    check_points,
    extended,
    hand_box,
    near,
    over_hidden_face,
    raised,
    readable,
    thumb_sign,
    upright,
)
from tests.hands_shapes import hand, thumb_up

FACE: BoxXYXY = (270, 100, 390, 260)
OPEN, FIST = (0, 0, 0, 0, 0), (1, 1, 1, 1, 1)
HALF = (0.5, 0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("curls", "up"),
    [
        (OPEN, (1, 1, 1, 1)),
        (FIST, (0, 0, 0, 0)),
        ((1, 0, 1, 1, 1), (1, 0, 0, 0)),
        ((1, 0, 0, 1, 1), (1, 1, 0, 0)),
        ((1, 0, 0, 0, 1), (1, 1, 1, 0)),
        ((1, 1, 1, 1, 0), (0, 0, 0, 1)),
    ],
)
def test_extended_fingers_are_told_from_folded_ones(curls: tuple[float, ...], up: tuple[int, ...]) -> None:
    assert extended(hand(curls)) == pytest.approx(up, abs=0.05)
    assert extended(hand(curls, turn_deg=70)) == pytest.approx(up, abs=0.05)


@pytest.mark.parametrize(
    ("curls", "least", "most"),
    [
        (OPEN, 0.95, 1.0),
        ((1, 0, 1, 1, 1), 0.9, 1.0),
        ((1, 0, 0, 1, 1), 0.9, 1.0),
        ((1, 0, 0, 0, 1), 0.9, 1.0),
        (FIST, 0.0, 0.05),
        (HALF, 0.0, 0.4),
        ((0, 0, 0, 0.45, 0), 0.6, 0.8),
        ((0, 0, 0, 0.5, 1), 0.0, 0.4),
    ],
)
def test_open_hands_and_numbers_are_readable(curls: tuple[float, ...], least: float, most: float) -> None:
    assert least <= readable(hand(curls)) <= most


def test_a_thumb_up_or_down_is_a_sign_and_a_fist_is_none() -> None:
    assert thumb_sign(thumb_up()) == thumb_sign(thumb_up(down=True)) == 1.0
    assert thumb_sign(hand(FIST)) < 0.2
    assert thumb_sign(hand(OPEN)) == 0.0
    lying = thumb_up()
    lying[5:] = hand(OPEN, turn_deg=-90)[5:]
    assert thumb_sign(lying) == 0.0  # an open hand held out to the side


@pytest.mark.parametrize(
    ("turn_deg", "least", "most"), [(0, 1, 1), (45, 1, 1), (-45, 1, 1), (120, 0, 0.3), (180, 0, 0), (-120, 0, 0.3)]
)
def test_a_hand_is_upright_when_its_fingers_stand_over_the_wrist(turn_deg: float, least: float, most: float) -> None:
    assert least <= upright(hand(turn_deg=turn_deg)) <= most


def nearest_at(x: float, y: float, curls: tuple[float, ...] = (1, 0, 1, 1, 1)) -> Points:
    """A hand with the tip of its index finger at this place."""
    points = hand(curls)
    return np.asarray(points + (np.array((x, y, 0), np.float32) - points[8]) * np.array((1, 1, 0)), np.float32)


@pytest.mark.parametrize(
    ("tip", "least", "most"),
    [
        ((330, 200), 1.0, 1.0),  # over the face
        ((330, 240), 1.0, 1.0),  # the chin, from below
        ((330, 340), 0.0, 0.05),  # before the chest
        ((330, 620), 0.0, 0.0),
        ((700, 180), 0.0, 0.0),  # beside the head, far off
    ],
)
def test_a_hand_is_at_the_face_when_it_touches_it(tip: tuple[float, float], least: float, most: float) -> None:
    assert least <= at_face(nearest_at(*tip), FACE) <= most


def test_a_hand_at_the_ear_counts_though_the_box_ends_before_it() -> None:
    """The mesh's box ends about a tenth of the face's width before the ear."""
    fist = hand(FIST)
    right = FACE[2] + 0.1 * (FACE[2] - FACE[0])
    at_ear = np.asarray(fist + np.array((right - fist[:, 0].min(), 200 - fist[:, 1].mean(), 0)), np.float32)
    assert at_face(at_ear, FACE) > 0.6
    assert at_face(np.asarray(at_ear + np.array((60, 0, 0)), np.float32), FACE) == 0.0


def test_one_stray_landmark_is_not_a_hand_at_the_face() -> None:
    """One landmark in the face, the others far: catches TOUCHES = 1."""
    points = hand(FIST, at=(320, 700))
    points[8] = (330, 200, 0)
    assert at_face(points, FACE) == 0.0


@pytest.mark.parametrize(
    ("palm_y", "face", "least", "most"),
    [
        (180, FACE, 1.0, 1.0),
        (430, FACE, 1.0, 1.0),  # chest: 1.1 face heights under the chin
        (760, FACE, 0.0, 0.0),  # hanging
        (200, None, 1.0, 1.0),
        (430, None, 0.0, 0.0),
        (348, None, 0.4, 0.6),
    ],
)
def test_a_hand_is_raised_above_the_desk(palm_y: float, face: BoxXYXY | None, least: float, most: float) -> None:
    points = hand()
    points[:, 1] += palm_y - points[[0, 5, 9, 13, 17], 1].mean()
    assert least <= raised(points, face, 480) <= most


@pytest.mark.parametrize(
    ("at", "length", "least", "most"),
    [
        ((320, 300), 100, HIDDEN_FACE, HIDDEN_FACE),
        ((320, 300), 30, 0.0, 0.0),  # far away
        ((40, 300), 100, 0.0, 0.05),  # at the edge
        ((320, 500), 100, 0.0, 0.1),  # at the bottom
    ],
)
def test_only_a_large_hand_in_the_upper_middle_may_hide_a_face(
    at: tuple[float, float], length: float, least: float, most: float
) -> None:
    assert least <= over_hidden_face(hand(at=at, length=length), 640, 480) <= most


@pytest.mark.parametrize(
    ("thing", "share"),
    [
        ((0, 0, 100, 100), 1.0),
        ((25, 25, 75, 75), 1.0),
        ((50, 0, 150, 100), 0.5),
        ((90, 90, 110, 110), 0.25),
        ((100, 0, 200, 100), 0.0),
        ((300, 300, 400, 400), 0.0),
        ((10, 10, 10, 50), 0.0),
    ],
)
def test_near_is_the_shared_part_of_the_smaller_box(thing: BoxXYXY, share: float) -> None:
    box = (0.0, 0.0, 100.0, 100.0)
    assert near(box, thing) == pytest.approx(share)
    assert near(thing, box) == pytest.approx(share)


curl = st.floats(0, 1)
hands = st.builds(
    hand,
    st.tuples(curl, curl, curl, curl, curl),
    st.tuples(st.floats(0, 640), st.floats(0, 700)),
    st.floats(20, 200),
    st.floats(-180, 180),
)


def confidences(points: Points, face: BoxXYXY, width: float, height: float) -> list[float]:
    return [
        *extended(points),
        readable(points),
        thumb_sign(points),
        upright(points),
        at_face(points, face),
        raised(points, face, height),
        raised(points, None, height),
        over_hidden_face(points, width, height),
    ]


@settings(deadline=None, max_examples=40)
@given(hands)
def test_a_mirrored_picture_says_the_same(points: Points) -> None:
    mirrored = np.asarray(points * np.array((-1, 1, 1)) + np.array((640, 0, 0)), np.float32)
    face = (640 - FACE[2], FACE[1], 640 - FACE[0], FACE[3])
    assert confidences(mirrored, face, 640, 480) == pytest.approx(confidences(points, FACE, 640, 480), abs=2e-3)


@settings(deadline=None, max_examples=40)
@given(hands, st.floats(0.25, 4))
def test_a_larger_picture_says_the_same(points: Points, scale: float) -> None:
    face = (FACE[0] * scale, FACE[1] * scale, FACE[2] * scale, FACE[3] * scale)
    larger = confidences(np.asarray(points * scale, np.float32), face, 640 * scale, 480 * scale)
    assert larger == pytest.approx(confidences(points, FACE, 640, 480), abs=2e-3)


@settings(deadline=None, max_examples=40)
@given(hands, st.floats(-300, 300), st.floats(-300, 300))
def test_hand_and_face_moved_together_say_the_same(points: Points, dx: float, dy: float) -> None:
    def said(points: Points, face: BoxXYXY) -> list[float]:
        return [readable(points), thumb_sign(points), upright(points), at_face(points, face), raised(points, face, 480)]

    moved = np.asarray(points + np.array((dx, dy, 0)), np.float32)
    face = (FACE[0] + dx, FACE[1] + dy, FACE[2] + dx, FACE[3] + dy)
    assert said(moved, face) == pytest.approx(said(points, FACE), abs=2e-3)


@settings(deadline=None, max_examples=40)
@given(hands)
def test_confidences_are_confidences(points: Points) -> None:
    assert all(0.0 <= value <= 1.0 for value in confidences(points, FACE, 640, 480))


def test_a_point_for_a_hand_divides_by_nothing() -> None:
    points = np.full((21, 3), 7, np.float32)
    assert all(np.isfinite(confidences(points, (7, 7, 7, 7), 640, 480)))
    assert hand_box(points) == (7, 7, 7, 7)


@pytest.mark.parametrize("shape", [(20, 3), (21, 2), (21,), (0, 3)])
def test_landmarks_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="landmarks of shape"):
        check_points(np.zeros(shape, np.float32))
