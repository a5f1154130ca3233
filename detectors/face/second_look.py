"""Where else a face may be, and a closer view of it: for faces that the mesh's own detector doubts or misses.

Boxes are (x1, y1, x2, y2) in pixels of the picture; they may reach over its edge.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.face.pose import Points
from detectors.mediapipe import load

Picture = NDArray[np.uint8]
VIEW_PX = 256
"""The side of a closer view; the mesh sees 192 px of it."""
VIEW_SHARE = 1.8
"""Side of the view to the longer side of the face: with room to turn, large enough for the short-range detector."""
BORDER = 0.25
"""Share of the picture put around it for the full-range detector, its edge continued: a face that is cut off by 60 % of
its width is found in 78 to 96 % of the pictures, without the border in none."""
FAR_SURE = 0.5
LIES_OVER = 0.5
"""Share of the smaller of two boxes in their common part from which on they are one face."""


@dataclass(frozen=True, slots=True)
class View:
    """A square part of a picture at VIEW_PX, its edge continued; `scale`: px of the view to one of the picture."""

    rgb: Picture
    left: float
    top: float
    scale: float

    def in_picture(self, points: Points, width: int, height: int) -> Points:
        """Landmarks [478, 3] in shares of the view as shares of the picture (depth as x)."""
        side = VIEW_PX / self.scale
        moved = points * np.float32(side) + np.array((self.left, self.top, 0.0), np.float32)
        return np.asarray(moved / np.array((width, height, width), np.float32), np.float32)


class FarFaces:
    """MediaPipe's full-range detector, for faces up to 5 m away: 5 ms a picture on one core."""

    def __init__(self) -> None:
        detection = load().solutions.face_detection.FaceDetection
        self._detector = detection(min_detection_confidence=FAR_SURE, model_selection=1)

    def boxes(self, picture: Picture) -> list[BoxXYXY]:
        """Where faces may be, surest first."""
        height, width = picture.shape[:2]
        beside, above = round(width * BORDER), round(height * BORDER)
        wide = cv2.copyMakeBorder(picture, above, above, beside, beside, cv2.BORDER_REPLICATE)
        found = sorted(self._detector.process(wide).detections or (), key=lambda one: -one.score[0])
        shares = [one.location_data.relative_bounding_box for one in found]
        size = np.array((wide.shape[1], wide.shape[0], wide.shape[1], wide.shape[0]))
        corners = [np.array((b.xmin, b.ymin, b.xmin + b.width, b.ymin + b.height)) * size for b in shares]
        return [(float(c[0] - beside), float(c[1] - above), float(c[2] - beside), float(c[3] - above)) for c in corners]


def closer(picture: Picture, box: BoxXYXY) -> View:
    """The surroundings of a box."""
    side = max(box[2] - box[0], box[3] - box[1], 1.0) * VIEW_SHARE
    left, top, scale = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2, VIEW_PX / side
    moved = np.array([[scale, 0.0, -left * scale], [0.0, scale, -top * scale]])
    size, edge = (VIEW_PX, VIEW_PX), cv2.BORDER_REPLICATE
    seen = cv2.warpAffine(picture, moved, size, flags=cv2.INTER_LINEAR, borderMode=edge)
    return View(np.asarray(seen, np.uint8), left, top, scale)


def bounds(points: Points) -> BoxXYXY:
    """The box around landmarks [478, 3], in their own unit."""
    (x1, y1), (x2, y2) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def same_place(one: BoxXYXY, other: BoxXYXY) -> bool:
    """Whether two boxes lie over each other so far that they are of one face."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(wide, 0.0) * max(tall, 0.0) > LIES_OVER * max(smaller, 1e-9)
