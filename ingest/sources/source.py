"""What a source of pictures is, whatever it reads from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["file", "folder", "camera", "virtual_camera", "rtsp", "synthetic"]
"""A virtual camera is a program that passes for a camera of this machine, see `ingest.sources.device`."""
Bgr = NDArray[np.uint8]
"""A picture: uint8, [height, width, 3], blue-green-red."""

Wanted = Callable[[int], bool]
"""Asked once for every picture of a source, in order, with its offset in ms: whether to decode and yield it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, `capture_offset_ms` after the source's start (never falling from one picture to the next).

    `original_jpeg` is the file that `bgr` was decoded from, when it was a JPEG that needs no change.
    """

    capture_offset_ms: int
    bgr: Bgr
    original_jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """How many pictures of a source could not be decoded, and between which offsets they stood."""

    count: int
    from_offset_ms: int
    to_offset_ms: int


class Source(Protocol):
    """Pictures in the order of their capture. Can be iterated once; close it afterwards.

    Opening fails with InputError. Whatever goes wrong later ends the iteration and is told by `failure`: what was read
    until then counts.
    """

    @property
    def kind(self) -> Kind: ...

    @property
    def name(self) -> str:
        """For people and reports: a file's name, an address without its password."""
        ...

    @property
    def live(self) -> bool:
        """True when pictures come as time passes, whether anybody waits for them or not."""
        ...

    @property
    def expected_frames(self) -> int | None:
        """Pictures in all, before sampling, as far as the source says; an estimate."""
        ...

    @property
    def duration_ms(self) -> int | None:
        """Length in all, as far as the source says; an estimate."""
        ...

    @property
    def elapsed_ms(self) -> int:
        """The end of what has been read so far, wanted or not."""
        ...

    @property
    def failure(self) -> str | None:
        """Why the iteration ended before the source's end; None when it did not."""
        ...

    @property
    def unreadable(self) -> Unreadable | None:
        """Pictures that were skipped because they could not be decoded."""
        ...

    def sampled(self, wanted: Wanted) -> Iterator[Picture]:
        """The wanted pictures; what is not wanted is skipped without being decoded."""
        ...

    def __iter__(self) -> Iterator[Picture]:
        """Every picture."""
        ...

    def stop(self) -> None:
        """Let the iteration end soon, as if the source ended here. May be called from any thread."""
        ...

    def close(self) -> None:
        """Free what it holds. Not while another thread iterates."""
        ...
