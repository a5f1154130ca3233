"""The file of dlib's face recognition network (dlib_face_recognition_resnet_model_v1.dat), layer by layer.

It holds the layers from the picture on. Of each that has parameters: its name, then a tensor, which is a version, four
sizes and float32, little endian; whole numbers have their length before them (dlib/serialize.h, cuda/tensor_tools.h).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CONVOLUTIONS, FIRST_SIDE, SIDE = 29, 7, 3
VECTOR = 128
TENSOR_VERSION = 2
NEXT_WITHIN = 2_000
"""Between two layers with parameters lie no more bytes than this."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """`filters` [out, in, side, side] and `biases` [out]; the affine layer behind it is worked into both."""

    filters: Floats
    biases: Floats


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of the network's: `convolutions` in their order, and the last layer's `matrix` [256, 128]."""

    convolutions: tuple[Convolution, ...]
    matrix: Floats


def read_parameters(content: bytes) -> Parameters:
    """The parameters in a file's bytes. Raises: ValueError when it is damaged, or holds another network."""
    file = _File(content)
    convolutions = tuple(_convolution(file, side) for side in _sides())
    matrix = file.layer("fc_2", numbers=2)
    if matrix.size % VECTOR:
        raise ValueError(f"a last layer of {matrix.size} numbers, not of {VECTOR} outputs")
    return Parameters(convolutions, matrix.reshape(-1, VECTOR))


def _sides() -> Iterator[int]:
    yield FIRST_SIDE
    yield from (SIDE for _ in range(CONVOLUTIONS - 1))


def _convolution(file: "_File", side: int) -> Convolution:
    parameters, affine = file.layer("con_4"), file.layer("affine_")
    outputs = affine.size // 2
    gains, shifts = affine[:outputs], affine[outputs:]
    filters, biases = parameters[:-outputs].reshape(outputs, -1, side, side), parameters[-outputs:]
    return Convolution(filters * gains[:, None, None, None], biases * gains + shifts)


@dataclass(slots=True)
class _File:
    """A file as it is read; `at`: the next byte."""

    content: bytes
    at: int = 0

    def layer(self, name: str, numbers: int = 0) -> Floats:
        """The parameters of the next layer of this kind, in a row; `numbers`: what stands before the tensor."""
        found = self.content.find(b"\x01" + bytes([len(name)]) + name.encode(), self.at, self.at + NEXT_WITHIN)
        if found < 0:
            raise ValueError(f"no layer {name!r} behind byte {self.at}")
        self.at = found + 2 + len(name)
        for _ in range(numbers):
            self.number()
        return self._tensor()

    def _tensor(self) -> Floats:
        version, *sizes = (self.number() for _ in range(5))
        size = int(np.prod(sizes, dtype=object))
        if version != TENSOR_VERSION or not 0 < size <= (len(self.content) - self.at) // 4:
            raise ValueError(f"no tensor before byte {self.at}")
        self.at += 4 * size
        return np.frombuffer(self.content, "<f4", size, self.at - 4 * size).astype(np.float32)

    def number(self) -> int:
        """A byte with the sign and the number of bytes that follow, then these."""
        (control,) = self.content[self.at : self.at + 1] or b"\0"
        first = self.at + 1
        self.at = first + (control & 15)
        value = int.from_bytes(self.content[first : self.at], "little")
        return -value if control & 128 else value
