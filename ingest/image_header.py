"""What the head of an image file says, read without decoding it: JPEG, PNG, BMP and WebP."""

import struct

from ingest.jpeg_markers import MOST_PASSES, read_markers

BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
KINDS = (
    (b"\xff\xd8", "a JPEG file"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF"),
)
HEIF_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")
WEB_PAGES = (b"<!doctype html", b"<html")
OS2_HEADER_BYTES = 12  # the oldest kind of BMP
GREY_OR_COLOUR = (1, 3)  # components; what has four is ink, inverted or not as its maker liked


def image_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels; None when `data` is no image of these kinds or its head is cut off."""
    try:
        if data.startswith(b"\xff\xd8"):
            return read_markers(data).size
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(b"BM"):
            if struct.unpack_from("<I", data, 14) == (OS2_HEADER_BYTES,):
                return struct.unpack_from("<HH", data, 18)
            width, height = struct.unpack_from("<ii", data, 18)
            return width, abs(height)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
    except struct.error:
        return None
    return None


def kind_of(data: bytes) -> str:
    """What a file is, by its first bytes, in words for a person: "a PNG picture", "a web page", "empty"."""
    if not data:
        return "empty"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "a WebP picture"
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        return "an AVIF or HEIC picture"
    if data[:100].lstrip().lower().startswith(WEB_PAGES):
        return "a web page"
    return next((kind for start, kind in KINDS if data.startswith(start)), "no picture")


def is_whole(data: bytes) -> bool:
    """Whether the file ends as its kind must; decoders fill the missing part of a JPEG or PNG with grey, silently."""
    if data.startswith(b"\xff\xd8"):
        return read_markers(data).end is not None
    if data.startswith(b"\x89PNG"):
        return b"IEND" in data[-32:]
    return True


def flaw(data: bytes) -> str | None:
    """Why a file with a sound head should not be decoded all the same; None when it may be."""
    if data.startswith(b"\xff\xd8") and read_markers(data).passes > MOST_PASSES:
        return f"has more than {MOST_PASSES} passes; cameras make 1"
    return None if is_whole(data) else "is cut off"


def is_plain_jpeg(data: bytes) -> bool:
    """Whether this is a JPEG that looks the same to every reader, and nothing else.

    Not with EXIF, which may turn it, of a rare coding, in inks, or with more behind its end.
    """
    if not data.startswith(b"\xff\xd8"):
        return False
    found = read_markers(data)
    usual = found.frame in (BASELINE, EXTENDED, PROGRESSIVE) and found.components in GREY_OR_COLOUR
    return usual and not found.exif and found.end == len(data)


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
