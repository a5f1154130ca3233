"""In DALI's place where there is no GPU: the same tensors by OpenCV, to try out the ensemble around it."""

from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from triton_models.boxes import PAD_VALUE
from triton_models.contract import JPEG
from triton_models.gpu.fit import Fit, read_fit
from triton_models.gpu.repository import FIT, LETTERBOXED, card_beside
from triton_models.pictures import decode_picture


class TritonPythonModel:
    """What the python backend calls; one object a stub process."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the card; an error here keeps the model from becoming ready and stands in the log."""
        cv2.setNumThreads(1)
        self._side_px = card_beside(args["model_repository"]).input_px

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch, each picture by itself."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        jpeg, fit = (pb_utils.get_input_tensor_by_name(request, tensor.name).as_numpy() for tensor in (JPEG, FIT))
        images = self._images(decode_picture(jpeg.tobytes()), read_fit(fit[0]))
        return pb_utils.InferenceResponse([pb_utils.Tensor(LETTERBOXED, images)])

    def _images(self, picture: NDArray[np.uint8], fit: Fit) -> NDArray[np.float32]:
        shrinks = fit.fitted_width < fit.width
        size = (fit.fitted_width, fit.fitted_height)
        fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        square = np.full((self._side_px, self._side_px, 3), PAD_VALUE, np.uint8)
        square[fit.top : fit.top + fit.fitted_height, fit.left : fit.left + fit.fitted_width] = fitted
        return np.ascontiguousarray(square[..., ::-1].transpose(2, 0, 1)[None], np.float32) / np.float32(255)
