"""Whether a hand has the colour of the face: in every skin, in coloured light, and a plant that has not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.hands.reading import read_hands
from detectors.hands.skin import like_face
from tests.hands_shapes import SKINS, Picture, drawn, hand

FACE: BoxXYXY = (250.0, 20.0, 370.0, 170.0)
HAND = hand(at=(480, 420), length=80)
LEAF, GREY = (70, 120, 52), (128, 128, 128)
LIGHTS = ((1.0, 1.0, 1.0), (0.35, 0.5, 0.8), (0.9, 0.6, 0.4), (0.25, 0.25, 0.25))


def pictured(skin: tuple[int, int, int], fingers: tuple[int, int, int], light: tuple[float, float, float]) -> Picture:
    """A face of one colour and a hand of another under one light, RGB."""
    picture: NDArray[np.uint8] = drawn(HAND, fingers)
    picture[20:170, 250:370] = skin
    return np.asarray(picture * np.array(light), np.uint8)


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("skin", SKINS)
def test_a_hand_of_the_faces_colour_signals_in_any_light(
    skin: tuple[int, int, int], light: tuple[float, float, float]
) -> None:
    assert read_hands(pictured(skin, skin, light), [HAND], [FACE]).signalling > 0.9


@pytest.mark.parametrize("skin", SKINS)
def test_leaves_beside_a_face_signal_nothing(skin: tuple[int, int, int]) -> None:
    assert read_hands(pictured(skin, LEAF, LIGHTS[0]), [HAND], [FACE]).signalling == 0.0


def test_the_face_that_the_hand_is_like_counts() -> None:
    """Catches a second person's hand that is compared with the candidate's face alone."""
    picture = pictured(LEAF, SKINS[1], LIGHTS[0])
    picture[20:170, 400:520] = SKINS[1]
    assert read_hands(picture, [HAND], [FACE]).signalling == 0.0
    assert read_hands(picture, [HAND], [FACE, (400.0, 20.0, 520.0, 170.0)]).signalling > 0.9


def test_a_grey_picture_and_a_face_out_of_sight_raise_no_doubt() -> None:
    assert like_face(pictured(GREY, LEAF, LIGHTS[0]), HAND, FACE) == 1.0
    assert like_face(pictured(SKINS[0], LEAF, LIGHTS[0]), HAND, (900.0, 20.0, 990.0, 170.0)) == 1.0


def test_a_sign_without_a_face_begins_nothing() -> None:
    """A plant in an empty room: the default policy's rule begins at 0.6 and goes on from 0.5."""
    assert 0.2 < read_hands(pictured(GREY, LEAF, LIGHTS[0]), [HAND], []).signalling <= 0.5
