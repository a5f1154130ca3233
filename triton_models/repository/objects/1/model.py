"""Triton's python backend around `triton_models.object_detector`: one request in, its boxes or its own error out."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one instance a core; more threads would only fight

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from ingest.errors import PoisonError
from triton_models.contract import BOXES, DIGEST, JPEG, KNOWS
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector


class TritonPythonModel:
    """What the python backend calls; one object a stub process."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights and their card; an error here keeps the model from becoming ready and stands in the log."""
        cv2.setNumThreads(1)
        folder = Path(args["model_repository"])
        weights = folder / args["model_version"] / "model.onnx"
        self._detector = ObjectDetector(weights, read_card(folder / "model.json"))
        self._digest = np.array([[self._detector.digest.encode()]], np.object_)
        self._knows = np.array([[self._detector.knows]], np.int64)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch, each picture by itself."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        jpeg = pb_utils.get_input_tensor_by_name(request, JPEG.name).as_numpy()
        try:
            boxes = self._detector.look(jpeg.tobytes())
        except PoisonError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG))
        answer = {BOXES.name: boxes[None], DIGEST.name: self._digest, KNOWS.name: self._knows}
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, value) for name, value in answer.items()])
