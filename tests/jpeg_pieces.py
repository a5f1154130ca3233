"""JPEG files taken apart and put together again, as their makers would not."""

import base64
import io
import struct
from collections.abc import Iterable

from PIL import Image

END = b"\xff\xd9"
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5a"
    "YVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//yQAR"
    "CAAgADADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AHiZ/r8jfxOquwpZPW8lxcsSEueKiKDjqzyFo/O1ApH/2Q=="
)
"""48 x 32, left half dark, right half light; no library at hand writes this kind, so it was made with jpegtran."""


def segment(marker: int, body: bytes) -> bytes:
    """A marker with its length and its body."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(jpeg: bytes, segments: Iterable[bytes]) -> bytes:
    """`jpeg` with more segments right behind its start."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def header_at(jpeg: bytes) -> int:
    """Where the frame header of a baseline file begins."""
    return jpeg.index(b"\xff\xc0")


def scan_at(jpeg: bytes) -> int:
    """Where the coefficients of a baseline file begin."""
    at = jpeg.index(b"\xff\xda") + 2
    return int(at + struct.unpack_from(">H", jpeg, at)[0])


def restarting(image: Image.Image) -> bytes:
    """`image` with a restart marker behind every row of blocks."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, restart_marker_rows=1)
    return out.getvalue()


def grey_tables() -> bytes:
    """Tables in which a zero bit means an empty block's brightness, or that nothing more comes in it."""
    one_code = bytes([1] + [0] * 15) + b"\0"
    return segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC4, b"\0" + one_code) + segment(0xC4, b"\x10" + one_code)


def scan_bomb(width: int, height: int, scans: int) -> bytes:
    """A progressive grey file of a few bytes a pass, each of which has libjpeg walk through every block again."""
    blocks = -(-width // 8) * -(-height // 8)
    runs = segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\xe0")  # its only code: up to 32,767 empty blocks
    head = segment(0xC2, struct.pack(">BHHB3B", 8, height, width, 1, 1, 17, 0))
    first = segment(0xDA, b"\1\1\0\0\0\0") + bytes(-(-blocks // 8))
    bits = "011111111111111" * -(-blocks // 32_767)
    bits += "1" * (-len(bits) % 8)
    run = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    passes = (segment(0xDA, b"\1\1\0\1\x3f\0") + run) * scans
    return b"\xff\xd8" + grey_tables() + runs + head + first + passes + END
