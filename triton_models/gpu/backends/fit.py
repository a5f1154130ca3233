"""Triton's python backend in front of the decoder: refuses what must not be decoded, and says how the rest is fitted.

The decoder needs this step's answer, so a picture that is refused here reaches no batch and fails alone.
"""

from typing import Any

import triton_python_backend_utils as pb_utils

from ingest.errors import PoisonError
from triton_models.contract import JPEG
from triton_models.gpu.fit import fit_of
from triton_models.gpu.repository import FIT, card_beside
from triton_models.pictures import check_picture


class TritonPythonModel:
    """What the python backend calls; one object a stub process."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the card; an error here keeps the model from becoming ready and stands in the log."""
        self._side_px = card_beside(args["model_repository"]).input_px

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch, each picture by itself."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        jpeg = pb_utils.get_input_tensor_by_name(request, JPEG.name).as_numpy()
        try:
            width, height = check_picture(jpeg.tobytes())
        except PoisonError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG))
        fit = fit_of(width, height, self._side_px).tensor()[None]
        return pb_utils.InferenceResponse([pb_utils.Tensor(FIT.name, fit)])
