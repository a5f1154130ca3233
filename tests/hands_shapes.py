"""Hands for tests: landmark tables with chosen fingers up, and pictures of such hands drawn on a wall."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.hands.geometry import Points

Picture = NDArray[np.uint8]

# An open hand seen from the palm, fingers up, wrist at (0, 0), a hand length of 100: root and direction of each finger.
ROOTS = ((-38.0, -32.0), (-28.0, -96.0), (0.0, -100.0), (24.0, -94.0), (46.0, -82.0))
DIRECTIONS = ((-0.75, -0.66), (-0.16, -0.99), (0.0, -1.0), (0.14, -0.99), (0.3, -0.95))
BONES = ((34.0, 30.0, 26.0), (42.0, 26.0, 22.0), (46.0, 30.0, 24.0), (42.0, 28.0, 22.0), (32.0, 20.0, 18.0))
SKINS = ((222, 184, 158), (178, 128, 96), (98, 66, 48))
"""RGB."""


def hand(
    curls: Sequence[float] = (0, 0, 0, 0, 0),
    at: tuple[float, float] = (320, 400),
    length: float = 100.0,
    turn_deg: float = 0.0,
) -> Points:
    """Landmarks float32 [21, 3] of a hand whose fingers are curled by so much (0 straight, 1 folded), thumb first."""
    points = np.zeros((21, 3))
    for finger, (root, curl) in enumerate(zip(ROOTS, curls, strict=True)):
        first = 1 + 4 * finger
        points[first, :2] = root
        for bone, size in enumerate(BONES[finger]):
            bend = np.radians((75, 165, 230)[bone] * curl)
            ahead = np.array((*DIRECTIONS[finger], 0.0)) * np.cos(bend) + (0, 0, -np.sin(bend))
            points[first + bone + 1] = points[first + bone] + size * ahead
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return np.asarray(points @ turn.T * (length / 100) + (*at, 0), np.float32)


def thumb_up(at: tuple[float, float] = (320, 400), down: bool = False) -> Points:
    """A fist seen from its side with the thumb straight up (or down)."""
    points = hand((0, 1, 1, 1, 1), at, turn_deg=-90)
    for joint, rise in zip((1, 2, 3, 4), (30, 70, 105, 140), strict=True):
        points[joint] = (at[0] - 60, at[1] + (rise if down else -rise), 0)
    return points


def drawn(points: Points, skin: tuple[int, int, int] = SKINS[0], size: tuple[int, int] = (640, 480)) -> Picture:
    """The hand of these landmarks, RGB uint8 [h, w, 3], on a grey wall: palm, fingers as rounded limbs, light above."""
    picture = np.full((size[1], size[0], 3), (150, 156, 160), np.uint8)
    width = float(np.linalg.norm(points[9] - points[0])) * 0.24
    places = points[:, :2].astype(int)
    forearm = places[0] + 2 * (places[0] - places[9])
    cv2.line(picture, _place(places[0]), _place(forearm), _shade(skin, 0.9), int(width * 2.2), cv2.LINE_AA)
    palm = cv2.convexHull(places[[0, 1, 2, 5, 9, 13, 17]])
    cv2.fillConvexPoly(picture, palm, _shade(skin, 0.95), cv2.LINE_AA)
    cv2.polylines(picture, [palm], True, _shade(skin, 0.95), int(width * 0.9), cv2.LINE_AA)
    for finger in range(5):
        chain = places[1 + 4 * finger : 5 + 4 * finger]
        for share, light in ((1.0, 0.72), (0.8, 0.92), (0.4, 1.06)):
            for start, end in pairwise(chain):
                cv2.line(picture, _place(start), _place(end), _shade(skin, light), int(width * share), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.uint8)


def _shade(skin: tuple[int, int, int], light: float) -> tuple[int, int, int]:
    red, green, blue = (int(min(255, value * light)) for value in skin)
    return red, green, blue


def _place(point: NDArray[np.int_]) -> tuple[int, int]:
    return int(point[0]), int(point[1])
