"""The recogniser that ships: dlib's ResNet (Davis King, public domain), weights in the face_recognition_models package.

Run by onnxruntime out of dlib's own file: 7.5 ms a face where dlib's build takes 93 (one core, same run), and vectors
that differ from dlib's by 4e-7 at most (cosine 1 - 1e-12, see the tests).

Its vectors of all people lie around one direction: two strangers have a cosine of 0.84, pictures of one person 0.97.
So the middle of many people is taken off first, which spreads them over the sphere: strangers then lie around 0, one
person's pictures around 0.8 (measured, see the README).
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.identity.alignment import DLIB_CHIP, Chip, Picture
from detectors.identity.dlib_file import read_parameters
from detectors.identity.dlib_graph import INPUT, as_onnx
from detectors.identity.embedder import Embedding, check_chip, unit
from detectors.identity.onnx_session import open_network

WEIGHTS = "models/dlib_face_recognition_resnet_model_v1.dat"
MIDDLE = Path(__file__).with_name("dlib_middle.npy")
"""float32 [128]: mean of the unit vectors of 12 people (clusters) in Roboflow's detect-phone-vevzb, CC BY 4.0; none of
the people that the thresholds were measured on is among them."""
CHANNEL_MEANS = np.array((122.782, 117.001, 104.298), np.float32)
CHANNEL_SCALE = np.float32(256.0)
"""What the network was trained on: dlib/dnn/input.h, input_rgb_image_sized."""


class DlibEmbedder:
    """The network, on one thread of the CPU."""

    chip: Chip = DLIB_CHIP

    def __init__(self) -> None:
        """Raises: FileNotFoundError, ValueError when the weights are not there, or are not the network's."""
        weights = weights_path().read_bytes()
        network = as_onnx(read_parameters(weights))
        self._session = open_network(network)
        self._middle = np.load(MIDDLE, allow_pickle=False).astype(np.float64)
        self.digest = hashlib.sha256(b"dlib in onnx/1" + weights + MIDDLE.read_bytes()).hexdigest()

    def embed(self, picture: Picture) -> Embedding:
        """The embedding of one chip, [128]. Raises: ValueError for another shape or type."""
        return unit(unit(self.vector(picture).astype(np.float64)) - self._middle)

    def vector(self, picture: Picture) -> NDArray[np.float32]:
        """What dlib says of one chip, [128]. Raises: ValueError for another shape or type."""
        check_chip(picture, self.chip)
        scaled = (picture.astype(np.float32) - CHANNEL_MEANS) / CHANNEL_SCALE
        (answer,) = self._session.run(None, {INPUT: np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])})
        return np.asarray(answer, np.float32).reshape(-1)


def weights_path() -> Path:
    """Found without importing their package, which needs setuptools. Raises: FileNotFoundError without it."""
    package = find_spec("face_recognition_models")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("the package face_recognition_models is not installed")
    return Path(package.submodule_search_locations[0]) / WEIGHTS
