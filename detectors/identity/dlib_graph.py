"""dlib's face recognition network as ONNX.

It is `anet_type` of dlib's examples/dnn_face_recognition_ex.cpp (public domain): a convolution, residual blocks of two
each on five levels, a mean and a matrix. Where a level begins, the picture is halved by the first convolution (without
an edge, so it loses a row) and by a mean of 2 x 2 beside it; what has fewer rows or channels is filled with zeros.
"""

from dataclasses import dataclass, field

import numpy as np

from detectors.identity.dlib_file import VECTOR, Convolution, Parameters
from detectors.identity.onnx_graph import Ends, Graph

INPUT, OUTPUT = "picture", "vector"
SIDE_PX = 150
LEVELS = ((3, False), (4, True), (3, True), (3, True), (1, True))
"""Residual blocks, and whether the first of them halves the picture."""


def as_onnx(parameters: Parameters) -> bytes:
    """The network: float32 [1, 3, 150, 150] in, [1, 128] out. Raises: ValueError for parameters that do not fit."""
    first, *others = parameters.convolutions
    growing = _Growing(others[::-1])
    growing.begin(first)
    for blocks, halves in LEVELS:
        for block in range(blocks):
            growing.add_block(halves=halves and block == 0)
    if growing.left:
        raise ValueError(f"{len(growing.left)} convolutions too many")
    return growing.end(parameters)


@dataclass(slots=True)
class _Growing:
    """The network so far. `left`: convolutions to come, the next one last; `side`, `channels`: of what is there."""

    left: list[Convolution]
    graph: Graph = field(default_factory=Graph)
    last: str = INPUT
    side: int = SIDE_PX
    channels: int = 3
    _named: int = 0

    def begin(self, first: Convolution) -> None:
        self.last = self._rectified(self._convolved(self.last, first, stride=2, edge=0))
        self.last = self._node("MaxPool", self.last, kernel_shape=(3, 3), strides=(2, 2))
        self.side, self.channels = ((self.side - 7) // 2 + 1 - 3) // 2 + 1, len(first.filters)

    def add_block(self, *, halves: bool) -> None:
        one, other = self.left.pop(), self.left.pop()
        inner = self._rectified(self._convolved(self.last, one, stride=2 if halves else 1, edge=0 if halves else 1))
        inner = self._convolved(inner, other, stride=1, edge=1)
        if halves:
            inner = self._halved(inner, len(other.filters))
        self.last = self._rectified(self._node("Add", self.last, inner))

    def _halved(self, inner: str, channels: int) -> str:
        """Halve what is there; returns `inner`, as large as it."""
        has, side = (self.side - 3) // 2 + 1, (self.side - 2) // 2 + 1
        self.last = self._node("AveragePool", self.last, kernel_shape=(2, 2), strides=(2, 2))
        self.last = self._filled(self.last, channels - self.channels, 0)
        self.side, self.channels = side, channels
        return self._filled(inner, 0, side - has)

    def end(self, parameters: Parameters) -> bytes:
        flat = self._node("Flatten", self._node("GlobalAveragePool", self.last))
        self.graph.node("MatMul", [flat, self.graph.weights("matrix", parameters.matrix)], OUTPUT)
        return self.graph.document(Ends(INPUT, (1, 3, SIDE_PX, SIDE_PX)), Ends(OUTPUT, (1, VECTOR)))

    def _convolved(self, of: str, convolution: Convolution, stride: int, edge: int) -> str:
        filters = self.graph.weights(self._name(), convolution.filters)
        biases = self.graph.weights(self._name(), convolution.biases)
        sides = convolution.filters.shape[2:]
        return self._node("Conv", of, filters, biases, kernel_shape=sides, strides=(stride,) * 2, pads=(edge,) * 4)

    def _rectified(self, of: str) -> str:
        return self._node("Relu", of)

    def _filled(self, of: str, channels: int, rows: int) -> str:
        """With so many channels, rows and columns of zeros behind."""
        if not (channels or rows):
            return of
        ends = np.array([0, 0, 0, 0, 0, channels, rows, rows], np.int64)
        return self._node("Pad", of, self.graph.weights(self._name(), ends))

    def _node(self, kind: str, *inputs: str, **attributes: tuple[int, ...]) -> str:
        return self.graph.node(kind, inputs, self._name(), **attributes)

    def _name(self) -> str:
        self._named += 1
        return str(self._named)
