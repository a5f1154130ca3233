"""A network written as an ONNX file's bytes: nodes, weights, one input, one output.

Of onnx.proto (github.com/onnx/onnx, Apache-2.0) no more than that: the package that writes all of it is for the model
factory alone, and protobuf's wire format takes two functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FLOAT, INT64, INTS, IR_VERSION, OPSET = 1, 7, 7, 8, 13
"""Numbers of onnx.proto: TensorProto's types, AttributeProto.INTS, the format's and the operators' versions."""
Weights = NDArray[np.float32] | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ends:
    """A graph's input or output: its name and shape, float32."""

    name: str
    shape: Sequence[int]


@dataclass(slots=True)
class Graph:
    """A graph as it grows."""

    _parts: list[bytes] = field(default_factory=list)

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Sequence[int]) -> str:
        """Add an operator; returns its output's name."""
        named = b"".join(_wire(1, name.encode()) for name in inputs) + _wire(2, output.encode())
        self._parts.append(_wire(1, named + _wire(4, kind.encode()) + _attributes(attributes)))
        return output

    def weights(self, name: str, values: Weights) -> str:
        """Add a tensor that the file carries; returns its name."""
        kind = FLOAT if values.dtype == np.float32 else INT64
        dims = b"".join(_wire(1, dim) for dim in values.shape)
        little = values.astype(values.dtype.newbyteorder("<"))
        self._parts.append(_wire(5, dims + _wire(2, kind) + _wire(8, name.encode()) + _wire(9, little.tobytes())))
        return name

    def document(self, given: Ends, answer: Ends) -> bytes:
        """The file."""
        ends = _wire(11, _value(given)) + _wire(12, _value(answer))
        graph = b"".join(self._parts) + _wire(2, b"graph") + ends
        return _wire(1, IR_VERSION) + _wire(7, graph) + _wire(8, _wire(2, OPSET))


def _attributes(attributes: Mapping[str, Sequence[int]]) -> bytes:
    return b"".join(
        _wire(5, _wire(1, name.encode()) + b"".join(_wire(8, number) for number in ints) + _wire(20, INTS))
        for name, ints in attributes.items()
    )


def _value(one: Ends) -> bytes:
    shape = b"".join(_wire(1, _wire(1, dim)) for dim in one.shape)
    return _wire(1, one.name.encode()) + _wire(2, _wire(1, _wire(1, FLOAT) + _wire(2, shape)))


def _wire(number: int, content: bytes | int) -> bytes:
    """One field of a message as protobuf writes it: a number, or bytes with their length."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    groups = [number >> shift & 127 for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])
