"""Whether a face can be recognised in a picture, and whether it may be the one that others are held against."""

from dataclasses import dataclass

import cv2
import numpy as np

from detectors.face.pose import Points
from detectors.identity.alignment import Picture

# Measured with the network that ships, cosine to the same person's full-size face (median, least): outer corners of the
# eyes 28 px apart 0.66 and more, 20 px 0.61, 14 px 0.45, 10 px 0.26; strangers reach 0.48.
LEAST_EYES_PX = 16.0
LEAST_REGISTERED_EYES_PX = 24.0
MOST_YAW_DEG = 35.0
MOST_REGISTERED_YAW_DEG = 15.0
MOST_PITCH_DEG = 30.0
MOST_REGISTERED_PITCH_DEG = 25.0
"""People rest at -17 to +16 degrees, by how their camera stands."""
LEAST_INSIDE = 0.98
LEAST_SHARPNESS = 0.02
"""Measured: webcam faces 0.04 to 0.14, dark ones the same; blurred by 4 % of the distance of the eyes 0.01 to 0.02."""
FACE_FROM, FACE_TO = 0.2, 0.8
SHARPNESS_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Fitness:
    """How well a face shows. `eyes_px`: outer corners apart in the decoded picture, as if seen from the front.

    `inside`: share of its landmarks in the picture; `sharpness`: see `sharpness`.
    """

    eyes_px: float
    yaw_deg: float
    pitch_deg: float
    inside: float
    sharpness: float


def fit_to_compare(face: Fitness) -> bool:
    """Large enough, not turned away, not cut off."""
    turned = abs(face.yaw_deg) > MOST_YAW_DEG or abs(face.pitch_deg) > MOST_PITCH_DEG
    return not turned and face.eyes_px >= LEAST_EYES_PX and face.inside >= LEAST_INSIDE


def fit_to_register(face: Fitness) -> bool:
    """Frontal, large, whole and sharp."""
    turned = abs(face.yaw_deg) > MOST_REGISTERED_YAW_DEG or abs(face.pitch_deg) > MOST_REGISTERED_PITCH_DEG
    large = face.eyes_px >= LEAST_REGISTERED_EYES_PX
    return not turned and large and face.inside == 1.0 and face.sharpness >= LEAST_SHARPNESS


def eyes_apart(points: Points) -> float:
    """Distance of the outer corners of the eyes, in 3-D: a turned head has the eyes of a frontal one."""
    return float(np.linalg.norm(points[33] - points[263]))


def sharpness(chip: Picture) -> float:
    """Variance of the Laplacian over the variance of the luma, in the middle of a chip: light and contrast fall out."""
    luma = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = round(FACE_FROM * len(luma)), round(FACE_TO * len(luma))
    face = cv2.resize(luma[low:high, low:high], (SHARPNESS_SIDE_PX,) * 2, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(face, cv2.CV_32F).var() / max(float(face.var()), 1.0))
