"""How a picture is fitted into the network's square, from its size alone: no decoder needs geometry of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.pictures import reduction


@dataclass(frozen=True, slots=True)
class Fit:
    """A picture's size on its way into the square, and where it lies there; whole pixels.

    `width` and `height` are the source's, `reduced_*` what the CPU's decoder makes of it (see `pictures.reduction`),
    `fitted_*` what goes into the square at `left`, `top`.
    """

    fitted_height: int
    fitted_width: int
    top: int
    left: int
    reduced_height: int
    reduced_width: int
    height: int
    width: int

    def tensor(self) -> NDArray[np.int32]:
        """int32 [8]: the fields in their order, which is that of DALI's axes."""
        fitted = (self.fitted_height, self.fitted_width, self.top, self.left)
        return np.array((*fitted, self.reduced_height, self.reduced_width, self.height, self.width), np.int32)

    def to_source(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [n, 4] in pixels of the square as pixels of the source."""
        shift = np.array([self.left, self.top] * 2, np.float32)
        scale = max(self.fitted_width, self.fitted_height) / max(self.reduced_width, self.reduced_height)
        factor = np.array([self.width / self.reduced_width, self.height / self.reduced_height] * 2, np.float32)
        return np.asarray((xyxy - shift) / scale * factor, np.float32)


def fit_of(width: int, height: int, side_px: int) -> Fit:
    """The geometry of `pictures.decode_picture` and `boxes.letterbox`, one after the other."""
    by = reduction(width, height, side_px)
    reduced_width, reduced_height = -(-width // by), -(-height // by)
    scale = side_px / max(reduced_width, reduced_height)
    fitted_width, fitted_height = max(1, round(reduced_width * scale)), max(1, round(reduced_height * scale))
    top, left = (side_px - fitted_height) // 2, (side_px - fitted_width) // 2
    return Fit(fitted_height, fitted_width, top, left, reduced_height, reduced_width, height, width)


def read_fit(tensor: NDArray[np.int32]) -> Fit:
    """A fit from its tensor int32 [8]."""
    return Fit(*(int(value) for value in tensor))
