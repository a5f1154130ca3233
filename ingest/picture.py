"""What may become a frame, and how it is packed as JPEG: longest side, quality and size in bytes are bounded."""

from dataclasses import dataclass

import cv2
import numpy as np

from ingest.sources.source import Bgr, Picture

SMALLEST_SIDE_PX = 32  # a face in fewer pixels than this is found by no detector
LARGEST_PICTURE_PX = 64_000_000  # decoded at 3 bytes a pixel this takes 0.2 GB
LOWER_QUALITIES = (70, 55, 40)


@dataclass(frozen=True, slots=True)
class PicturePolicy:
    """Bounds of a frame. `most_bytes` stays far below what the topic takes, 4 MiB."""

    longest_side_px: int = 640
    quality: int = 85
    most_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A packed picture and its size in pixels."""

    data: bytes
    width: int
    height: int


def unusable(width: int, height: int) -> str | None:
    """Why a picture of this size cannot be used; None when it can."""
    if width * height > LARGEST_PICTURE_PX:
        return f"{width}x{height} px are too many; {LARGEST_PICTURE_PX // 1_000_000} million pixels are the most"
    if min(width, height) < SMALLEST_SIDE_PX:
        return f"{width}x{height} px show nothing; {SMALLEST_SIDE_PX} px a side are the least"
    return None


def decode(data: bytes) -> Bgr | None:
    """The picture in an image file, upright; None when it cannot be decoded to its end."""
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, np.uint8)


def pack(picture: Picture, policy: PicturePolicy) -> Jpeg:
    """`picture` as JPEG within the policy's bounds, never enlarged; its own file untouched when that is within them."""
    height, width = picture.bgr.shape[:2]
    original = picture.original_jpeg
    if original is not None and max(width, height) <= policy.longest_side_px and len(original) <= policy.most_bytes:
        return Jpeg(original, width, height)
    return _encode(fit(picture.bgr, policy.longest_side_px), policy)


def fit(bgr: Bgr, longest_side_px: int) -> Bgr:
    """`bgr` made smaller so that its longest side is `longest_side_px` at most; itself when it already is."""
    height, width = bgr.shape[:2]
    scale = longest_side_px / max(width, height)
    if scale >= 1:
        return bgr
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _encode(bgr: Bgr, policy: PicturePolicy) -> Jpeg:
    """Lower quality, then half the size, until the bytes are within bounds."""
    while True:
        for quality in (policy.quality, *(q for q in LOWER_QUALITIES if q < policy.quality)):
            done, packed = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
            if done and packed.size <= policy.most_bytes:
                return Jpeg(packed.tobytes(), bgr.shape[1], bgr.shape[0])
        if max(bgr.shape[:2]) <= SMALLEST_SIDE_PX:
            raise ValueError(f"no JPEG of {policy.most_bytes} bytes can hold a picture")
        bgr = fit(bgr, max(bgr.shape[:2]) // 2)
