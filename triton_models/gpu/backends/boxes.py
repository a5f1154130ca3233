"""Triton's python backend behind the engine: rows in pixels of the square into the contract's boxes of the source."""

from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triton_models.answers import Answers
from triton_models.boxes import Detections
from triton_models.contract import BOXES, DIGEST, KNOWS
from triton_models.gpu.fit import read_fit
from triton_models.gpu.repository import FIT, ROWS, card_beside


class TritonPythonModel:
    """What the python backend calls; one object a stub process."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the card; an error here keeps the model from becoming ready and stands in the log."""
        self._answers = Answers(card_beside(args["model_repository"]))

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch, each picture by itself."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        fit, rows = (pb_utils.get_input_tensor_by_name(request, tensor.name).as_numpy()[0] for tensor in (FIT, ROWS))
        back, rows = read_fit(fit), rows[rows[:, 4] > 0]
        found = Detections(back.to_source(rows[:, :4]), rows[:, 4], rows[:, 5].astype(np.int64))
        boxes = self._answers.boxes(found, back.width, back.height)[None]
        answer = {BOXES.name: boxes, DIGEST.name: self._answers.digest, KNOWS.name: self._answers.knows}
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, value) for name, value in answer.items()])
