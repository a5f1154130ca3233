"""What a recogniser must offer, so that another network can take the place of the one that ships."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.identity.alignment import Chip, Picture

Embedding = NDArray[np.float32]
"""A face as a unit vector [n]: the scalar product of two is their cosine, 1 for one picture, about 0 for two people."""


class Embedder(Protocol):
    """One network, for one thread at a time; what it says is a function of the chip alone."""

    @property
    def chip(self) -> Chip:
        """The picture of a face that it wants."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of what looks: embeddings of another digest do not compare."""
        ...

    def embed(self, picture: Picture) -> Embedding:
        """The embedding of one chip, RGB uint8 [side, side, 3].

        Raises: ValueError when the picture has another shape or type.
        """
        ...


def check_chip(picture: Picture, chip: Chip) -> None:
    """Raises: ValueError when it is not RGB uint8 [side, side, 3]."""
    wanted = (chip.side_px, chip.side_px, 3)
    if picture.shape != wanted or picture.dtype != np.uint8:
        raise ValueError(f"a chip of {picture.shape} {picture.dtype}, not {wanted} uint8")


def unit(vector: NDArray[np.float64]) -> Embedding:
    """The direction of a vector. Raises: ValueError when it has none: not finite, or nothing but zeros."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0.0:
        raise ValueError("an embedding without a direction")
    return np.asarray(vector / length, np.float32)
