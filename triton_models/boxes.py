"""Pictures into a network and its output back into boxes, in numpy alone.

Layouts of one picture's raw output (N candidate boxes, C classes; centre and size in input pixels):
`v8` is float32 [4 + C, N], rows cx, cy, w, h, then one probability a class (YOLOv8, v11 and ours);
`v5` is float32 [N, 5 + C], columns cx, cy, w, h, objectness, then one probability a class.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Layout = Literal["v8", "v5"]
PAD_VALUE = 114
"""Grey of the letterbox border, the value Ultralytics' models are trained with."""
NMS_IOU = 0.5
"""Two boxes of one class that overlap more than this are one object (the teacher's and Ultralytics' common choice)."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes found in one picture: xyxy float32 [n, 4] in source pixels, confidence float32 [n], class int64 [n]."""

    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int64]

    def of_class(self, class_id: int, floor: float) -> "Detections":
        """Only boxes of one class at or above a confidence."""
        keep = (self.class_id == class_id) & (self.confidence >= floor)
        return Detections(self.xyxy[keep], self.confidence[keep], self.class_id[keep])


@dataclass(frozen=True, slots=True)
class Letterboxed:
    """A picture fitted into a square: tensor float32 [1, 3, side, side] RGB 0-1, and the way back to source pixels."""

    tensor: NDArray[np.float32]
    scale: float
    left_px: int
    top_px: int


def letterbox(picture: NDArray[np.uint8], side_px: int) -> Letterboxed:
    """Fit a BGR uint8 [h, w, 3] picture into the middle of a grey square, keeping its proportions."""
    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side_px - new_w) // 2, (side_px - new_h) // 2
    canvas = np.full((side_px, side_px, 3), PAD_VALUE, np.uint8)
    canvas[top : top + new_h, left : left + new_w] = cv2.resize(picture, (new_w, new_h))
    tensor = np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    return Letterboxed(tensor, scale, left, top)


def class_scores(output: NDArray[np.float32], layout: Layout) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes [N, 4] (cx, cy, w, h in input pixels) and scores [N, C] from one picture's raw output."""
    if layout == "v8":
        return output[:4].T, output[4:].T
    return output[:, :4], output[:, 5:] * output[:, 4:5]


def iou_one_to_many(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlap of one xyxy box [4] with others [n, 4]: intersection over union, [n]."""
    size = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    inter = np.clip(size, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - inter
    return np.asarray(inter / np.maximum(union, 1e-9), np.float32)


def suppress(xyxy: NDArray[np.float32], confidence: NDArray[np.float32], iou: float = NMS_IOU) -> list[int]:
    """Greedy suppression within one class: indexes of the boxes kept, most confident first."""
    order = [int(i) for i in np.argsort(-confidence, kind="stable")]
    kept: list[int] = []
    while order:
        best, *rest = order
        kept.append(best)
        overlap = iou_one_to_many(xyxy[best], xyxy[rest])
        order = [index for index, value in zip(rest, overlap, strict=True) if value < iou]
    return kept


def decode(output: NDArray[np.float32], layout: Layout, fitted: Letterboxed, floor: float) -> Detections:
    """Boxes of one picture's raw output in source pixels, one class a candidate, after suppression per class."""
    boxes, scores = class_scores(output, layout)
    best = scores.argmax(axis=1)
    confidence = scores[np.arange(len(scores)), best]
    keep = confidence >= floor
    boxes, best, confidence = boxes[keep], best[keep], confidence[keep]
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
    shift = np.array([fitted.left_px, fitted.top_px] * 2, np.float32)
    corners = np.asarray((corners - shift) / fitted.scale, np.float32)
    kept: list[int] = []
    for class_id in np.unique(best):
        members = np.flatnonzero(best == class_id)
        kept += [int(members[i]) for i in suppress(corners[members], confidence[members])]
    return Detections(corners[kept], confidence[kept].astype(np.float32), best[kept].astype(np.int64))
