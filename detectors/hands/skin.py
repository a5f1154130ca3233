"""Whether a hand has the colour of the face that it belongs to: leaves of a plant pass for fingers, but are green.

Hand and face of one person are lit alike, so the hue of the one is compared with that of the other and with no idea of
what skin looks like: measured on faces from the lightest to the darkest skin, in daylight and in blue light. A glove of
another colour is taken for something else, too.

Hues differ by 4 degrees in the middle of 151 hands beside a face in real pictures, by 17 in nineteen of twenty, by more
than 60 in one (where a phone hides the face); that of a rendered plant from the face's by 75 to 90.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.hands.geometry import PALM, Points, ramp
from detectors.hands.grip import FINGER_JOINTS, colours_at

ALIKE_DEG, OTHER_DEG = 35.0, 60.0
GREY, COLOURED = 0.05, 0.08
"""Distance from grey in the plane of Cr and Cb over luma: a colour so pale has no hue that could be compared."""
FACE_ACROSS, FACE_DOWN = (0.25, 0.75), (0.42, 0.62)
"""The part of a face's box that shows nose and cheeks: below glasses and hair, above a beard."""
PLACES = 5
"""Along either side of that part."""
FEWEST_SEEN = 4


def like_face(rgb: NDArray[np.uint8], hand: Points, face: BoxXYXY) -> float:
    """Confidence 0-1 that the hand may be this face's; 1 where one of them shows no hue. All in pixels of an RGB
    uint8 [h, w, 3]."""
    fingers, cheeks = colours_at(rgb, hand[[*PALM, *FINGER_JOINTS], :2]), colours_at(rgb, _cheeks(face))
    if min(len(fingers), len(cheeks)) < FEWEST_SEEN:
        return 1.0
    (hand_hue, hand_depth), (face_hue, face_depth) = _hue(fingers), _hue(cheeks)
    apart = abs((hand_hue - face_hue + 180.0) % 360.0 - 180.0)
    return max(ramp(apart, OTHER_DEG, ALIKE_DEG), ramp(min(hand_depth, face_depth), COLOURED, GREY))


def _cheeks(face: BoxXYXY) -> NDArray[np.float32]:
    """Places [n, 2] on the middle of a face."""
    x1, y1, x2, y2 = face
    across, down = (np.linspace(*part, PLACES) for part in (FACE_ACROSS, FACE_DOWN))
    xs, ys = np.meshgrid(x1 + (x2 - x1) * across, y1 + (y2 - y1) * down)
    return np.asarray(np.stack([xs.ravel(), ys.ravel()], axis=1), np.float32)


def _hue(colours: NDArray[np.float32]) -> tuple[float, float]:
    """Degrees in the plane of Cr and Cb of the usual one of Y, Cr, Cb [n, 3], and how far it is from grey over luma."""
    luma, red, blue = (float(value) for value in np.median(colours, axis=0))
    red, blue = red - 128.0, blue - 128.0
    return float(np.degrees(np.arctan2(red, blue))), float(np.hypot(red, blue)) / max(luma, 1.0)
