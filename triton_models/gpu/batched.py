"""Many pictures through one execution of the network: decoded side by side on the CPU, found together on the device.

Decoding stays with OpenCV, on as many threads as there are cores (it lets go of Python's lock): 0.6 ms a picture and
core at 640x480. Decoding on the GPU is what the ensemble is for.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ingest.errors import InputError, PoisonError
from triton_models.answers import Answers
from triton_models.boxes import Detections, Letterboxed, decode, letterbox
from triton_models.model_card import ModelCard
from triton_models.pictures import check_picture, decode_picture, reduction

Boxes = NDArray[np.float32]


class Device(StrEnum):
    """Where the network runs."""

    GPU = "gpu"
    CPU = "cpu"


PROVIDERS = {Device.GPU: "CUDAExecutionProvider", Device.CPU: "CPUExecutionProvider"}


@dataclass(frozen=True, slots=True)
class _Ready:
    """A picture on its way into a batch: fitted, its source's size, and the source's pixels per decoded pixel."""

    fitted: Letterboxed
    width: int
    height: int
    factor: NDArray[np.float32]


class BatchedDetector:
    """One onnxruntime session, its card and its threads; for one caller at a time."""

    def __init__(self, model: Path, card: ModelCard, device: Device, device_id: int = 0) -> None:
        self._session = open_network(model, device, device_id)
        self._input = self._session.get_inputs()[0].name
        self._card, self.answers = card, Answers(card)
        self._threads = ThreadPoolExecutor(len(os.sched_getaffinity(0)), "decode")

    def look(self, jpegs: Sequence[bytes]) -> list[Boxes | PoisonError]:
        """For each picture its boxes float32 [n, 6] as the contract says, or why it has none."""
        made = list(self._threads.map(self._prepare, jpegs))
        ready = [one for one in made if isinstance(one, _Ready)]
        found = iter(self._find(ready))
        return [next(found) if isinstance(one, _Ready) else one for one in made]

    def _prepare(self, jpeg: bytes) -> _Ready | PoisonError:
        try:
            width, height = check_picture(jpeg)
            picture = decode_picture(jpeg, reduction(width, height, self._card.input_px))
        except PoisonError as error:
            return error
        factor = np.array([width / picture.shape[1], height / picture.shape[0]] * 2, np.float32)
        return _Ready(letterbox(picture, self._card.input_px), width, height, factor)

    def _find(self, ready: Sequence[_Ready]) -> list[Boxes]:
        if not ready:
            return []
        images = np.concatenate([one.fitted.tensor for one in ready])
        outputs = np.asarray(self._session.run(None, {self._input: images})[0], np.float32)
        return [self._boxes(output, one) for output, one in zip(outputs, ready, strict=True)]

    def _boxes(self, output: NDArray[np.float32], one: _Ready) -> Boxes:
        found = decode(output, self._card.layout, one.fitted, self.answers.floor)
        xyxy = np.asarray(found.xyxy * one.factor, np.float32)
        return self.answers.boxes(Detections(xyxy, found.confidence, found.class_id), one.width, one.height)


def open_network(model: Path, device: Device, device_id: int = 0) -> onnxruntime.InferenceSession:
    """A session on the device, nowhere else.

    Raises: InputError when this onnxruntime cannot use the device, or the network takes single pictures only.
    """
    provider = PROVIDERS[device]
    if provider not in onnxruntime.get_available_providers():
        mend = "Install onnxruntime-gpu in its place, or build with --device cpu"
        raise InputError(f"device {device}", f"this onnxruntime has no {provider}", mend)
    session = onnxruntime.InferenceSession(str(model), _options(), providers=[(provider, _settings(device, device_id))])
    if session.get_providers()[0] != provider:
        raise InputError(
            f"device {device}", f"{provider} could not start: see the lines above", "Check driver and CUDA"
        )
    if isinstance(session.get_inputs()[0].shape[0], int):
        raise InputError(str(model), "takes a fixed number of pictures", "Export it with dynamic=True")
    return session


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options


def _settings(device: Device, device_id: int) -> dict[str, str]:
    # The provider's default tries every algorithm anew for every batch size that it has not seen.
    return {} if device == Device.CPU else {"device_id": str(device_id), "cudnn_conv_algo_search": "HEURISTIC"}
