"""A COCO model as a teacher: it labels in the training pictures what their own sets leave unlabelled.

Its word is taken for people and furniture of a desk, never for phones: it calls phones `remote` and wallets
`cell phone`, so its boxes of those two classes are dropped wherever they would teach that.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.boxes import Detections, decode, letterbox
from triton_models.taxonomy import TRAINED

SIDE_PX = 416
CONFIDENCE = 0.4
"""At this size and floor the teacher found the people of every clip and never a phone on a bare face (measured)."""

COCO_IDS = {0: "person", 62: "screen", 63: "laptop", 64: "mouse", 65: "remote", 66: "keyboard", 67: "phone"} | {
    41: "cup",
    73: "book",
}
"""COCO class numbers that our own model also has."""

TO_TRAINED = {coco: TRAINED.index(label) for coco, label in COCO_IDS.items()}


@dataclass(frozen=True, slots=True)
class Teacher:
    """The yolov5n COCO export (layout `v5`, 80 classes) on one thread."""

    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, weights: Path) -> "Teacher":
        """Open the ONNX file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return cls(onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"]))

    def detect(self, picture: NDArray[np.uint8]) -> Detections:
        """COCO boxes of a BGR picture, source pixels."""
        fitted = letterbox(picture, SIDE_PX)
        output = self.session.run(None, {"images": fitted.tensor})[0][0]
        return decode(output, "v5", fitted, CONFIDENCE)

    def labels(self, picture: NDArray[np.uint8], trusted: frozenset[str]) -> list[LabelledBox]:
        """Its boxes of the labels trusted here, as training labels."""
        height, width = picture.shape[:2]
        found = self.detect(picture)
        wanted = {coco: TO_TRAINED[coco] for coco, label in COCO_IDS.items() if label in trusted}
        return [
            box_of_corners(wanted[int(c)], b[0] / width, b[1] / height, b[2] / width, b[3] / height)
            for b, c in zip(found.xyxy.tolist(), found.class_id.tolist(), strict=True)
            if int(c) in wanted
        ]
