"""Where a hand is and what its fingers do, from MediaPipe's 21 hand landmarks; numpy and nothing else.

Landmarks are float32 [21, 3]: x, y in pixels, z in the same scale towards the scene: 0 wrist, then four for each finger
from its root to its tip: thumb 1-4, index 5-8, middle 9-12, ring 13-16, little finger 17-20. Every confidence is the
same for a mirrored picture, and for one of another size with everything in it scaled.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY

LANDMARKS = 21
Points = NDArray[np.float32]

WRIST, MIDDLE_ROOT = 0, 9
THUMB_TIP = 4
CHAINS = np.array([[0, 1, 2, 3, 4], [0, 5, 6, 7, 8], [0, 9, 10, 11, 12], [0, 13, 14, 15, 16], [0, 17, 18, 19, 20]])
"""Each finger from the wrist to its tip; thumb first."""
PALM = [0, 5, 9, 13, 17]
FINGER_TIPS = CHAINS[1:, -1]

# Reach: from the wrist straight to a finger's tip, over the way along its bones. Measured: fingers of an open hand 0.86
# to 0.97, the folded ones of a hand at the chin 0.60 to 0.72, of a fist 0.32 to 0.58.
FOLDED_REACH, EXTENDED_REACH = 0.70, 0.86
# Distance of a hand to the face's box over the face's width. The box ends before the ear (0.12) and a hand at the chin
# lies at 0 to 0.11; hands that talk in front of the chest come no nearer than 0.34.
TOUCHING, AWAY = 0.12, 0.40
TOUCHES = 2
"""How many landmarks must be near the face: one may be noise."""
# Fingertips over the wrist, in hand lengths: upright from the second on. Hands that hang read -1.9.
LYING, UPRIGHT = 0.2, 0.6
THUMB_BEYOND = (0.25, 0.5)
"""The thumb's tip over or under the rest of the hand, in hand lengths; a fist's thumb lies against its fingers."""
# The palm's middle under the face's box, in face heights. Measured: signing in front of the chest 0.5 to 1.6, arms
# that hang 3 and more.
CHEST, LAP = 1.6, 2.4
# Without a face: the palm's middle in the picture's height.
UPPER_PART, LOWER_PART = 0.6, 0.85
# A hand that may hide the face: so long against the picture's height, and so far from the picture's middle.
FAR_HAND, NEAR_HAND = 0.08, 0.16
MIDDLE, SIDE = 0.2, 0.35
HIDDEN_FACE = 0.5
"""Most that is said of a hand at a face that is not seen, or of a sign without a face: keeps up what was seen before,
begins nothing."""


def ramp(value: float, none: float, full: float) -> float:
    """0 at `none`, 1 at `full` (which may be the smaller), straight between, never beyond."""
    return min(max((value - none) / (full - none), 0.0), 1.0)


def check_points(points: Points) -> None:
    """Raises: ValueError when the landmarks are not [21, 3]."""
    if points.shape != (LANDMARKS, 3):
        raise ValueError(f"landmarks of shape {points.shape}, not ({LANDMARKS}, 3)")


def hand_box(points: Points) -> BoxXYXY:
    """The landmarks' bounding box; it may reach over the picture's edge."""
    (x1, y1), (x2, y2) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def hand_length(points: Points) -> float:
    """From the wrist to the middle finger's root, in space: about half of an open hand."""
    return max(float(np.linalg.norm(points[MIDDLE_ROOT] - points[WRIST])), 1e-6)


def reaches(points: Points) -> NDArray[np.float32]:
    """How far each finger reaches, float [5], thumb first: 1 is straight from the wrist to the tip."""
    joints = points[CHAINS]
    bones = np.linalg.norm(np.diff(joints, axis=1), axis=2).sum(axis=1)
    return np.asarray(np.linalg.norm(joints[:, -1] - joints[:, 0], axis=1) / np.maximum(bones, 1e-6), np.float32)


def extended(points: Points) -> tuple[float, float, float, float]:
    """How sure each finger but the thumb is extended, 0 folded to 1, index first. The thumb reaches far in any hand."""
    index, middle, ring, little = (ramp(float(reach), FOLDED_REACH, EXTENDED_REACH) for reach in reaches(points)[1:])
    return index, middle, ring, little


def at_face(points: Points, face: BoxXYXY) -> float:
    """Confidence 0-1 that the hand is at this face, an ear or the chin: TOUCHES of its landmarks are by the box."""
    x1, y1, x2, y2 = face
    across = np.maximum(np.maximum(x1 - points[:, 0], points[:, 0] - x2), 0.0)
    along = np.maximum(np.maximum(y1 - points[:, 1], points[:, 1] - y2), 0.0)
    distance = float(np.sort(np.hypot(across, along))[TOUCHES - 1])
    return ramp(distance / max(x2 - x1, 1e-6), AWAY, TOUCHING)


def over_hidden_face(points: Points, width: float, height: float) -> float:
    """Confidence 0 to HIDDEN_FACE that the hand hides a face, in a picture without one: large, in the upper middle."""
    x, y = (float(value) for value in points[PALM, :2].mean(axis=0))
    central = ramp(abs(x / width - 0.5), SIDE, MIDDLE)
    large = ramp(hand_length(points) / height, FAR_HAND, NEAR_HAND)
    return HIDDEN_FACE * min(central, large, ramp(y / height, LOWER_PART, UPPER_PART))


def upright(points: Points) -> float:
    """Confidence 0-1 that the fingers point up: the highest tip but the thumb's stands above the wrist."""
    rise = float(points[WRIST, 1] - points[FINGER_TIPS, 1].min())
    return ramp(rise / hand_length(points), LYING, UPRIGHT)


def readable(points: Points) -> float:
    """Confidence 0-1 that the fingers show something: all of them open, or some up and the others folded.

    As much as the most doubtful finger allows: a relaxed hand, half open, shows nothing, and neither does a fist.
    """
    fingers = extended(points)
    told_apart = min(abs(2.0 * finger - 1.0) for finger in fingers)
    return max(min(fingers), min(told_apart, max(fingers)))


def thumb_sign(points: Points) -> float:
    """Confidence 0-1 of a thumb up or down: the other fingers folded, the thumb's tip beyond everything else."""
    thumb, others = float(points[THUMB_TIP, 1]), np.delete(points[:, 1], CHAINS[0, 2:])
    beyond = max(float(others.min()) - thumb, thumb - float(others.max())) / hand_length(points)
    return min(ramp(beyond, *THUMB_BEYOND), 1.0 - max(extended(points)))


def raised(points: Points, face: BoxXYXY | None, height: float) -> float:
    """Confidence 0-1 that the hand is held up in view, above the desk: against the face, or else in the picture."""
    middle = float(points[PALM, 1].mean())
    if face is None:
        return ramp(middle / height, LOWER_PART, UPPER_PART)
    return ramp((middle - face[3]) / max(face[3] - face[1], 1e-6), LAP, CHEST)


def near(hand: BoxXYXY, thing: BoxXYXY) -> float:
    """How far a hand's box and a thing's lie over each other, 0-1: shared area over that of the smaller box."""
    width = min(hand[2], thing[2]) - max(hand[0], thing[0])
    height = min(hand[3], thing[3]) - max(hand[1], thing[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (hand, thing))
    return max(width, 0.0) * max(height, 0.0) / smaller if smaller > 0 else 0.0
