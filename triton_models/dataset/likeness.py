"""Pictures that are the same, or nearly: a 64-bit difference hash, confirmed by a small grey copy.

The hash (brighter than the pixel to the right, on 9 x 8 pixels) alone calls all flat pictures equal; so two pictures
are alike only when their grey copies agree as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

THUMB_PX = 16
THUMB_LEVELS = 14.0
"""Mean difference of grey copies above which two pictures are not the same whatever their hashes: JPEG at quality 30
moves it by about 3, another frame of the same desk by 20 and more."""
ONES = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture looks like: 64 bits, and grey levels float32 [16, 16]."""

    bits: int
    thumb: NDArray[np.float32]


def look_of(picture: NDArray[np.uint8]) -> Look:
    """The look of a BGR (or grey) uint8 picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    brighter = np.packbits((small[:, :-1] > small[:, 1:]).ravel())
    thumb = cv2.resize(grey, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA)
    return Look(int.from_bytes(brighter.tobytes(), "big"), np.asarray(thumb, np.float32))


def alike(one: Look, other: Look, bits: int) -> bool:
    """Whether two looks differ in at most so many bits and hardly in brightness."""
    near = (one.bits ^ other.bits).bit_count() <= bits
    return near and float(np.abs(one.thumb - other.thumb).mean()) <= THUMB_LEVELS


def alike_pairs(looks: Sequence[Look], bits: int) -> Iterator[tuple[int, int]]:
    """All pairs (i, j), i < j, of looks that are alike."""
    hashes = np.array([look.bits for look in looks], np.uint64)
    for index in range(len(looks) - 1):
        apart = differing_bits(hashes[index + 1 :] ^ hashes[index])
        for offset in np.flatnonzero(apart <= bits):
            other = index + 1 + int(offset)
            if alike(looks[index], looks[other], bits):
                yield index, other


def differing_bits(numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many bits are set in each number, [n]."""
    halves = np.ascontiguousarray(numbers).view(np.uint16).reshape(len(numbers), 4)
    return np.asarray(ONES[halves].sum(axis=1, dtype=np.int64), np.int64)


def groups(count: int, pairs: Iterator[tuple[int, int]] | Sequence[tuple[int, int]]) -> list[int]:
    """For every index the smallest index that it is joined to, directly or through others."""
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return [root(index) for index in range(count)]
