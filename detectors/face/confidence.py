"""How far a face's numbers can be trusted, each from what makes it wrong: size, a cut-off face, a turned head.

A confidence is 0-1 and has one meaning: the tolerable error by the one to be expected (nine of ten readings err by
less), at most 1. Scoring should take a signal below FLOOR for unknown: twice the tolerable error is half of what its
rule looks for.

Measured on 3,342 readings of frames of real clips and rendered exams that were shrunk (faces of 18 to 120 px) or cut
off at each side (by 10 to 50 % of the face), against the reading of the whole frame. Rank correlation of confidence
and error: pose -0.47, gaze -0.51, openness -0.50. Error of nine in ten readings at a confidence from the floor on /
below it / below a quarter: pose 7 / 10 / 12 degrees, gaze 0.045 / 0.105 / 0.113, openness 0.03 / 0.11 / 0.125. Faces
of the clips as they are have 1.0; eyes of a head that is turned by 45 degrees in a picture of 480 px 0.4.
The reprojection error of the pose tells less (rank correlation 0.23) than the share of the face in the picture (0.46).
"""

import numpy as np

from detectors.face.pose import Points

FLOOR = 0.5
POSE_DEG, GAZE_SHARE, OPENNESS_SHARE = 5.0, 0.035, 0.05
"""Tolerable errors: a quarter of the turn and half of the glance that the default policy looks for, a sixth of an open
eye."""
SIDE_GAZE_DEG, SIDE_OPENNESS_DEG = 55.0, 63.0
"""Yaw from which on eyes say nothing of the gaze and of their openness: the mesh guesses the far one. Measured on a man
who turns round (181 readings, his lids lowered in some): the gaze strays by 0.05 of the eye's width at a yaw of 30 to
45 degrees, by 0.12 beyond 55; the eyes' openness has a median of 0.25 at 55 to 62 degrees, of 0.19 beyond."""
LOOKED_AT_PX = 640
"""The longest side of the picture that the networks see; a larger source shows them no more."""
MESH = 468
ABOUT_EYES = (33, 133, 159, 145, 362, 263, 386, 374, 70, 300, 168, 6, 10, 127, 356, 21, 251, 54, 284)
"""Corners and lids of the eyes, brows, bridge of the nose, temples and forehead."""
LEFT_EYE, RIGHT_EYE = (33, 133), (362, 263)


def pose_confidence(points: Points, width: int, height: int, yaw_deg: float) -> float:
    """Of yaw, pitch and roll.

    Expected error in degrees: (52 / face's width in px) squared, 40 x the share of the mesh outside of the picture (the
    mesh guesses that part, in the direction of a frontal face), (yaw / 30) squared (rendered heads: 4 degrees within 20
    of yaw, 10 at 35).
    """
    across_px = float(np.ptp(points[:MESH, 0])) * _looked_at(width, height)
    expected = (52.0 / max(across_px, 1.0)) ** 2 + 40.0 * _outside(points[:MESH], width, height) + (yaw_deg / 30.0) ** 2
    return _confidence(POSE_DEG, expected)


def gaze_confidence(points: Points, width: int, height: int, yaw_deg: float) -> float:
    """Of the gaze.

    Expected error as a share of the eye's width: 0.2 px of the narrower eye (the far one of a turned head), 0.3 x the
    share of the eyes' surroundings outside of the picture, 0.15 x the share of the whole mesh outside, and 0.07 at
    SIDE_GAZE_DEG of yaw.
    """
    about, whole = _outside(points[list(ABOUT_EYES)], width, height), _outside(points[:MESH], width, height)
    aside = 0.07 * (yaw_deg / SIDE_GAZE_DEG) ** 4
    return _confidence(GAZE_SHARE, 0.2 / _eye_px(points, width, height) + 0.3 * about + 0.15 * whole + aside)


def openness_confidence(points: Points, width: int, height: int, yaw_deg: float) -> float:
    """Of the eyes' openness.

    Expected error: (1.3 px / the narrower eye's width) squared, 0.4 x the share of the eyes' surroundings outside, and
    0.1 at SIDE_OPENNESS_DEG of yaw.
    """
    about = _outside(points[list(ABOUT_EYES)], width, height)
    aside = 0.1 * (yaw_deg / SIDE_OPENNESS_DEG) ** 4
    return _confidence(OPENNESS_SHARE, (1.3 / _eye_px(points, width, height)) ** 2 + 0.4 * about + aside)


def _confidence(tolerable: float, expected: float) -> float:
    return min(1.0, tolerable / max(expected, 1e-9))


def _outside(points: Points, width: int, height: int) -> float:
    """Share of the points outside of the picture, 0-1."""
    x, y = points[:, 0], points[:, 1]
    return 1.0 - float(np.mean((x >= 0) & (x < width) & (y >= 0) & (y < height)))


def _eye_px(points: Points, width: int, height: int) -> float:
    """Width of the narrower eye in the picture that was looked at, at least 0.1 px."""
    wide = (float(np.hypot(*(points[one, :2] - points[other, :2]))) for one, other in (LEFT_EYE, RIGHT_EYE))
    return max(min(wide) * _looked_at(width, height), 0.1)


def _looked_at(width: int, height: int) -> float:
    return min(1.0, LOOKED_AT_PX / max(width, height))
