"""What lies between thumb and fingers, by its colour: hands drawn in several skins and lights."""

import cv2
import numpy as np
import pytest

from detectors.hands.grip import holding
from tests.hands_shapes import SKINS, Picture, drawn, hand

GRIP = (0.3, 0.5, 0.5, 0.5, 0.5)
POINTS = hand(GRIP)


def bare(skin: tuple[int, int, int], light: float = 1.0) -> Picture:
    """A cupped hand whose inside is all skin."""
    picture = drawn(POINTS, skin)
    cv2.fillConvexPoly(picture, cv2.convexHull(POINTS[:, :2].astype(int)), skin)
    return np.asarray(np.clip(picture * light, 0, 255), np.uint8)


def with_thing(picture: Picture, colour: tuple[int, int, int]) -> Picture:
    """The same hand round a thing as large as the space from the thumb to the fingers."""
    held = picture.copy()
    x1, y1 = POINTS[[4, 3, 7, 11, 16], :2].min(axis=0).astype(int) + 6
    x2, y2 = POINTS[[4, 3, 7, 11, 16], :2].max(axis=0).astype(int) - 4
    cv2.rectangle(held, (int(x1), int(y1)), (int(x2), int(y2)), colour, -1)
    return held


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("light", [0.6, 1.0])
def test_a_thing_between_thumb_and_fingers_is_held(skin: tuple[int, int, int], light: float) -> None:
    assert holding(bare(skin, light), POINTS) == 0.0
    assert holding(with_thing(bare(skin, light), (30, 60, 160)), POINTS) > 0.6


def test_a_thing_of_the_skins_colour_cannot_be_seen() -> None:
    """The limit of the way: what looks like the hand is taken for the hand."""
    assert holding(with_thing(bare(SKINS[1]), SKINS[1]), POINTS) == 0.0


def test_a_hand_outside_the_picture_holds_nothing_known() -> None:
    picture = with_thing(bare(SKINS[0]), (30, 60, 160))
    assert holding(picture, np.asarray(POINTS + np.array((900, 0, 0)), np.float32)) == 0.0
    assert holding(picture[:2, :2], POINTS) == 0.0
    assert holding(np.zeros((1, 1, 3), np.uint8), np.zeros((21, 3), np.float32)) == 0.0


def test_a_mirrored_picture_holds_the_same() -> None:
    picture = with_thing(bare(SKINS[1]), (30, 60, 160))
    points = np.asarray(POINTS * np.array((-1, 1, 1)) + np.array((picture.shape[1] - 1, 0, 0)), np.float32)
    assert holding(np.ascontiguousarray(picture[:, ::-1]), points) == pytest.approx(holding(picture, POINTS), abs=0.2)
