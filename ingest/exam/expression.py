"""What a face does: turn, close its eyes, open its mouth. Pure functions on the head's vertices."""

import numpy as np

from ingest.exam.drawing import smooth
from ingest.exam.landmarks import (
    CHIN,
    EYES,
    INNER_LIP_LOWER,
    INNER_LIP_UPPER,
    LOWER_LIP,
    MOUTH_CORNERS,
    OUTER_LIP_LOWER,
    OUTER_LIP_UPPER,
    Floats,
)
from ingest.exam.mesh import HeadMesh

NECK = (190.0, 300.0, 95.0)  # the point the head turns about
FOCAL = 900.0
LOOK_AT = (190.0, 230.0)  # the point seen straight on
DEPTH_GAIN = 1.2  # face mesh's depth is shallow: with this the pose read from the pictures follows the script 1:1
JAW_DROP_PX = 26.0
TEETH_DEPTH = 8.0  # behind the lips; the lower lip half of it, so that the upper one lies over it


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """Rotation [3, 3]: yaw > 0 turns the nose to the picture's right, pitch > 0 lifts it, roll > 0 is clockwise."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def turned(vertices: Floats, follows: Floats, angles_deg: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Vertices [n, 3] turned about the neck by (yaw, pitch, roll): where they are seen [n, 2] and their depth [n]."""
    depth = (vertices[:, 2] - NECK[2]) * DEPTH_GAIN + NECK[2]
    scale = ((FOCAL + depth) / FOCAL)[:, None]
    space = np.c_[(vertices[:, :2] - LOOK_AT) * scale, depth]
    pivot = np.array([NECK[0] - LOOK_AT[0], NECK[1] - LOOK_AT[1], NECK[2]])
    moved = (space - pivot) @ rotation(*angles_deg).T + pivot
    seen = moved[:, :2] * FOCAL / (FOCAL + moved[:, 2:]) + LOOK_AT
    return (
        np.asarray(vertices[:, :2] * (1 - follows[:, None]) + seen * follows[:, None]),
        np.asarray(moved[:, 2] * follows + depth * (1 - follows)),
    )


def jaw_weights(mesh: HeadMesh, points: Floats) -> Floats:
    """How far each vertex drops with the jaw [n]: chin and lower lip wholly, upper lip and teeth not at all."""
    x, y = mesh.sheet.uv[:, 0], mesh.sheet.uv[:, 1]
    lip_y, chin_y = points[14, 1], points[CHIN, 1]
    weights = smooth(lip_y - 2, lip_y + 22, y) * np.exp(-(((x - points[CHIN, 0]) / 62) ** 2))
    weights *= 1 - smooth(chin_y + 6, chin_y + 30, y)
    weights[list(INNER_LIP_UPPER)] = 0
    weights[mesh.teeth] = 0
    left, right = points[list(MOUTH_CORNERS), 0]
    along = (points[list(LOWER_LIP), 0] - (left + right) / 2) / ((right - left) / 2)
    weights[list(LOWER_LIP)] = np.clip(1 - along**2, 0, 1) ** 0.6
    return np.asarray(weights)


def at_rest(mesh: HeadMesh, vertices: Floats) -> Floats:
    """The photograph's smile taken back: corners down and in, lips together."""
    rest = vertices.copy()
    for corner, inward in zip(MOUTH_CORNERS, (1, -1), strict=True):
        offset = (vertices[:, :2] - vertices[corner, :2]) / (22, 17)
        near = np.exp(-(offset**2).sum(1))
        rest[:, 1] += near * 8
        rest[:, 0] += inward * near * 6
    upper, lower = list(INNER_LIP_UPPER), list(INNER_LIP_LOWER)
    gap = vertices[lower, 1] - vertices[upper, 1]
    widest = gap.max()
    rest[upper, 1] += gap * 0.46
    rest[lower, 1] -= gap * 0.62
    rest[list(OUTER_LIP_LOWER), 1] -= np.array([0, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0]) * widest * 1.25
    rest[list(OUTER_LIP_UPPER), 1] += np.array([0, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.2, 0]) * widest * 1.6
    rest[lower, 2] += TEETH_DEPTH / 2
    rest[mesh.teeth] = rest[lower] + (0, 0, TEETH_DEPTH)
    return rest


def expressed(
    mesh: HeadMesh, rest: Floats, smiling: Floats, jaw: Floats, eyes_closed: float, mouth_open: float
) -> Floats:
    """The resting vertices with lids and jaw moved, both from 0 to 1."""
    moved = rest.copy()
    if eyes_closed > 0:
        _close_eyes(moved, rest, eyes_closed)
    if mouth_open > 0:
        moved[:, 1] += jaw * mouth_open * JAW_DROP_PX
        moved[:, 2] += jaw * mouth_open * 4
        _bare_teeth(mesh, moved, smiling, mouth_open)
    moved[mesh.copies[:, 0]] = moved[mesh.copies[:, 1]]
    return moved


def _close_eyes(moved: Floats, rest: Floats, amount: float) -> None:
    for eye in EYES:
        for upper, lower, crease in zip(eye.upper, eye.lower, eye.crease, strict=True):
            opening = rest[lower] - rest[upper]
            moved[upper] += opening * 0.9 * amount
            moved[crease] += opening * 0.45 * amount
            moved[lower] -= opening * 0.07 * amount


def _bare_teeth(mesh: HeadMesh, moved: Floats, smiling: Floats, amount: float) -> None:
    """The upper teeth come out as far as the mouth opens, at most as far as in the photograph."""
    upper, lower = list(INNER_LIP_UPPER), list(INNER_LIP_LOWER)
    gap = (smiling[lower, 1] - smiling[upper, 1]) * min(0.75, 1.4 * amount)
    room = np.maximum(moved[lower, 1] - moved[upper, 1], 0)
    moved[mesh.teeth, 0] = moved[upper, 0]
    moved[mesh.teeth, 1] = moved[upper, 1] + np.minimum(gap, room)
