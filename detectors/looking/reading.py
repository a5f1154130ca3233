"""What is asked of one picture, and what is said of it."""

import msgspec

from detectors.messages import Face, PictureQuality


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag="asked"):
    """One JPEG to look at for faces, and what else is wanted of it."""

    jpeg: bytes


class PictureReading(msgspec.Struct, frozen=True, kw_only=True, tag="reading"):
    """One picture's faces, largest first, and its quality."""

    faces: tuple[Face, ...]
    quality: PictureQuality


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 of what looks, by kind of observation."""

    face: str = ""
