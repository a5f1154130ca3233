"""Material for the tests of identity: the portrait with its landmarks, a tiny ONNX recogniser, references in memory."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.face.landmarks import FaceMesh
from detectors.face.pose import Points
from detectors.identity.references import Entry, Kept, ReferenceLog
from tests.webcam_frames import portrait, webcam

FLOAT, INTS, IR_VERSION, OPSET = 1, 7, 8, 13
"""Numbers of onnx.proto: TensorProto.FLOAT, AttributeProto.INTS, the format's and the operators' versions."""


class MemoryReferences(ReferenceLog):
    """References in one process's memory; behaves as the topic does, contract test included."""

    def __init__(self) -> None:
        self.kept: dict[int, dict[str, Kept]] = {}

    async def read(self, partition: int) -> dict[str, Kept]:
        return dict(self.kept.get(partition, {}))

    async def write(self, partition: int, session: str, entry: Entry) -> None:
        self.kept.setdefault(partition, {})[session] = entry

    async def delete(self, partition: int, session: str) -> None:
        self.kept.get(partition, {}).pop(session, None)


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
    nodes = (
        _node("AveragePool", ["data"], "pooled", {"kernel_shape": [kernel] * 2, "strides": [kernel] * 2}),
        _node("Flatten", ["pooled"], "flat", {}),
        _node("MatMul", ["flat", "weights"], "embedding", {}),
    )
    dims = b"".join(_wire(1, number) for number in (cells, size))
    tensor = dims + _wire(2, FLOAT) + _wire(8, b"weights") + _wire(9, weights.tobytes())
    ends = _wire(11, _value("data", [1, 3, side, side])) + _wire(12, _value("embedding", [1, size]))
    graph = b"".join(_wire(1, node) for node in nodes) + _wire(2, b"tiny") + _wire(5, tensor) + ends
    path.write_bytes(_wire(1, IR_VERSION) + _wire(7, graph) + _wire(8, _wire(2, OPSET)))
    return path


def _node(kind: str, inputs: list[str], output: str, attributes: dict[str, list[int]]) -> bytes:
    given = b"".join(
        _wire(5, _wire(1, name.encode()) + b"".join(_wire(8, number) for number in ints) + _wire(20, INTS))
        for name, ints in attributes.items()
    )
    return (
        b"".join(_wire(1, one.encode()) for one in inputs) + _wire(2, output.encode()) + _wire(4, kind.encode()) + given
    )


def _value(name: str, dims: list[int]) -> bytes:
    shape = b"".join(_wire(1, _wire(1, dim)) for dim in dims)
    return _wire(1, name.encode()) + _wire(2, _wire(1, _wire(1, FLOAT) + _wire(2, shape)))


def _wire(field: int, content: bytes | int) -> bytes:
    """One field of a message of onnx.proto as protobuf writes it: a number, or bytes with their length."""
    if isinstance(content, int):
        return _varint(field << 3) + _varint(content)
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    groups = [number >> shift & 127 for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])
