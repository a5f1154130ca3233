"""What MediaPipe's face landmarks say about pose, gaze and openness, in numpy and one solvePnP.

Landmarks are float32 [478, 3]: x, y in pixels of the picture, z in the same scale towards the scene. Angles are degrees
of the face normal against the camera: yaw > 0 towards image-right, pitch > 0 up, roll > 0 clockwise in the picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.messages import Face

LANDMARKS = 478
Points = NDArray[np.float32]

# MediaPipe's canonical face model (Apache-2.0), cm, x right, y up, z to the camera. These 15 hardly move with the
# face's expression: they follow a rendered head within 2 degrees up to 50, where the popular six (eye corners, nose,
# mouth, chin) read 0.8 of the turn and move 5 degrees while talking.
RIGID: dict[int, tuple[float, float, float]] = {
    33: (-4.446, 2.664, 3.173),
    133: (-1.856, 2.585, 3.758),
    362: (1.856, 2.585, 3.758),
    263: (4.446, 2.664, 3.173),
    168: (0.0, 3.271, 5.236),
    6: (0.0, 2.473, 5.789),
    197: (0.0, 1.728, 6.317),
    5: (0.0, 0.366, 7.243),
    4: (0.0, -0.463, 7.587),
    1: (0.0, -1.127, 7.476),
    10: (0.0, 8.262, 4.482),
    234: (-7.664, 0.673, -2.436),
    454: (7.664, 0.673, -2.436),
    127: (-7.743, 2.365, -2.005),
    356: (7.743, 2.365, -2.005),
}
RIGID_IDS = list(RIGID)
RIGID_CM = np.array(list(RIGID.values())) * (1.0, -1.0, -1.0)
"""The same in image axes: x right, y down, z into the scene. With y up, a frontal face reads pitch -158."""
NO_DISTORTION = np.zeros(4)


@dataclass(frozen=True, slots=True)
class EyePoints:
    """Landmark ids of one eye: its corners from image-left to image-right of a frontal face, lids, iris centre."""

    left: int
    right: int
    upper: int
    lower: int
    iris: int


EYES = (EyePoints(33, 133, 159, 145, 468), EyePoints(362, 263, 386, 374, 473))
MOUTH_LEFT, MOUTH_RIGHT, LIP_UPPER, LIP_LOWER = 78, 308, 13, 14
SAME_FACE_IOU = 0.5
"""Two meshes that overlap more than this are one face found twice."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees against the camera; signs as in the module's docstring."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def head_pose(points: Points, width: int, height: int) -> Pose:
    """Pose of the head by the canonical face model seen through a camera whose focal length is the picture's width."""
    camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], np.float64)
    seen = points[RIGID_IDS, :2].astype(np.float64)
    _, turned, _ = cv2.solvePnP(RIGID_CM, seen, camera, NO_DISTORTION, flags=cv2.SOLVEPNP_SQPNP)
    rotation = cv2.Rodrigues(turned)[0]
    x, y, z = -rotation[:, 2]  # the face looks along its -z
    yaw = np.arctan2(x, -z)
    pitch = np.arctan2(-y, np.hypot(x, z))
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return Pose(*(float(angle) for angle in np.degrees((yaw, pitch, roll))))


def gaze_offset(points: Points) -> tuple[float, float]:
    """How far the irises stand off the middle of the eye openings, as a share of the eye's width: right, down.

    Along the line of the eye, so that a tilted head does not read as a glance; both eyes weighted by their width, since
    the far eye of a turned head is short and noisy.
    """
    total, widths = np.zeros(2), 0.0
    for eye in EYES:
        left, right = points[eye.left, :2], points[eye.right, :2]
        along = right - left
        width = max(float(np.hypot(*along)), 1e-6)
        unit = along / width
        off = points[eye.iris, :2] - (left + right) / 2
        total += (off @ unit, unit[0] * off[1] - unit[1] * off[0])
        widths += width
    return float(total[0] / widths), float(total[1] / widths)


def eye_openness(points: Points) -> float:
    """Height over width of the eye openings, both eyes together; in 3-D, so that a turned head opens none."""
    heights = sum(_distance(points, eye.upper, eye.lower) for eye in EYES)
    return heights / max(sum(_distance(points, eye.left, eye.right) for eye in EYES), 1e-6)


def mouth_openness(points: Points) -> float:
    """Height over width of the opening between the lips, in 3-D."""
    height = _distance(points, LIP_UPPER, LIP_LOWER)
    return height / max(_distance(points, MOUTH_LEFT, MOUTH_RIGHT), 1e-6)


def face_box(points: Points, width: int, height: int) -> BoxXYXY:
    """The mesh's bounding box, within the picture."""
    x1, y1 = np.clip(points[:, :2].min(axis=0), 0, (width, height))
    x2, y2 = np.clip(points[:, :2].max(axis=0), 0, (width, height))
    return float(x1), float(y1), float(x2), float(y2)


def read_face(points: Points, width: int, height: int) -> Face:
    """One face's numbers, rounded here (angles and boxes to 0.1, shares to 0.001) to be the same bytes anywhere.

    Raises: ValueError when `points` is not [478, 3].
    """
    if points.shape != (LANDMARKS, 3):
        raise ValueError(f"landmarks of shape {points.shape}, not ({LANDMARKS}, 3)")
    box, pose, gaze = face_box(points, width, height), head_pose(points, width, height), gaze_offset(points)
    return Face(
        box_xyxy=(_tenth(box[0]), _tenth(box[1]), _tenth(box[2]), _tenth(box[3])),
        yaw_deg=_tenth(pose.yaw_deg),
        pitch_deg=_tenth(pose.pitch_deg),
        roll_deg=_tenth(pose.roll_deg),
        gaze_x=_thousandth(gaze[0]),
        gaze_y=_thousandth(gaze[1]),
        eye_openness=_thousandth(eye_openness(points)),
        mouth_openness=_thousandth(mouth_openness(points)),
        width_share=_thousandth((box[2] - box[0]) / width),
    )


def distinct(faces: list[Face]) -> tuple[Face, ...]:
    """Largest first, without meshes that lie over a larger one or wholly outside the picture."""
    ordered = sorted(faces, key=lambda face: (-_area(face.box_xyxy), face.box_xyxy))
    kept: list[Face] = []
    for face in ordered:
        if _area(face.box_xyxy) > 0 and all(_iou(face.box_xyxy, one.box_xyxy) < SAME_FACE_IOU for one in kept):
            kept.append(face)
    return tuple(kept)


def _distance(points: Points, one: int, other: int) -> float:
    return float(np.linalg.norm(points[one] - points[other]))


def _area(box: BoxXYXY) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _iou(one: BoxXYXY, other: BoxXYXY) -> float:
    corners = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    inter = _area(corners)
    return inter / max(_area(one) + _area(other) - inter, 1e-9)


def _tenth(value: float) -> float:
    return round(value, 1) + 0.0  # + 0.0: no negative zero


def _thousandth(value: float) -> float:
    return round(value, 3) + 0.0
