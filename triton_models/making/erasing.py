"""Real hands without their phone: the phone of a picture is painted over, alone or with a wallet-like plate laid on.

Nothing else shows the model what people and hands look like where a phone was; without it, a hand held up is enough.
"""

from collections.abc import Sequence
from random import Random

import cv2
import numpy as np

from triton_models.annotations import LabelledBox
from triton_models.making.composites import Picture, paste, plate, turned

LARGEST_SHARE = 0.35
"""A phone that fills more of its picture leaves nothing to learn from around it."""
MARGIN_PX = 3
"""Painted beyond the box, so that no rim of the phone stays."""


def can_erase(boxes: Sequence[LabelledBox]) -> bool:
    """Whether a picture's phones (class 0) are few and small enough."""
    phones = [box for box in boxes if box.class_id == 0]
    return 0 < len(phones) <= 2 and sum(box.w * box.h for box in phones) < LARGEST_SHARE


def without_phones(picture: Picture, boxes: Sequence[LabelledBox], rng: Random) -> Picture:
    """The picture with its phones painted over from their surroundings; half of them get a plate in their place."""
    painted = painted_over(picture, boxes)
    if rng.random() < 0.5:
        for box in (box for box in boxes if box.class_id == 0):
            painted = _covered(painted, box, rng)
    return painted


def painted_over(picture: Picture, boxes: Sequence[LabelledBox]) -> Picture:
    """The picture with its phones painted over from their surroundings."""
    height, width = picture.shape[:2]
    phones = [box for box in boxes if box.class_id == 0]
    mask = np.zeros((height, width), np.uint8)
    for box in phones:
        x1, y1, x2, y2 = box.xyxy()
        corner = (int(x1 * width) - MARGIN_PX, int(y1 * height) - MARGIN_PX)
        cv2.rectangle(mask, corner, (int(x2 * width) + MARGIN_PX, int(y2 * height) + MARGIN_PX), 255, -1)
    return np.asarray(cv2.inpaint(picture, mask, 5, cv2.INPAINT_TELEA), np.uint8)


def _covered(picture: Picture, box: LabelledBox, rng: Random) -> Picture:
    """A plate about as large as the box laid in its place."""
    height, width = picture.shape[:2]
    thing = turned(plate(rng), max(12, int(box.h * height * rng.uniform(0.6, 0.95))), rng.gauss(0, 8))
    left = int(box.cx * width - thing.alpha.shape[1] / 2)
    top = int(box.cy * height - thing.alpha.shape[0] / 2)
    covered, _ = paste(picture, thing, left, top)
    return covered
