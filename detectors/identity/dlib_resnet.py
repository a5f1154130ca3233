"""The recogniser that ships: dlib's ResNet (Davis King, public domain), weights in the face_recognition_models package.

Its vectors of all people lie around one direction: two strangers have a cosine of 0.84, pictures of one person 0.97.
So the middle of many people is taken off first, which spreads them over the sphere: strangers then lie around 0, one
person's pictures around 0.8 (measured, see the README).
"""

import hashlib
import importlib.metadata
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np

from detectors.identity.alignment import DLIB_CHIP, Chip, Picture
from detectors.identity.embedder import Embedding, check_chip, unit

WEIGHTS = "models/dlib_face_recognition_resnet_model_v1.dat"
MIDDLE = Path(__file__).with_name("dlib_middle.npy")
"""float32 [128]: mean of the unit vectors of 12 people (clusters) in Roboflow's detect-phone-vevzb, CC BY 4.0; none of
the people that the thresholds were measured on is among them."""


class DlibEmbedder:
    """The network, on one thread of the CPU."""

    chip: Chip = DLIB_CHIP

    def __init__(self) -> None:
        weights = weights_path()
        self._network = dlib.face_recognition_model_v1(str(weights))
        self._middle = np.load(MIDDLE, allow_pickle=False).astype(np.float64)
        version = importlib.metadata.version("dlib-bin").encode()
        self.digest = hashlib.sha256(version + weights.read_bytes() + MIDDLE.read_bytes()).hexdigest()

    def embed(self, picture: Picture) -> Embedding:
        """The embedding of one chip, [128]. Raises: ValueError for another shape or type."""
        check_chip(picture, self.chip)
        answer = np.array(self._network.compute_face_descriptor(np.ascontiguousarray(picture)), np.float64)
        return unit(unit(answer) - self._middle)


def weights_path() -> Path:
    """Found without importing their package, which needs setuptools. Raises: FileNotFoundError without it."""
    package = find_spec("face_recognition_models")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("the package face_recognition_models is not installed")
    return Path(package.submodule_search_locations[0]) / WEIGHTS
