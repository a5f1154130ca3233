"""What the markers of a JPEG file say, walked as libjpeg walks them, without decoding: size, passes, EXIF, its end.

Where libjpeg would go on behind bytes that are no marker, the walk ends: a size is told only if libjpeg finds that one,
so that no small header hides a large one.
"""

import re
import struct
from dataclasses import dataclass, replace

START, END, SCAN, APP1 = 0xD8, 0xD9, 0xDA, 0xE1
SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers that carry a frame's size
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
EXIF = b"Exif\x00"

MOST_PASSES = 30
"""Cameras write 1, libjpeg's progressive script 10, or 18 for four inks. Each has libjpeg walk over the whole picture
(2 ms at 25 million pixels, 30 ms where it refines) and takes as little as 44 bytes: without this bound a file of 4 MiB
kept a core busy for minutes."""
MOST_SEGMENTS = 1_000
"""A 16 MB colour profile takes 255; a million empty ones took half a second to walk."""

_MARKER = re.compile(rb"\xff++([^\x00\xff])")  # any marker may have FF before it to fill up
_BEHIND_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # FF 00 and restart markers belong to a scan


@dataclass(frozen=True, slots=True)
class JpegMarkers:
    """`frame`: the marker with the size, None before it was found. `end`: where the file ends; None: cut off."""

    size: tuple[int, int] | None = None
    frame: int | None = None
    components: int = 0
    passes: int = 0
    exif: bool = False
    end: int | None = None


def read_markers(data: bytes) -> JpegMarkers:
    """Walk to the end marker, or to where the file is cut off, damaged or beyond the bounds above."""
    found, at = JpegMarkers(), 2
    for _ in range(MOST_SEGMENTS):
        marker = _MARKER.match(data, at)
        if marker is None:
            return found
        kind = marker[1][0]
        if kind == END:
            return replace(found, end=marker.end())
        if kind in ALONE:
            at = marker.end()
            continue
        try:
            found = _with_segment(found, kind, data, marker.end())
            at = marker.end() + struct.unpack_from(">H", data, marker.end())[0]
        except struct.error:
            return found
        if kind == SCAN:
            behind = _BEHIND_SCAN.search(data, at)
            if behind is None or found.passes > MOST_PASSES:
                return found
            at = behind.start()
    return found


def _with_segment(found: JpegMarkers, kind: int, data: bytes, at: int) -> JpegMarkers:
    """What is known after the segment whose length stands at `at`."""
    if kind == SCAN:
        return replace(found, passes=found.passes + 1)
    if kind in SIZES and found.size is None:
        height, width, components = struct.unpack_from(">HHB", data, at + 3)
        return replace(found, size=(width, height), frame=kind, components=components)
    if kind == APP1 and data.startswith(EXIF, at + 2):
        return replace(found, exif=True)
    return found
