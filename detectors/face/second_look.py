"""Where else a face may be, and a closer view of it: for faces that the mesh's own detector doubts or misses.

Boxes are (x1, y1, x2, y2) in shares of the picture's width and height; they may reach over its edge.
"""

from dataclasses import dataclass
from typing import Any

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
UPRIGHT = 1.2
"""Pictures this much taller than wide are shown to the full-range detector in two squares where it looks for small
faces: it sees 192 px of the longer side."""
FAR_SURE = 0.4
GRAPH = "mediapipe/modules/face_detection/face_detection_full_range_cpu.binarypb"
DETECTOR = "facedetectionfullrange__facedetection__TensorsToDetectionsCalculator"
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
        load()
        from mediapipe.python.solution_base import SolutionBase

        params = {f"{DETECTOR}.min_score_thresh": FAR_SURE}  # what the library's own class is told, its graph ignores
        self._detector = SolutionBase(binary_graph_path=GRAPH, calculator_params=params, outputs=["detections"])

    def suspects(self, picture: Picture) -> list[tuple[BoxXYXY, float]]:
        """Where faces may be, in shares of the picture, and the detector's confidence, surest first."""
        height, width = picture.shape[:2]
        beside, above = round(width * BORDER), round(height * BORDER)
        wide = np.asarray(cv2.copyMakeBorder(picture, above, above, beside, beside, cv2.BORDER_REPLICATE), np.uint8)
        x, y = beside / width, above / height
        boxes = ((_scaled(box, 1 + 2 * x, 1 + 2 * y, -x, -y), sureness) for box, sureness in self._seen(wide))
        return sorted(boxes, key=lambda one: -one[1])

    def small(self, picture: Picture) -> list[tuple[BoxXYXY, float]]:
        """The same without the border, so that all faces are seen half as large again: for those beside another."""
        height, width = picture.shape[:2]
        tops = (0,) if height < UPRIGHT * width else (0, height - width)
        tall = height if len(tops) == 1 else width
        boxes = [
            (_scaled(box, 1.0, tall / height, 0.0, top / height), sureness)
            for top in tops
            for box, sureness in self._seen(np.ascontiguousarray(picture[top : top + tall]))
        ]
        return sorted(boxes, key=lambda one: -one[1])

    def _seen(self, picture: Picture) -> list[tuple[BoxXYXY, float]]:
        found = self._detector.process(input_data={"image": picture}).detections or ()
        return [(box_of(one), float(one.score[0])) for one in found]


def box_of(detection: Any) -> BoxXYXY:
    """A detection's box in shares of its picture."""
    box = detection.location_data.relative_bounding_box
    return box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height


def closer(picture: Picture, box: BoxXYXY) -> View:
    """The surroundings of a box in shares of the picture."""
    height, width = picture.shape[:2]
    box = _scaled(box, width, height, 0, 0)
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


def _scaled(box: BoxXYXY, wide: float, tall: float, x: float, y: float) -> BoxXYXY:
    return box[0] * wide + x, box[1] * tall + y, box[2] * wide + x, box[3] * tall + y
