"""In DALI's place where there is no GPU: the same tensors by OpenCV, to try out the ensemble around it."""

from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from triton_models.boxes import letterbox
from triton_models.contract import JPEG
from triton_models.gpu.fit import read_fit
from triton_models.gpu.repository import FIT, LETTERBOXED, card_beside
from triton_models.pictures import decode_picture, reduction


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
        return pb_utils.InferenceResponse([pb_utils.Tensor(LETTERBOXED, self._image(jpeg.tobytes(), fit[0]))])

    def _image(self, jpeg: bytes, fit: NDArray[np.int32]) -> NDArray[np.float32]:
        source = read_fit(fit)
        return letterbox(
            decode_picture(jpeg, reduction(source.width, source.height, self._side_px)), self._side_px
        ).tensor
