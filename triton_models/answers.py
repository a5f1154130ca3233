"""What the contract answers, from what a network found: labels of the taxonomy, thresholds and order by the card."""

import numpy as np
from numpy.typing import NDArray

from triton_models.boxes import Detections
from triton_models.contract import BOX_COLUMNS, MOST_BOXES
from triton_models.model_card import ModelCard
from triton_models.taxonomy import TAXONOMY, known_labels

FLOOR = 0.25
"""For labels without a threshold of their own: Ultralytics' default confidence."""


class Answers:
    """A card, ready to be applied to boxes."""

    def __init__(self, card: ModelCard) -> None:
        self._index = np.array([-1 if label is None else TAXONOMY.index(label) for label in card.labels], np.int64)
        self._floors = np.array([card.thresholds.get(label or "", FLOOR) for label in card.labels], np.float32)
        self._digest, self._knows = card.sha256, known_labels(card.labels)

    @property
    def digest(self) -> NDArray[np.object_]:
        """The contract's `digest`, bytes [1, 1]."""
        return np.array([[self._digest.encode()]], np.object_)

    @property
    def knows(self) -> NDArray[np.int64]:
        """The contract's `knows`, int64 [1, 1]."""
        return np.array([[self._knows]], np.int64)

    @property
    def floor(self) -> float:
        """The lowest confidence that any label asks for."""
        return float(self._floors.min())

    def boxes(self, found: Detections, width: int, height: int) -> NDArray[np.float32]:
        """The contract's `boxes` without their batch, float32 [n, 6], from boxes in pixels of a source of this size."""
        label = self._index[found.class_id]
        keep = (label >= 0) & (found.confidence >= self._floors[found.class_id])
        boxes = np.empty((int(keep.sum()), BOX_COLUMNS), np.float32)
        boxes[:, :4] = np.clip(found.xyxy[keep], 0, np.array([width, height] * 2, np.float32))
        boxes[:, 4], boxes[:, 5] = found.confidence[keep], label[keep]
        order = np.lexsort((*boxes[:, :4].T, boxes[:, 5], -boxes[:, 4]))
        return np.asarray(boxes[order[:MOST_BOXES]], np.float32)
