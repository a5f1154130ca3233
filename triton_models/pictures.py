"""JPEG files into arrays, bounded: what a header promises is checked before anything of that size is allocated."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.errors import PoisonError
from ingest.image_header import kind_of
from ingest.jpeg_markers import MOST_PASSES, read_markers

MAX_PICTURE_PX = 25_000_000
"""A 5000 x 5000 picture takes 75 MB decoded; no webcam sends more."""
MAX_PICTURE_BYTES = 8 << 20
"""Twice what a record of `frames` may hold."""

JPEG = b"\xff\xd8"
UNDECODABLE = "a JPEG file that cannot be decoded: damaged, or of a kind that no camera writes"

# libjpeg can decode at 1/2, 1/4 and 1/8 by leaving out coefficients: 640x480 in 0.56 ms instead of 1.0 ms.
REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}


def check_picture(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG that may be decoded.

    Raises: PoisonError when it is too large in bytes or pixels, would keep the decoder busy for long, is cut off
    (decoders fill the rest with grey), or no JPEG.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise PoisonError(f"a picture of {len(data)} bytes; at most {MAX_PICTURE_BYTES} are read")
    if not data.startswith(JPEG):
        raise PoisonError(f"not a JPEG file: it is {kind_of(data)}")
    found = read_markers(data)
    if found.size is None:
        raise PoisonError("not a JPEG file, or one without a readable header")
    width, height = found.size
    if not 0 < width * height <= MAX_PICTURE_PX:
        raise PoisonError(f"a picture of {width}x{height} pixels; 1 to {MAX_PICTURE_PX} are decoded")
    if found.passes > MOST_PASSES:
        raise PoisonError(f"a JPEG file of more than {MOST_PASSES} passes; cameras make 1")
    if found.end is None:
        raise PoisonError("a JPEG file that was cut off, or damaged: it does not come to its end")
    return width, height


def reduction(width: int, height: int, side_px: int) -> int:
    """The largest of 8, 4, 2, 1 by which a picture may shrink while its longer side keeps `side_px`."""
    return next((factor for factor in REDUCED if max(width, height) >= factor * side_px), 1)


def decode_picture(data: bytes, factor: int = 1) -> NDArray[np.uint8]:
    """A checked JPEG as BGR uint8 [h, w, 3] as stored (EXIF is ignored), shrunk by `factor` (1, 2, 4, 8) on the way.

    Raises: PoisonError when the decoder cannot make a picture of it.
    """
    flags = REDUCED.get(factor, cv2.IMREAD_COLOR) | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PoisonError(UNDECODABLE) from error
    if picture is None:
        raise PoisonError(UNDECODABLE)
    return np.asarray(picture, np.uint8)
