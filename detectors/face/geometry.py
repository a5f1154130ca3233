"""What MediaPipe's face landmarks say about gaze and openness, and all numbers of one face.

Landmarks are float32 [478, 3]: x, y in pixels of the picture, z in the same scale towards the scene.
"""

from dataclasses import dataclass

import numpy as np

from detectors.boxes import BoxXYXY
from detectors.face.confidence import gaze_confidence, openness_confidence, pose_confidence
from detectors.face.pose import Points, Pose, head_pose
from detectors.messages import Face

LANDMARKS = 478


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
SIGHT_DEG_PER_GAZE = 200.0
"""Degrees that the line of sight turns by for a gaze of 1. Who keeps looking at one place while the head moves turns
the eyes back by as much: the slope of yaw (against the line to the camera) over gaze is -184, -211 and -191 degrees in
three clips of two such men (correlation -0.86, -0.79, -0.74)."""


def gaze_offset(points: Points) -> tuple[float, float]:
    """How far the irises stand off the middle of the eye openings, as a share of the eye's width: right, down.

    Along the line of the eye, so that a tilted head does not read as a glance; both eyes weighted by their width, since
    the far eye of a turned head is short and noisy. Compared on the clip of a still head whose eyes look at the camera,
    to the left and back (distance of the two in spreads), on 400 rendered eyes whose irises were moved by a known share
    (remaining error across and down), and by what leaning about alone changes (95 % of the frames):

    | way | spreads apart | error | leaning |
    |---|---|---|---|
    | iris centre against the eye's corners, in the picture (this one) | 9.8 | 0.010, 0.005 | 0.088 |
    | mean of the five iris points | 9.8 | 0.010, 0.005 | 0.089 |
    | in the head's frame, turned back by its pose in 3-D | 9.4 | 0.011, 0.006 | 0.088 |
    | corrected for an eyeball behind the corners by 0.1 / 0.3 widths | 9.4 / 8.6 | 0.011 / 0.024 | 0.094 / 0.114 |
    | down by the middle of the lids instead of the corners | 9.8 | 0.010, 0.005 | 0.088 |
    | MediaPipe's iris model on both eyes, the mesh's corners: 3 ms more | 8.7 | 0.012, 0.006 | 0.103 |
    | the same against its own corners | 10.7 | 0.012, 0.007 | 0.066 |

    What leaning changes is no error: the eyes do turn, to keep looking at the screen (see `sight_yaw`). The mesh reads
    0.6 of a rendered iris' way across and 0.3 of it down: glances up and down are told less well than to the side.
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


def sight_yaw(pose: Pose, gaze_x: float) -> float:
    """Degrees to image-right of the camera that the eyes look, head and eyes together; 0 is into the camera.

    Only across: gaze up and down does not follow the head's pitch in the clips (the lids go along with the eyes).
    A man who leans about before his screen stays within 9 degrees in 95 % of the frames and beyond 15 in 0.5 %, where
    his head or his eyes alone exceed the default policy's thresholds in 14 %; eyes that look aside read as 18 to 23. A
    woman who turns by 30 degrees with her eyes on the camera reads as 9 at most in 8 of 10 frames; when her eyes go
    along with the head, by 45 degrees to the other side, as 60 to 90.
    """
    return pose.yaw_to_camera_deg + SIGHT_DEG_PER_GAZE * gaze_x


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
        pose_confidence=_thousandth(pose_confidence(points, width, height, pose.yaw_deg)),
        gaze_confidence=_thousandth(gaze_confidence(points, width, height, pose.yaw_deg)),
        openness_confidence=_thousandth(openness_confidence(points, width, height, pose.yaw_deg)),
        sight_yaw_deg=_tenth(sight_yaw(pose, gaze[0])),
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
