"""How a picture is fitted into the network's square, from its size alone: no decoder needs geometry of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Fit:
    """The source's size, the size it is shrunk or grown to, and where that lies in the square; whole pixels."""

    width: int
    height: int
    fitted_width: int
    fitted_height: int
    left: int
    top: int

    def tensor(self) -> NDArray[np.int32]:
        """int32 [6]: fitted height and width, top and left, source height and width (the order of DALI's axes)."""
        values = (self.fitted_height, self.fitted_width, self.top, self.left, self.height, self.width)
        return np.array(values, np.int32)

    def to_source(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [n, 4] in pixels of the square as pixels of the source."""
        shift = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array([self.width / self.fitted_width, self.height / self.fitted_height] * 2, np.float32)
        return np.asarray((xyxy - shift) * scale, np.float32)


def fit_of(width: int, height: int, side_px: int) -> Fit:
    """The same letterbox as `triton_models.boxes.letterbox`."""
    scale = side_px / max(width, height)
    fitted_width, fitted_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side_px - fitted_width) // 2, (side_px - fitted_height) // 2
    return Fit(width, height, fitted_width, fitted_height, left, top)


def read_fit(tensor: NDArray[np.int32]) -> Fit:
    """A fit from its tensor int32 [6]."""
    fitted_height, fitted_width, top, left, height, width = (int(value) for value in tensor)
    return Fit(width, height, fitted_width, fitted_height, left, top)
