"""Bend the resting mesh into another face: smooth shifts of its points, so that hair and neck follow."""

import numpy as np

from ingest.exam.drawing import bell, smooth
from ingest.exam.landmarks import EYES, MOUTH_CORNERS, Floats
from ingest.exam.looks import Proportions

MIDDLE_X = 192.0
EYE_LINE_Y = 205.0
NOSE_XY = (190.0, 246.0)


def reshaped(vertices: Floats, landmarks: Floats, proportions: Proportions) -> Floats:
    """Vertices [n, 3] of the mesh moved; landmarks [478, 3] say where the photograph's features lie."""
    bent = vertices.copy()
    x, y = vertices[:, 0], vertices[:, 1]
    wider = proportions.cheek * bell(y, 240, 70) + proportions.jaw * bell(y, 325, 50)
    bent[:, 0] += (x - MIDDLE_X) * wider * (1 - smooth(100, 150, np.abs(x - MIDDLE_X)))
    bent[:, 1] += (y - EYE_LINE_Y) * proportions.length * smooth(205, 240, y) * (1 - smooth(360, 420, y))
    _bend_nose(bent, vertices, proportions)
    _bend_eyes(bent, vertices, landmarks, proportions)
    _bend_mouth(bent, vertices, landmarks, proportions)
    return bent


def _bend_nose(bent: Floats, at: Floats, proportions: Proportions) -> None:
    near = bell(at[:, 0], NOSE_XY[0], 30) * bell(at[:, 1], NOSE_XY[1], 30)
    bent[:, 0] += (at[:, 0] - NOSE_XY[0]) * proportions.nose_width * near
    bent[:, 1] += 40 * proportions.nose_length * bell(at[:, 0], NOSE_XY[0], 32) * bell(at[:, 1], 258, 24)
    bent[:, 2] -= 40 * proportions.nose_length * near


def _bend_eyes(bent: Floats, at: Floats, landmarks: Floats, proportions: Proportions) -> None:
    for eye in EYES:
        centre = landmarks[list(eye.corners), :2].mean(0)
        near = bell(at[:, 0], centre[0], 30) * bell(at[:, 1], centre[1], 20)
        bent[:, :2] += (at[:, :2] - centre) * (proportions.eye_size * near)[:, None]
        bent[:, 0] += (centre[0] - MIDDLE_X) * proportions.eye_gap * near
        brow = bell(at[:, 0], centre[0], 42) * bell(at[:, 1], 183, 14)
        bent[:, 1] += proportions.brow_px * brow


def _bend_mouth(bent: Floats, at: Floats, landmarks: Floats, proportions: Proportions) -> None:
    centre = landmarks[list(MOUTH_CORNERS), :2].mean(0)
    near = bell(at[:, 0], centre[0], 60) * bell(at[:, 1], centre[1], 28)
    bent[:, 0] += (at[:, 0] - centre[0]) * proportions.mouth_width * near
    bent[:, 1] += (at[:, 1] - centre[1]) * proportions.lip * near * bell(at[:, 0], centre[0], 40)
