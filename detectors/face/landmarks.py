"""MediaPipe's face mesh, one instance a process.

Static mode, since tracking carries one picture's face region into the next and so from one session into another: every
result is a function of its picture alone. One thread for OpenCV and OpenMP: the pool has a process a core.
"""

import hashlib
import importlib.metadata
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.face.geometry import LANDMARKS, Points

MOST_FACES = 3
"""The candidate, a helper and one more: who is the fourth changes no verdict, and each face costs 3 ms."""
MODEL_FILES = (
    "face_detection/face_detection_short_range.tflite",
    "face_landmark/face_landmark_with_attention.tflite",
)
QUIET = {"OMP_NUM_THREADS": "1", "GLOG_minloglevel": "2", "TF_CPP_MIN_LOG_LEVEL": "2"}
DRAWING = ("matplotlib", "matplotlib.pyplot")

# NormalizedLandmarkList on the wire: every landmark is tag and length, then tag and float32 for x, y, z. Reading it so
# takes 0.02 ms a face where 3 x 478 attribute reads take 0.27 ms.
_WIRE = np.dtype([("_0", "V3"), ("x", "<f4"), ("_1", "V1"), ("y", "<f4"), ("_2", "V1"), ("z", "<f4")])


class FaceMesh:
    """Finds up to MOST_FACES faces in one picture at a time."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        solution = _mediapipe().solutions.face_mesh.FaceMesh
        self._mesh = solution(static_image_mode=True, refine_landmarks=True, max_num_faces=MOST_FACES)

    def find(self, picture: NDArray[np.uint8], width: int, height: int) -> list[Points]:
        """Landmarks float32 [478, 3] of each face in an RGB uint8 [h, w, 3], in pixels of the source's size."""
        found = self._mesh.process(picture).multi_face_landmarks or ()
        return [_points(face.SerializeToString()) * np.array((width, height, width), np.float32) for face in found]


def mesh_digest() -> str:
    """The SHA-256 of the library's version and the two networks that it carries."""
    digest = hashlib.sha256(importlib.metadata.version("mediapipe").encode())
    folder = Path(str(_mediapipe().__file__)).parent / "modules"
    for name in MODEL_FILES:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _mediapipe() -> Any:
    """The library, without matplotlib: its drawing functions import it, which is 3 of 4 s of a process's start."""
    os.environ.update(QUIET)
    absent = [name for name in DRAWING if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in absent})
    try:
        import mediapipe
    finally:
        for name in absent:
            del sys.modules[name]
    return mediapipe


def _points(wire: bytes) -> Points:
    fields = np.frombuffer(wire, _WIRE)
    if len(fields) != LANDMARKS:
        raise RuntimeError(
            f"MediaPipe gave {len(fields)} landmarks, not {LANDMARKS}: another version than the pinned one?"
        )
    return np.stack([fields["x"], fields["y"], fields["z"]], axis=1)
