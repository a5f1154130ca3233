"""Whether something lies between a hand's thumb and its fingers: neither of the fingers' colour, nor what is behind.

The landmarks alone do not say it. Measured on 81 hands over a phone against 72 bare ones (open, at the chin, signing):
no distance or angle of the hand separates them, since a hand holds a phone open, round, folded or by two fingers (area
under the curve 0.1 to 0.8, on different sides for different bare hands). The colour does, sometimes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.hands.geometry import Points, hand_length, ramp

FINGER_JOINTS = [2, 3, 6, 7, 10, 11, 14, 15, 18, 19]
"""Seen in nearly every grip; their median colour is the hand's, in this light."""
THUMB, OPPOSITE = [4, 4, 4, 3, 3], [8, 12, 16, 7, 11]
"""From a place on the thumb to one on a finger: what is held lies between."""
WAYS = np.array((0.25, 0.4, 0.5, 0.6, 0.75), np.float32)[None, :, None]
BEYOND = np.array((0.25, 0.4), np.float32)[None, :, None]
"""On the other side of the thumb, in hand lengths: there one sees what is behind an open hand."""
AROUND = np.arange(-1, 2)
FEWEST_SEEN = 4
"""Places within the picture, below which nothing is said."""
OTHER_CHROMA, OTHER_LUMA = 12.0, 60.0
"""Differences beyond which a colour is another thing's: in the plane of Cr and Cb, and in luma (0-255)."""
BARE, HELD = 0.2, 0.4
"""Share of the places of another colour. Measured: above 0.3 with 2 of 97 bare hands and 0.44 of those over a phone
(0.39 of 44 in pictures held back)."""


def holding(rgb: NDArray[np.uint8], points: Points) -> float:
    """Confidence 0-1 that the hand holds something, from an RGB uint8 [h, w, 3] and landmarks in its pixels."""
    thumb, across = points[THUMB, None, :2], points[OPPOSITE, None, :2] - points[THUMB, None, :2]
    way = across / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-6)
    fingers, held, behind = (
        colours_at(rgb, places.reshape(-1, 2))
        for places in (points[FINGER_JOINTS, :2], thumb + across * WAYS, thumb - way * BEYOND * hand_length(points))
    )
    if min(len(fingers), len(held), len(behind)) < FEWEST_SEEN:
        return 0.0
    return ramp(float((_differs(held, fingers) & _differs(held, behind)).mean()), BARE, HELD)


def _differs(colours: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of the colours [n, 3] is not the usual one of the others."""
    off = np.abs(colours - np.median(others, axis=0))
    return np.asarray((np.hypot(off[:, 1], off[:, 2]) > OTHER_CHROMA) | (off[:, 0] > OTHER_LUMA))


def colours_at(rgb: NDArray[np.uint8], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Y, Cr, Cb float32 [n, 3] of the 3x3 pixels around each place [m, 2] that lies wholly within the picture."""
    height, width = rgb.shape[:2]
    x, y = np.round(places).astype(np.int64).T
    inside = (x >= 1) & (x < width - 1) & (y >= 1) & (y < height - 1)
    rows, columns = y[inside, None, None] + AROUND[:, None], x[inside, None, None] + AROUND
    if not rows.size:
        return np.empty((0, 3), np.float32)
    means = rgb[rows, columns].mean(axis=(1, 2), dtype=np.float32)[:, None]
    return np.asarray(cv2.cvtColor(means / 255, cv2.COLOR_RGB2YCrCb), np.float32)[:, 0] * 255
