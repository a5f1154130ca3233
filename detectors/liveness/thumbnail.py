"""The thumbnail by which pictures of one session are compared: the mean luma of 32 x 24 blocks, 768 bytes."""

import cv2
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 32, 24
THUMBNAIL_BYTES = COLUMNS * ROWS

Luma = NDArray[np.float32]
"""[24, 32], 0-255."""


def thumbnail(rgb: NDArray[np.uint8]) -> bytes:
    """The thumbnail of an RGB uint8 [h, w, 3] of any size and shape: rows from the top, one byte a block.

    Raises: ValueError when the picture has another shape or no pixels.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"a picture of shape {rgb.shape}, not [h, w, 3]")
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return cv2.resize(luma, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).tobytes()


def luma_of(packed: bytes) -> Luma:
    """The blocks of a thumbnail. Raises: ValueError when it has another size."""
    if len(packed) != THUMBNAIL_BYTES:
        raise ValueError(f"a thumbnail of {len(packed)} bytes, not {THUMBNAIL_BYTES}")
    return np.frombuffer(packed, np.uint8).reshape(ROWS, COLUMNS).astype(np.float32)
