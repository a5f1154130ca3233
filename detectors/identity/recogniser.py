"""What one picture says of who sits there; in a process of the pool."""

from pathlib import Path

import numpy as np

from detectors.face.geometry import LANDMARKS
from detectors.face.pose import Points, head_pose
from detectors.identity.alignment import Picture, chip_of, inside_share
from detectors.identity.arcface import ArcFaceEmbedder
from detectors.identity.dlib_resnet import DlibEmbedder
from detectors.identity.embedder import Embedder, Embedding
from detectors.identity.fitness import Fitness, eyes_apart, fit_to_compare, fit_to_register, sharpness
from detectors.identity.look import FaceLook


class Recogniser:
    """For one thread at a time; every result is a function of its picture alone."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.digest = embedder.digest

    def embed(self, rgb: Picture, points: Points, width: int, height: int) -> Embedding | None:
        """The face as a unit vector float32 [n]; None when it is too small, too turned or cut off.

        `rgb`: uint8 [h, w, 3], which may be a reduction of the source of `width` and `height`; `points`: [478, 3], in
        the source's pixels. Raises: ValueError when an array has another shape.
        """
        chip, fitness = self._prepare(rgb, points, width, height)
        return self._embedder.embed(chip) if fit_to_compare(fitness) else None

    def look(self, rgb: Picture, faces: list[Points], width: int, height: int) -> FaceLook | None:
        """The largest face, for comparison; None as for `embed`, or without a face. Raises: ValueError."""
        if not faces:
            return None
        largest = max(faces, key=lambda points: float(np.prod(np.ptp(points[:, :2], axis=0))))
        chip, fitness = self._prepare(rgb, largest, width, height)
        if not fit_to_compare(fitness):
            return None
        embedding = self._embedder.embed(chip)
        return FaceLook(
            embedding=embedding.astype("<f4").tobytes(), registrable=len(faces) == 1 and fit_to_register(fitness)
        )

    def _prepare(self, rgb: Picture, points: Points, width: int, height: int) -> tuple[Picture, Fitness]:
        if points.shape != (LANDMARKS, 3):
            raise ValueError(f"landmarks of shape {points.shape}, not ({LANDMARKS}, 3)")
        chip = chip_of(rgb, points, width, self._embedder.chip)
        pose = head_pose(points, width, height)
        return chip, Fitness(
            eyes_px=eyes_apart(points) * rgb.shape[1] / width,
            yaw_deg=pose.yaw_deg,
            pitch_deg=pose.pitch_deg,
            inside=inside_share(points, width, height),
            sharpness=sharpness(chip),
        )


def open_recogniser(model: Path | None) -> Recogniser:
    """The recogniser over `model`, an ArcFace ONNX file; None: the network that ships. Raises: InputError."""
    return Recogniser(DlibEmbedder() if model is None else ArcFaceEmbedder(model))
