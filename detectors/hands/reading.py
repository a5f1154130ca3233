"""The hands of one picture taken together: three confidences, each that of the hand which shows it most."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.hands.geometry import (
    HIDDEN_FACE,
    Points,
    at_face,
    check_points,
    hand_box,
    over_hidden_face,
    raised,
    readable,
    thumb_sign,
    upright,
)
from detectors.hands.grip import holding
from detectors.hands.skin import like_face


class HandsReading(msgspec.Struct, frozen=True, kw_only=True, tag="hands-reading"):
    """Confidences 0-1, to 0.001, that a hand is at the face or an ear, is held up to signal, holds something.

    `boxes`: of the hands, to 0.1 px, largest first; they may reach over the picture's edge.
    """

    at_face: float = 0.0
    signalling: float = 0.0
    holding: float = 0.0
    boxes: tuple[BoxXYXY, ...] = ()


class _Hand(msgspec.Struct, frozen=True):
    """One hand's confidences."""

    at_face: float
    signalling: float
    holding: float


def read_hands(rgb: NDArray[np.uint8], hands: Sequence[Points], faces: Sequence[BoxXYXY]) -> HandsReading:
    """What the hands do: landmarks [21, 3] each and the faces' boxes, largest first, in pixels of the RGB picture.

    Raises: ValueError when a hand's landmarks have another shape.
    """
    seen = [_read_hand(rgb, points, faces) for points in hands]
    return HandsReading(
        at_face=_rounded(max((hand.at_face for hand in seen), default=0.0)),
        signalling=_rounded(max((hand.signalling for hand in seen), default=0.0)),
        holding=_rounded(max((hand.holding for hand in seen), default=0.0)),
        boxes=tuple(sorted((_box(points) for points in hands), key=_largest_first)),
    )


def _read_hand(rgb: NDArray[np.uint8], points: Points, faces: Sequence[BoxXYXY]) -> _Hand:
    """What is at the face rests there, what holds something does not sign, however its fingers stand, and neither does
    what has another colour than everybody's face. Without a face nobody signs who did not before."""
    check_points(points)
    height, width = rgb.shape[:2]
    touching = max((at_face(points, face) for face in faces), default=over_hidden_face(points, width, height))
    held = holding(rgb, points)
    shown = max(min(upright(points), readable(points)), thumb_sign(points))
    own = max((like_face(rgb, points, face) for face in faces), default=HIDDEN_FACE)
    signalling = min(shown, own, raised(points, faces[0] if faces else None, height)) * (1.0 - max(touching, held))
    return _Hand(touching, signalling, held)


def _box(points: Points) -> BoxXYXY:
    x1, y1, x2, y2 = (round(value, 1) + 0.0 for value in hand_box(points))
    return x1, y1, x2, y2


def _largest_first(box: BoxXYXY) -> tuple[float, BoxXYXY]:
    return -(box[2] - box[0]) * (box[3] - box[1]), box


def _rounded(confidence: float) -> float:
    return round(confidence, 3) + 0.0
