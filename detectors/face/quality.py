"""How fit a picture is for looking at: brightness and sharpness, on the luma alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.messages import PictureQuality

SHARPNESS_WIDTH_PX = 160
"""Sharpness is measured at one width, so that cameras of different resolution compare."""


def picture_quality(picture: NDArray[np.uint8]) -> PictureQuality:
    """Mean luma (0-255, to 0.1) and variance of the Laplacian at 160 px width (to 0.1) of an RGB uint8 [h, w, 3]."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    height = max(1, round(picture.shape[0] * SHARPNESS_WIDTH_PX / picture.shape[1]))
    small = cv2.resize(luma, (SHARPNESS_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    deviation = float(cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_32F))[1].item())
    return PictureQuality(brightness=round(float(cv2.mean(luma)[0]), 1), sharpness=round(deviation**2, 1))
