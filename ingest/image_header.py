"""What the head of an image file says, read without decoding it: JPEG, PNG, BMP and WebP."""

import struct

EXIF = b"Exif\x00\x00"
JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers that carry a frame's size
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def image_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels; None when `data` is no image of these kinds or its head is cut off."""
    try:
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return width, abs(height)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
    except struct.error:
        return None
    return None


def is_whole(data: bytes) -> bool:
    """Whether the file ends as its kind must; decoders fill the missing part of a JPEG or PNG with grey, silently."""
    if data.startswith(b"\xff\xd8"):
        return data.rstrip(b"\0")[-2:] == b"\xff\xd9"
    if data.startswith(b"\x89PNG"):
        return b"IEND" in data[-32:]
    return True


def is_plain_jpeg(data: bytes) -> bool:
    """Whether this is a JPEG that looks the same to every reader: without EXIF, which may turn it."""
    return data.startswith(b"\xff\xd8") and EXIF not in data[:65_536]


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while True:
        start, marker = struct.unpack_from(">BB", data, at)
        if start != 0xFF:
            return None
        if marker in JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in JPEG_ALONE:
            at += 2
        else:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
        return 1 + low_w + (high_w << 16), 1 + low_h + (high_h << 16)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
