"""An ArcFace network that a user brings as an ONNX file, as InsightFace exports them; none ships with the product.

Input RGB float32 [1, 3, 112, 112], (value - 127.5) / 127.5; output [1, n]. InsightFace's published weights are for
non-commercial research only: who sets PROCTOR_IDENTITY_MODEL answers for the licence of the file.
"""

import hashlib
from pathlib import Path

import numpy as np

from detectors.identity.alignment import ARCFACE_CHIP, Chip, Picture
from detectors.identity.embedder import Embedding, check_chip, unit
from detectors.identity.onnx_session import open_network
from ingest.errors import InputError

MIDDLE = 127.5
MEND = "PROCTOR_IDENTITY_MODEL takes an ONNX file with one input [1, 3, 112, 112] and one output [1, n]"


class ArcFaceEmbedder:
    """The network in the file at `path`, on one thread of the CPU."""

    chip: Chip = ARCFACE_CHIP

    def __init__(self, path: Path) -> None:
        """Raises: InputError when the file is not such a network."""
        try:
            document = path.read_bytes()
            self._session = open_network(document)
        except Exception as error:  # onnxruntime's errors have no common class
            raise InputError(str(path), _first_line(error), MEND) from error
        self.digest = hashlib.sha256(b"arcface/1" + document).hexdigest()
        self._input = self._session.get_inputs()[0].name
        self._try(path)

    def embed(self, picture: Picture) -> Embedding:
        """The embedding of one chip. Raises: ValueError for another shape or type."""
        check_chip(picture, self.chip)
        scaled = (picture.astype(np.float32) - MIDDLE) / MIDDLE
        (answer,) = self._session.run(None, {self._input: scaled.transpose(2, 0, 1)[None]})
        return unit(np.asarray(answer, np.float64).reshape(-1))

    def _try(self, path: Path) -> None:
        """A network of another kind is refused when it is loaded, not at the first face."""
        grey = np.random.default_rng(0).integers(0, 256, (self.chip.side_px, self.chip.side_px, 3), np.uint8)
        try:
            size = self.embed(grey).size
        except Exception as error:  # the same
            raise InputError(str(path), _first_line(error), MEND) from error
        if not 32 <= size <= 4096:
            raise InputError(str(path), f"an embedding of {size} numbers", MEND)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
