"""Pictures of every broken and odd kind, made here, each with what must become of it.

A table: `CORPUS`. Two doors take pictures: the detectors (the pool and the object model: JPEG as a camera sends it) and
ingest's folders (JPEG, PNG, BMP, WebP as people keep them). Behind the first a picture is looked at as it is stored;
behind the second it is turned as EXIF says and its smaller side must have 32 px.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import cv2
import numpy as np
from PIL import Image

from tests.jpeg_pieces import (
    ARITHMETIC,
    END,
    grey_tables,
    header_at,
    restarting,
    scan_at,
    scan_bomb,
    segment,
    with_segments,
)
from tests.picture_claims import bmp_claiming, gif_claiming, png_claiming, webp_claiming
from tests.webcam_frames import webcam
from triton_models.pictures import MAX_PICTURE_BYTES

Size = tuple[int, int]
WIDTH, HEIGHT = 320, 240
SCENE_PX = (WIDTH, HEIGHT)
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class OddPicture:
    """`size`: looked at, (width, height) as stored; None: refused with a reason that matches `refused`.

    `folder`: the size of the picture that a folder gives, None when it leaves it out. `alike`: it shows the scene.
    """

    name: str
    make: Callable[[], bytes]
    size: Size | None
    refused: str
    folder: Size | None
    alike: bool


def looked_at(
    name: str,
    make: Callable[[], bytes],
    size: Size = SCENE_PX,
    *,
    folder: Size | str | None = None,
    alike: bool = False,
) -> OddPicture:
    """One that is looked at; a folder gives it, too, unless told otherwise."""
    kept = size if folder is None else None if isinstance(folder, str) else folder
    return OddPicture(name, make, size, "", kept, alike)


def refused(name: str, make: Callable[[], bytes], why: str, *, folder: Size | None = None) -> OddPicture:
    """One that the detectors refuse; `folder`: it is a picture that a folder takes."""
    return OddPicture(name, make, None, why, folder, alike=folder is not None)


@cache
def scene() -> Image.Image:
    """Somebody before a webcam, 320 x 240."""
    small = cv2.resize(webcam((200, 100)), SCENE_PX, interpolation=cv2.INTER_AREA)
    return Image.fromarray(small[..., ::-1])


def encoded(kind: str, image: Image.Image, **settings: object) -> bytes:
    """An image file."""
    out = io.BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


@cache
def plain() -> bytes:
    """The scene as a camera would send it."""
    return encoded("JPEG", scene(), quality=85)


def recoded(kind: str, mode: str = "RGB", **settings: object) -> bytes:
    """The scene in another mode and file format."""
    return encoded(kind, scene().convert(mode), **settings)


def cut(percent: int, end: bytes = b"", kind: str = "") -> bytes:
    """The first per cent of the scene's file."""
    whole = recoded(kind) if kind else plain()
    return whole[: len(whole) * percent // 100] + end


def ycck() -> bytes:
    """A CMYK file whose colours are said to be YCCK: Photoshop's way. Its channels are those of YCbCr, inverted."""
    ycc = np.asarray(scene().convert("YCbCr"))
    planes = Image.fromarray(np.dstack([ycc, np.zeros((HEIGHT, WIDTH), np.uint8)]), "CMYK")
    data = bytearray(encoded("JPEG", planes, quality=95, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded("JPEG", scene(), exif=exif, quality=85)


def turned_late() -> bytes:
    """EXIF that stands behind 70 KB of other segments, where a reader of the first 64 KB does not see it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return with_segments(plain(), [segment(0xE5, bytes(35_000))] * 2 + [segment(0xE1, exif.tobytes())])


def sixteen_bit() -> bytes:
    grey = np.asarray(scene().convert("L"), np.uint16) * 257
    return encoded("PNG", Image.fromarray(grey))


def filled(shape: Size, kind: str = "JPEG") -> bytes:
    """A grey picture, (width, height)."""
    return encoded(kind, Image.new("RGB", shape, (90, 90, 90)))


def claiming(width: int, height: int, *, bits: int = 8) -> bytes:
    """The scene's file with another size, or precision, in its header."""
    at = header_at(plain())
    return plain()[: at + 4] + struct.pack(">BHH", bits, height, width) + plain()[at + 9 :]


def two_headers() -> bytes:
    """6,000 x 6,000 to libjpeg, which passes over FF 00; 16 x 16 to a reader who takes that for a segment."""
    truly, seemingly = (segment(0xC0, struct.pack(">BHHB3B", 8, side, side, 1, 1, 17, 0)) for side in (6_000, 16))
    comment = segment(0xFE, seemingly)
    hidden = grey_tables() + truly + comment[:4]
    seeming = b"\xff\x00" + struct.pack(">H", len(hidden) + 2) + hidden + comment[4:]
    return b"\xff\xd8" + seeming + segment(0xDA, b"\1\1\0\0\x3f\0") + bytes(750 * 750 // 4 + 8) + END


def bmp_of_os2() -> bytes:
    """The oldest header, with sizes of two bytes."""
    rows = np.asarray(scene())[::-1, :, ::-1].tobytes()
    return b"BM" + struct.pack("<IHHIIHHHH", 26 + len(rows), 0, 0, 26, 12, WIDTH, HEIGHT, 1, 24) + rows


def changed(marker: int, change: Callable[[bytes], bytes]) -> bytes:
    """The scene's file with the body of its first `marker` segment changed."""
    at = plain().index(bytes([0xFF, marker])) + 2
    length = struct.unpack_from(">H", plain(), at)[0]
    body = change(plain()[at + 2 : at + length])
    return plain()[: at - 2] + segment(marker, body) + plain()[at + length :]


def all_zero() -> bytes:
    """Nothing but zeros where the scene's coefficients were."""
    start = scan_at(plain())
    return plain()[:start] + bytes(len(plain()) - start - 2) + END


def thumbnailed(percent: int = 100) -> bytes:
    """A small JPEG, end marker and all, in a segment of the large one."""
    small = encoded("JPEG", scene().resize((80, 60)))
    whole = with_segments(plain(), [segment(0xE3, small)])
    return whole[: len(whole) * percent // 100]


def random_bytes(start: bytes = b"") -> bytes:
    return start + np.random.default_rng(5).bytes(20_000)


TEXTS = {
    "html-error-page": (b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>", "a web page"),
    "html-lower-case": (b"\n  <html><body>Not found</body></html>", "a web page"),
    "pdf": (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF", "a PDF"),
    "json": (b'{"error": "camera is busy"}', "not a JPEG"),
    "zip": (b"PK\x03\x04" + bytes(100), "not a JPEG"),
}

TRUNCATED = (
    *(refused(f"cut-at-{p}-percent", partial(cut, p), "cut off") for p in range(10, 100, 10)),
    *(looked_at(f"cut-at-{p}-percent-with-an-end", partial(cut, p, END)) for p in range(10, 100, 10)),
    refused("cut-by-one-byte", lambda: plain()[:-1], "cut off"),
    refused("cut-and-filled-with-zeros", lambda: cut(50, bytes(5000)), "cut off"),
    refused("cut-within-the-header", lambda: plain()[:100], "readable header"),
    refused("cut-after-the-header", lambda: plain()[: scan_at(plain())], "cut off"),
    looked_at("cut-after-the-header-with-an-end", lambda: plain()[: scan_at(plain())] + END),
    refused("cut-png", lambda: cut(50, kind="PNG"), "a PNG picture"),
    refused("cut-webp", lambda: cut(50, kind="WEBP"), "a WebP picture"),
    refused("cut-bmp", lambda: cut(50, kind="BMP"), "a BMP picture"),
)
CODINGS = (
    looked_at("plain", plain, alike=True),
    looked_at("progressive", lambda: recoded("JPEG", progressive=True), alike=True),
    looked_at("grey", lambda: recoded("JPEG", "L"), alike=True),
    looked_at("cmyk", lambda: recoded("JPEG", "CMYK"), alike=True),
    looked_at("ycck", ycck, alike=True),
    looked_at("restart-markers", lambda: restarting(scene()), alike=True),
    looked_at("arithmetic", lambda: ARITHMETIC, (48, 32)),
    looked_at("four-pixels-a-colour", lambda: recoded("JPEG", subsampling=2), alike=True),
    refused("twelve-bit", lambda: claiming(*SCENE_PX, bits=12), "cannot be decoded"),
    *(
        looked_at(f"exif-{way}", partial(turned, way), folder=SCENE_PX if way < 5 else (HEIGHT, WIDTH))
        for way in range(1, 9)
    ),
    looked_at("exif-behind-70-kb", turned_late, folder=(HEIGHT, WIDTH)),
)
OTHER_KINDS = (
    refused("png", lambda: recoded("PNG"), "a PNG picture", folder=SCENE_PX),
    refused("png-16-bit", sixteen_bit, "a PNG picture", folder=SCENE_PX),
    refused("png-grey", lambda: recoded("PNG", "L"), "a PNG picture", folder=SCENE_PX),
    refused("png-grey-and-alpha", lambda: recoded("PNG", "LA"), "a PNG picture", folder=SCENE_PX),
    refused("png-alpha", lambda: recoded("PNG", "RGBA"), "a PNG picture", folder=SCENE_PX),
    refused("png-palette", lambda: recoded("PNG", "P"), "a PNG picture", folder=SCENE_PX),
    refused("webp", lambda: recoded("WEBP"), "a WebP picture", folder=SCENE_PX),
    refused("webp-lossless", lambda: recoded("WEBP", lossless=True), "a WebP picture", folder=SCENE_PX),
    refused("bmp", lambda: recoded("BMP"), "a BMP picture", folder=SCENE_PX),
    refused("bmp-of-os2", bmp_of_os2, "a BMP picture", folder=SCENE_PX),
    refused("avif", lambda: recoded("AVIF", speed=10), "an AVIF or HEIC picture"),
    refused("gif", lambda: recoded("GIF"), "a GIF picture"),
    refused("tiff", lambda: recoded("TIFF"), "a TIFF picture"),
)
SHAPES = (
    looked_at("1-pixel", lambda: filled((1, 1)), (1, 1), folder=NOTHING),
    looked_at("1-wide", lambda: filled((1, 500)), (1, 500), folder=NOTHING),
    looked_at("1-high", lambda: filled((500, 1)), (500, 1), folder=NOTHING),
    looked_at("65500-wide", lambda: filled((65_500, 32)), (65_500, 32)),
    looked_at("65500-high-and-1-wide", lambda: filled((1, 65_500)), (1, 65_500), folder=NOTHING),
    refused("claims-30000x30000", lambda: claiming(30_000, 30_000), "30000x30000 pixels"),
    refused("claims-65535x65535", lambda: claiming(65_535, 65_535), "65535x65535 pixels"),
    refused("two-headers", two_headers, "readable header"),
    refused("no-width", lambda: claiming(0, 240), "0x240 pixels"),
    refused("no-height", lambda: claiming(320, 0), "320x0 pixels"),
    looked_at("claims-less-than-it-holds", lambda: claiming(160, 120), (160, 120)),
    looked_at("claims-more-than-it-holds", lambda: claiming(640, 480), (640, 480)),
    refused("png-claims-30000x30000", lambda: png_claiming(30_000, 30_000), "a PNG picture"),
    refused("png-claims-nothing", lambda: png_claiming(0, 0), "a PNG picture"),
    refused("gif-claims-65535x65535", lambda: gif_claiming(65_535, 65_535), "a GIF picture"),
    refused("webp-claims-16383x16383", lambda: webp_claiming(16_383, 16_383), "a WebP picture"),
    refused("bmp-claims-30000x30000", lambda: bmp_claiming(30_000, -30_000), "a BMP picture"),
    refused("bmp-claims-less-than-nothing", lambda: bmp_claiming(-640, 480), "a BMP picture"),
)
DAMAGED = (
    refused(
        "impossible-huffman-table", lambda: changed(0xC4, lambda b: b[:1] + b"\xff" * (len(b) - 1)), "cannot be decoded"
    ),
    refused("short-huffman-table", lambda: changed(0xC4, lambda b: b[:10]), "cannot be decoded"),
    looked_at("wrong-huffman-codes", lambda: changed(0xC4, lambda b: b[:17] + b[:16:-1])),
    refused("no-quantisation-table", lambda: changed(0xDB, lambda b: b[:3]), "cannot be decoded"),
    looked_at("all-zero-coefficients", all_zero),
    refused("header-alone", lambda: plain()[: plain().index(b"\xff\xda")] + END, "cannot be decoded"),
    refused("start-and-end-alone", lambda: b"\xff\xd8\xff\xd9", "readable header"),
    refused("zeros", lambda: bytes(20_000), "not a JPEG"),
    refused("20000-passes", lambda: scan_bomb(1000, 1000, 20_000), "passes"),
)
ADDED = (
    looked_at("garbage-after-the-end", lambda: plain() + b"camera firmware 1.2", alike=True),
    looked_at("zeros-after-the-end", lambda: plain() + bytes(999), alike=True),
    looked_at("two-in-one", lambda: plain() + filled((64, 48)), alike=True),
    looked_at("thumbnail", thumbnailed, alike=True),
    refused("thumbnail-and-cut", lambda: thumbnailed(60), "cut off"),
    refused("cut-behind-the-thumbnail", lambda: plain()[:2] + segment(0xE3, filled((80, 60))), "readable header"),
    looked_at("colour-profile-of-4-mb", lambda: recoded("JPEG", icc_profile=bytes(4 << 20)), alike=True),
    looked_at("filled-up-markers", lambda: plain()[:2] + b"\xff" * 200_000 + plain()[2:], alike=True),
    refused("a-million-segments", lambda: with_segments(plain(), [segment(0xE5, b"")] * 1_000_000), "readable header"),
    refused(
        "8-mb-and-1", lambda: plain() + bytes(MAX_PICTURE_BYTES + 1 - len(plain())), "8388609 bytes", folder=SCENE_PX
    ),
)
NO_PICTURES = (
    refused("empty", lambda: b"", "empty"),
    refused("random", random_bytes, "not a JPEG"),
    refused("random-behind-a-start", lambda: random_bytes(b"\xff\xd8\xff\xe0"), "readable header"),
    *(refused(name, lambda data=data: data, why) for name, (data, why) in TEXTS.items()),  # type: ignore[misc]
)
CORPUS = (*TRUNCATED, *CODINGS, *OTHER_KINDS, *SHAPES, *DAMAGED, *ADDED, *NO_PICTURES)
