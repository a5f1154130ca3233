"""Pictures into a network and boxes back out: both layouts, the letterbox undone, one box an object."""

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_models.boxes import PAD_VALUE, Layout, Letterboxed, decode, letterbox, suppress

UNCHANGED = Letterboxed(np.zeros((1, 3, 64, 64), np.float32), 1.0, 0, 0)


def raw(layout: Layout, *candidates: tuple[float, ...]) -> NDArray[np.float32]:
    """Candidates as cx, cy, w, h, class scores; `v5` gets an objectness of 1."""
    rows = np.array(candidates, np.float32)
    if layout == "v8":
        return rows.T
    return np.insert(rows, 4, 1.0, axis=1)


@pytest.mark.parametrize("layout", ["v8", "v5"])
def test_both_layouts_give_the_same_boxes(layout: Layout) -> None:
    found = decode(raw(layout, (20, 30, 10, 20, 0.1, 0.9), (50, 50, 4, 4, 0.2, 0.1)), layout, UNCHANGED, 0.5)
    assert found.xyxy.tolist() == [[15, 20, 25, 40]]
    assert found.class_id.tolist() == [1]
    assert found.confidence.tolist() == pytest.approx([0.9])


def test_objectness_weighs_a_v5_score() -> None:
    output = np.array([[20, 30, 10, 20, 0.5, 0.9]], np.float32)
    assert decode(output, "v5", UNCHANGED, 0.4).confidence.tolist() == pytest.approx([0.45])


def test_two_boxes_on_one_object_are_one_and_two_classes_are_two() -> None:
    candidates = (
        (20, 20, 10, 10, 0.6, 0),
        (21, 20, 10, 10, 0.8, 0),
        (20, 20, 10, 10, 0, 0.7),
        (50, 50, 10, 10, 0.5, 0),
    )
    found = decode(raw("v8", *candidates), "v8", UNCHANGED, 0.3)
    assert sorted(zip(found.class_id.tolist(), found.confidence.tolist(), strict=True)) == [
        (0, pytest.approx(0.5)),
        (0, pytest.approx(0.8)),
        (1, pytest.approx(0.7)),
    ]


def test_suppression_keeps_boxes_that_hardly_overlap() -> None:
    xyxy = np.array([[0, 0, 10, 10], [8, 0, 18, 10], [0, 0, 10, 9]], np.float32)
    assert suppress(xyxy, np.array([0.5, 0.9, 0.6], np.float32)) == [1, 2]


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 848), (1, 1), (320, 64), (64, 64)])
def test_a_box_around_the_whole_picture_comes_back_whole(width: int, height: int) -> None:
    fitted = letterbox(np.zeros((height, width, 3), np.uint8), 64)
    inside = np.argwhere(fitted.tensor[0, 0] < PAD_VALUE / 255 / 2)
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0) + 1
    output = raw("v8", ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0.9))
    slack = 1 / fitted.scale  # the letterbox rounds to whole pixels of the network's input
    assert np.allclose(decode(output, "v8", fitted, 0.5).xyxy[0], [0, 0, width, height], atol=slack)


def test_the_tensor_is_rgb_between_zero_and_one_on_grey() -> None:
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[..., 2] = 255  # red, as OpenCV stores it
    tensor = letterbox(picture, 64).tensor
    assert tensor.shape == (1, 3, 64, 64)
    assert tensor[0, :, 32, 32].tolist() == [1, 0, 0]
    assert tensor[0, :, 0, 0].tolist() == pytest.approx([PAD_VALUE / 255] * 3)


def test_nothing_found_has_the_shapes_of_something_found() -> None:
    found = decode(raw("v8", (1, 1, 1, 1, 0.1)), "v8", UNCHANGED, 0.5)
    assert found.xyxy.shape == (0, 4)
    assert found.confidence.shape == found.class_id.shape == (0,)
