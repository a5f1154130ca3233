"""A face turned upright and brought to the size that a recogniser was trained on, from MediaPipe's landmarks."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.face.pose import Points

Picture = NDArray[np.uint8]
Similarity = NDArray[np.float64]
"""[2, 3]: rotation and one scale, then the shift."""

BLUR_A_REDUCTION = 0.5
"""Standard deviation in source pixels per pixel of reduction beyond 1: less aliases, more blurs what is left."""


@dataclass(frozen=True, slots=True)
class Chip:
    """What a recogniser wants to see: a square of `side_px`, and where in it each landmark lies (x, y in pixels)."""

    side_px: int
    places: dict[int, tuple[float, float]]


# dlib aligns by its own five points (corners of the eyes, base of the nose), padding 0.25. These are the places that
# MediaPipe's corners of the eyes and base of the nose take in dlib's chips: medians over 55 faces of 6 people, mirrored
# onto each other; they scatter by 1-2 px. dlib's corners lie within the lids, MediaPipe's 1-3 px outside of them.
DLIB_CHIP = Chip(
    150,
    {33: (36.0, 48.75), 133: (58.9, 48.1), 362: (90.2, 48.1), 263: (113.1, 48.75), 2: (75.0, 82.2)},
)

# ArcFace's template at 112 px, as InsightFace publishes it (insightface/utils/face_align.py, MIT): centres of the eyes,
# tip of the nose, corners of the mouth. MediaPipe's irises are the centres of the eyes.
ARCFACE_CHIP = Chip(
    112,
    {
        468: (38.2946, 51.6963),
        473: (73.5318, 51.5014),
        1: (56.0252, 71.7366),
        61: (41.5493, 92.3655),
        291: (70.7299, 92.2041),
    },
)


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> Similarity:
    """The turn, scale and shift that bring `source` [n, 2] closest to `target` [n, 2] (least squares, no mirror)."""
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    one, other = source - from_middle, target - to_middle
    square = max(float((one**2).sum()), 1e-9)
    along = float((one * other).sum()) / square
    across = float((one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum()) / square
    turn = np.array([[along, -across], [across, along]])
    return np.column_stack([turn, to_middle - turn @ from_middle])


def chip_of(rgb: Picture, points: Points, width: int, chip: Chip) -> Picture:
    """The face as `chip` wants it, uint8 [side, side, 3].

    `points`: [478, 3] in pixels of a source `width` wide, of which `rgb` [h, w, 3] may be a reduction.
    """
    seen = points[list(chip.places), :2].astype(np.float64) * (rgb.shape[1] / width)
    to_chip = similarity(seen, np.array(list(chip.places.values())))
    scale = float(np.hypot(to_chip[0, 0], to_chip[1, 0]))
    size = (chip.side_px, chip.side_px)
    return np.asarray(cv2.warpAffine(_smoothed(rgb, scale), to_chip, size, flags=cv2.INTER_LINEAR), np.uint8)


def inside_share(points: Points, width: int, height: int) -> float:
    """How much of the face's landmarks lies within the picture, 0-1."""
    x, y = points[:, 0], points[:, 1]
    return float(((x >= 0) & (y >= 0) & (x < width) & (y < height)).mean())


def _smoothed(rgb: Picture, scale: float) -> Picture:
    """Bilinear sampling skips pixels where a picture is reduced: blurred before, nothing aliases."""
    if scale >= 1.0:
        return rgb
    deviation = BLUR_A_REDUCTION * (1.0 / scale - 1.0)
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), deviation), np.uint8) if deviation > 0.1 else rgb
