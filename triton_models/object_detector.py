"""An object model on the CPU: JPEG bytes in, boxes of the taxonomy out, the same bytes for the same picture anywhere.

Pictures go through the network one by one: on a CPU a batch is no faster (measured 28 ms a picture alone and in fours),
and so no picture's boxes can depend on what else is in its batch. One thread a session, for the same reason and because
the instances, one a core, already fill the machine.
"""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.boxes import Detections, decode, letterbox
from triton_models.contract import BOX_COLUMNS, MOST_BOXES
from triton_models.pictures import check_picture, decode_picture, reduction
from triton_models.taxonomy import TAXONOMY, known_labels

FLOOR = 0.25
"""For labels without a threshold of their own: Ultralytics' default confidence."""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in model.json: a label of the taxonomy or null per class, in the order of the network's output."""

    name: str
    labels: list[str | None]
    input_px: int
    layout: Literal["v8", "v5"]
    sha256: str
    thresholds: dict[str, float] = {}


def read_card(path: Path) -> ModelCard:
    """Read and check a model.json.

    Raises: InputError when it is missing, malformed or speaks of labels that the product does not know.
    """
    try:
        card = msgspec.json.decode(path.read_bytes(), type=ModelCard)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(str(path), f"not a readable model card: {error}", "Install a model again") from error
    unknown = [label for label in card.labels if label is not None and label not in TAXONOMY]
    if unknown or card.input_px < 32:
        raise InputError(
            str(path), f"unknown labels {unknown} or input of {card.input_px} px", "Map them to the taxonomy"
        )
    return card


class ObjectDetector:
    """One onnxruntime session and its card; for one thread at a time."""

    def __init__(self, model: Path, card: ModelCard) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._card = card
        self._index = np.array([-1 if label is None else TAXONOMY.index(label) for label in card.labels], np.int64)
        self._floors = np.array([card.thresholds.get(label or "", FLOOR) for label in card.labels], np.float32)

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, as the card states it."""
        return self._card.sha256

    @property
    def knows(self) -> int:
        """Bit n is set where the model knows the label TAXONOMY[n]."""
        return known_labels(self._card.labels)

    def look(self, jpeg: bytes) -> NDArray[np.float32]:
        """Boxes float32 [n, 6] as the contract says.

        Raises: PoisonError when the picture cannot be decoded or is too large.
        """
        width, height = check_picture(jpeg)
        picture = decode_picture(jpeg, reduction(width, height, self._card.input_px))
        fitted = letterbox(picture, self._card.input_px)
        output = self._session.run(None, {self._input: fitted.tensor})[0][0]
        found = decode(np.asarray(output, np.float32), self._card.layout, fitted, float(self._floors.min()))
        factor = np.array([width / picture.shape[1], height / picture.shape[0]] * 2, np.float32)
        return self._kept(found, factor, (width, height))

    def _kept(self, found: Detections, factor: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
        """Boxes above their label's floor in source pixels within the picture, by falling confidence and position."""
        label = self._index[found.class_id]
        keep = (label >= 0) & (found.confidence >= self._floors[found.class_id])
        boxes = np.empty((int(keep.sum()), BOX_COLUMNS), np.float32)
        boxes[:, :4] = np.clip(found.xyxy[keep] * factor, 0, np.array(size * 2, np.float32))
        boxes[:, 4], boxes[:, 5] = found.confidence[keep], label[keep]
        order = np.lexsort((*boxes[:, :4].T, boxes[:, 5], -boxes[:, 4]))
        return np.asarray(boxes[order[:MOST_BOXES]], np.float32)
