"""In the engine's place where there is no GPU: the same tensors by onnxruntime, with the suppression in numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from triton_models.boxes import Letterboxed, decode
from triton_models.contract import BOX_COLUMNS, MOST_BOXES
from triton_models.gpu.batched import Device, open_network
from triton_models.gpu.repository import IMAGES, ROWS, WEIGHTS, card_beside, engine_floor


class TritonPythonModel:
    """What the python backend calls; one object a stub process."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights; an error here keeps the model from becoming ready and stands in the log."""
        folder = Path(args["model_repository"])
        self._card = card_beside(folder)
        self._session = open_network(folder / args["model_version"] / WEIGHTS, Device.CPU)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch in one execution of the network."""
        images = [pb_utils.get_input_tensor_by_name(request, IMAGES).as_numpy() for request in requests]
        outputs = self._session.run(None, {self._session.get_inputs()[0].name: np.concatenate(images)})[0]
        counts = np.cumsum([len(one) for one in images])[:-1]
        rows = np.stack(
            [self._rows(output, image) for output, image in zip(outputs, np.concatenate(images), strict=True)]
        )
        answers = np.split(rows, counts)
        return [pb_utils.InferenceResponse([pb_utils.Tensor(ROWS.name, answer)]) for answer in answers]

    def _rows(self, output: NDArray[np.float32], image: NDArray[np.float32]) -> NDArray[np.float32]:
        found = decode(output, self._card.layout, Letterboxed(image, 1.0, 0, 0), engine_floor(self._card))
        order = np.argsort(-found.confidence, kind="stable")[:MOST_BOXES]
        rows = np.zeros((MOST_BOXES, BOX_COLUMNS), np.float32)
        rows[: len(order), :4] = found.xyxy[order]
        rows[: len(order), 4], rows[: len(order), 5] = found.confidence[order], found.class_id[order]
        return rows
