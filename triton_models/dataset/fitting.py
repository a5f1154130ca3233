"""Pictures at the size they are trained with: letterboxed into a square, or only shrunk; boxes move along."""

import cv2
import numpy as np

from triton_models.annotations import LabelledBox
from triton_models.boxes import PAD_VALUE
from triton_models.making.composites import Picture


def shrunk(picture: Picture, longest_px: int) -> Picture:
    """The picture with its longer side at most this long; never enlarged."""
    scale = longest_px / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def letterboxed(picture: Picture, boxes: list[LabelledBox], side_px: int) -> tuple[Picture, list[LabelledBox]]:
    """The picture in the middle of a grey square, filling one direction; boxes in shares of the square."""
    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (side_px - new_w) // 2, (side_px - new_h) // 2
    square = np.full((side_px, side_px, 3), PAD_VALUE, np.uint8)
    square[top : top + new_h, left : left + new_w] = cv2.resize(picture, (new_w, new_h), interpolation=way)
    moved = [
        LabelledBox(
            box.class_id,
            (box.cx * new_w + left) / side_px,
            (box.cy * new_h + top) / side_px,
            box.w * new_w / side_px,
            box.h * new_h / side_px,
        )
        for box in boxes
    ]
    return square, moved
