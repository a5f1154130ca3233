"""A COCO model as a teacher: it labels in the training pictures what their own sets leave unlabelled.

Its word is taken for people and furniture of a desk, never for phones: it calls phones `remote` and wallets
`cell phone`, so its boxes of those two classes are dropped wherever they would teach that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.boxes import Detections, decode, letterbox
from triton_models.network import open_session

SIDE_PX = 416
COLUMNS = 85
"""4 of a box, objectness, 80 classes; an export may leave the number open (a name instead)."""
CONFIDENCE = 0.4
"""At this size and floor the teacher found the people of every clip and never a phone on a bare face (measured)."""

COCO_IDS = {0: "person", 62: "screen", 63: "laptop", 64: "mouse", 65: "remote", 66: "keyboard", 67: "phone"} | {
    41: "cup",
    73: "book",
}
"""COCO class numbers that our own model also has."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """The yolov5n COCO export (layout `v5`, 80 classes) on one thread."""

    session: Any
    confidence: float = CONFIDENCE

    @classmethod
    def load(cls, weights: Path, confidence: float = CONFIDENCE) -> "Teacher":
        """Open the ONNX file; raises InputError when it is no such model."""
        session = open_session(weights)
        shape, inputs = session.get_outputs()[0].shape, [one.name for one in session.get_inputs()]
        columns = shape[-1] if isinstance(shape[-1], int) else COLUMNS
        if inputs != ["images"] or len(shape) != 3 or columns != COLUMNS:
            mend = "Name an export of YOLOv5 with COCO's 80 classes (output [b, n, 85])"
            raise InputError(str(weights), f"its output is {shape}, not that of a COCO teacher", mend)
        return cls(session, confidence)

    def detect(self, picture: NDArray[np.uint8]) -> Detections:
        """COCO boxes of a BGR picture, source pixels."""
        fitted = letterbox(picture, SIDE_PX)
        output = self.session.run(None, {"images": fitted.tensor})[0][0]
        return decode(output, "v5", fitted, self.confidence)

    def labels(self, picture: NDArray[np.uint8], trusted: frozenset[str], order: Sequence[str]) -> list[LabelledBox]:
        """Its boxes of the labels trusted here, numbered by their place in `order`."""
        height, width = picture.shape[:2]
        found = self.detect(picture)
        wanted = {coco: order.index(label) for coco, label in COCO_IDS.items() if label in trusted and label in order}
        return [
            box_of_corners(wanted[int(c)], b[0] / width, b[1] / height, b[2] / width, b[3] / height)
            for b, c in zip(found.xyxy.tolist(), found.class_id.tolist(), strict=True)
            if int(c) in wanted
        ]
