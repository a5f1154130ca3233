"""Pasted and erased training pictures: the label is where the thing is, and an erased phone is gone."""

from random import Random

import numpy as np
import pytest

from triton_models.annotations import LabelledBox
from triton_models.making.composites import Cutout, cut, paste, paste_somewhere, plate, with_fingers, worn
from triton_models.making.erasing import can_erase, without_phones

GREY = np.full((100, 200, 3), 90, np.uint8)


def white(height: int, width: int) -> Cutout:
    return Cutout(np.full((height, width, 3), 255, np.uint8), np.ones((height, width), np.float32))


@pytest.mark.parametrize(
    ("left", "top", "expected"),
    [(20, 10, (0.1, 0.1, 0.2, 0.5)), (-10, 10, (0.0, 0.1, 0.05, 0.5)), (190, 80, (0.95, 0.8, 1.0, 1.0))],
)
def test_the_box_is_the_visible_part(left: int, top: int, expected: tuple[float, ...]) -> None:
    picture, box = paste(GREY, white(40, 20), left, top)
    assert box.xyxy() == pytest.approx(expected)
    assert (picture[..., 0] == 255).sum() == pytest.approx(box.w * 200 * box.h * 100)
    assert (GREY == 90).all()


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_pasted_gets_a_box_inside_the_picture(seed: int) -> None:
    rng = Random(seed)
    picture, box = paste_somewhere(GREY, with_fingers(plate(rng), rng), rng)
    x1, y1, x2, y2 = box.xyxy()
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1
    assert picture.shape == GREY.shape
    assert (picture != GREY).any()


def test_a_cutout_is_the_inside_of_its_box() -> None:
    picture = GREY.copy()
    picture[20:60, 50:90] = 200
    piece = cut(picture, LabelledBox(0, 0.35, 0.4, 0.2, 0.4), Random(0))
    assert piece is not None
    assert (piece.picture == 200).all()
    assert cut(picture, LabelledBox(0, 0.35, 0.4, 0.02, 0.4), Random(0)) is None


@pytest.mark.parametrize("seed", range(6))
def test_an_erased_phone_is_gone_and_the_rest_stays(seed: int) -> None:
    picture = GREY.copy()
    picture[30:70, 80:110] = (0, 0, 255)
    phone = LabelledBox(0, 0.475, 0.5, 0.15, 0.4)
    erased = without_phones(picture, [phone, LabelledBox(2, 0.1, 0.1, 0.1, 0.1)], Random(seed))
    assert not (erased == (0, 0, 255)).all(axis=2).any()
    assert (erased[:20] == 90).all()
    assert (erased[:, :60] == 90).all()


@pytest.mark.parametrize(
    ("boxes", "possible"),
    [
        ([], False),
        ([LabelledBox(2, 0.5, 0.5, 0.2, 0.2)], False),
        ([LabelledBox(0, 0.5, 0.5, 0.2, 0.2)], True),
        ([LabelledBox(0, 0.5, 0.5, 0.9, 0.9)], False),
        ([LabelledBox(0, 0.5, 0.5, 0.1, 0.1)] * 3, False),
    ],
)
def test_only_small_and_few_phones_are_erased(boxes: list[LabelledBox], possible: bool) -> None:
    assert can_erase(boxes) is possible


def test_wear_keeps_the_size() -> None:
    assert all(worn(GREY, Random(seed)).shape == GREY.shape for seed in range(10))
