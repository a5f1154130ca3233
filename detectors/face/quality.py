"""How fit a picture is for looking at: brightness and sharpness, on the luma alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.messages import PictureQuality

SHARPNESS_WIDTH_PX = 160
"""Sharpness is measured at one width, so that cameras of different resolution compare."""


def picture_quality(picture: NDArray[np.uint8]) -> PictureQuality:
    """Mean luma (0-255) and variance of the Laplacian at 160 px width, both to 0.1, of an RGB uint8 [h, w, 3].

    Narrower pictures are taken as they are: enlarged, a 1x3000 one would cost seconds.
    """
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    height, width = luma.shape
    scale = min(1.0, SHARPNESS_WIDTH_PX / width)
    size = (round(width * scale), max(1, round(height * scale)))
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    deviation = float(cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_32F))[1].item())
    return PictureQuality(brightness=round(float(cv2.mean(luma)[0]), 1), sharpness=round(deviation**2, 1))
