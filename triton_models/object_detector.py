"""An object model on the CPU: JPEG bytes in, boxes of the taxonomy out, the same bytes for the same picture anywhere.

Pictures go through the network one by one: on a CPU a batch is no faster (measured 28 ms a picture alone and in fours),
and so no picture's boxes can depend on what else is in its batch. One thread a session, for the same reason and because
the instances, one a core, already fill the machine.
"""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from triton_models.answers import Answers
from triton_models.boxes import Detections, decode, letterbox
from triton_models.model_card import ModelCard
from triton_models.pictures import check_picture, decode_picture, reduction
from triton_models.taxonomy import known_labels


class ObjectDetector:
    """One onnxruntime session and its card; for one thread at a time."""

    def __init__(self, model: Path, card: ModelCard) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._card, self._answers = card, Answers(card)

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
        found = decode(np.asarray(output, np.float32), self._card.layout, fitted, self._answers.floor)
        factor = np.array([width / picture.shape[1], height / picture.shape[0]] * 2, np.float32)
        return self._answers.boxes(Detections(found.xyxy * factor, found.confidence, found.class_id), width, height)
