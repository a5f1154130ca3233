"""Material for the tests of identity: the portrait with its landmarks, a tiny ONNX recogniser."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.face.landmarks import FaceMesh
from detectors.face.pose import Points
from detectors.identity.onnx_graph import Ends, Graph
from tests.webcam_frames import portrait, webcam


@cache
def mesh() -> FaceMesh:
    """One for all tests: it takes seconds to start."""
    return FaceMesh()


def faces_of(bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[Points]]:
    """The picture as RGB, and its faces' landmarks."""
    rgb = np.ascontiguousarray(bgr[:, :, ::-1])
    return rgb, mesh().find(rgb, rgb.shape[1], rgb.shape[0])


@cache
def one_face() -> tuple[NDArray[np.uint8], Points]:
    """The portrait before a grey wall, 640x480."""
    rgb, (points,) = faces_of(webcam((200, 120)))
    return rgb, points


@cache
def two_faces() -> tuple[NDArray[np.uint8], list[Points]]:
    """The portrait, and to its right the same somewhat smaller."""
    picture = webcam((30, 120))
    picture[150:350, 400:600] = cv2.resize(portrait(), (200, 200), interpolation=cv2.INTER_AREA)
    return faces_of(picture)


def tiny_arcface(path: Path, side: int = 112, size: int = 64) -> Path:
    """Write an ONNX file: means of 14 x 14 px, then random weights; of no use but for its shapes, ArcFace's."""
    kernel, cells = side // 8, 3 * 8 * 8
    weights = np.random.default_rng(1).standard_normal((cells, size)).astype("<f4")
    weights -= weights.mean(axis=0)  # so that light makes no difference
    graph = Graph()
    graph.node("AveragePool", ["data"], "pooled", kernel_shape=(kernel,) * 2, strides=(kernel,) * 2)
    graph.node("Flatten", ["pooled"], "flat")
    graph.node("MatMul", ["flat", graph.weights("weights", weights)], "embedding")
    path.write_bytes(graph.document(Ends("data", (1, 3, side, side)), Ends("embedding", (1, size))))
    return path
