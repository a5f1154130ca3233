"""Triton's python backend around `triton_models.gpu.batched`: one execution a batch, one answer or error a request."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ingest.errors import PoisonError
from triton_models.contract import BOXES, DIGEST, JPEG, KNOWS
from triton_models.gpu.batched import BatchedDetector, Device
from triton_models.gpu.repository import WEIGHTS, card_beside


class TritonPythonModel:
    """What the python backend calls; one object a stub process."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights and their card; an error here keeps the model from becoming ready and stands in the log."""
        cv2.setNumThreads(1)
        device = Device(json.loads(args["model_config"])["parameters"]["device"]["string_value"])
        weights = Path(args["model_repository"]) / args["model_version"] / WEIGHTS
        card = card_beside(args["model_repository"])
        self._detector = BatchedDetector(weights, card, device, int(args["model_instance_device_id"]))

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch in one execution of the network."""
        tensors = [pb_utils.get_input_tensor_by_name(request, JPEG.name) for request in requests]
        return [self._answer(found) for found in self._detector.look([t.as_numpy().tobytes() for t in tensors])]

    def _answer(self, found: NDArray[np.float32] | PoisonError) -> Any:
        if isinstance(found, PoisonError):
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(found), pb_utils.TritonError.INVALID_ARG))
        answers = self._detector.answers
        answer = {BOXES.name: found[None], DIGEST.name: answers.digest, KNOWS.name: answers.knows}
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, value) for name, value in answer.items()])
