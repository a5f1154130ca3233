"""Webcam pictures for tests of the detectors: a face that moves, nobody, two faces; the same on every machine."""

from functools import cache

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
Picture = NDArray[np.uint8]


@cache
def portrait() -> Picture:
    """A face of about 130 px width in the middle of BGR uint8 [240, 240, 3] (NASA's portrait in scikit-image)."""
    colours: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    picture = cv2.cvtColor(colours, cv2.COLOR_RGB2BGR)
    return np.asarray(cv2.resize(picture[20:220, 120:320], (240, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def webcam(*places: tuple[int, int]) -> Picture:
    """A grey wall with the portrait's top left corner at each of `places` (x, y)."""
    picture = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    for x, y in places:
        picture[y : y + 240, x : x + 240] = portrait()
    return picture


def jpeg(picture: Picture) -> bytes:
    """As a camera would send it."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def frame(seq: int) -> bytes:
    """Frame `seq` of a session: a face that drifts; nobody in every fifth, a second face in every seventh."""
    if seq % 5 == 4:
        return jpeg(webcam())
    at = (20 + 13 * seq % 150, 40 + 29 * seq % 180)
    return jpeg(webcam(at, (390, 100)) if seq % 7 == 6 else webcam(at))
