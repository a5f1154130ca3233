"""What may become a frame. Without these, one picture could fill the memory or the topic's limit."""

import struct

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.image_header import image_size, is_plain_jpeg, is_whole
from ingest.picture import Jpeg, PicturePolicy, decode, fit, pack, unusable
from ingest.sources.source import Picture


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)


def image(suffix: str, height: int = 48, width: int = 64) -> bytes:
    return cv2.imencode(suffix, noise(height, width))[1].tobytes()


def huge_png() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 20_000, 20_000, 8, 2, 0, 0, 0) + bytes(4)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_size_is_read_from_the_head_alone(suffix: str) -> None:
    data = image(suffix, 300, 700)
    assert image_size(data[:1024]) == (700, 300)
    assert image_size(data[:9]) is None


def test_size_of_lossless_webp() -> None:
    data = cv2.imencode(".webp", noise(48, 64), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert image_size(data) == (64, 48)


def test_huge_and_tiny_are_refused_before_decoding() -> None:
    size = image_size(huge_png())
    assert size == (20_000, 20_000)
    assert "too many" in (unusable(*size) or "")
    assert "show nothing" in (unusable(1, 1) or "")
    assert unusable(640, 480) is None


@pytest.mark.parametrize(
    "garbage", [b"", b"hello", b"\xff\xd8\xff", b"\xff\xd8" + bytes(100), b"\x89PNG\r\n\x1a\n", b"BM"]
)
def test_garbage_has_no_size(garbage: bytes) -> None:
    assert image_size(garbage) is None


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_cut_off_pictures_are_noticed(suffix: str) -> None:
    data = image(suffix)
    assert is_whole(data)
    assert not is_whole(data[: len(data) // 2])


def test_jpeg_that_may_be_turned_by_exif_is_not_passed_through() -> None:
    data = image(".jpg")
    assert is_plain_jpeg(data)
    assert not is_plain_jpeg(data[:2] + b"\xff\xe1\x00\x10Exif\x00\x00" + bytes(8) + data[2:])


def test_undecodable_bytes() -> None:
    assert decode(b"\xff\xd8 no picture") is None
    assert decode(b"") is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((480, 640), (480, 640)),
        ((1080, 1920), (360, 640)),
        ((1920, 1080), (640, 360)),
        ((40, 50), (40, 50)),
        ((33, 6400), (3, 640)),
    ],
    ids=["as it is", "wide", "tall", "never enlarged", "strip"],
)
def test_longest_side(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit(noise(*size), 640).shape[:2] == expected


def test_pack_keeps_a_fitting_jpeg_untouched() -> None:
    data = image(".jpg")
    bgr = decode(data)
    assert bgr is not None
    assert pack(Picture(0, bgr, data), PicturePolicy()).data is data
    repacked = pack(Picture(0, bgr, data), PicturePolicy(longest_side_px=32))
    assert (repacked.width, repacked.height) == (32, 24)


def test_pack_stays_below_the_size_in_bytes() -> None:
    packed = pack(Picture(0, noise(480, 640)), PicturePolicy(most_bytes=20_000))
    assert len(packed.data) <= 20_000
    assert image_size(packed.data) == (packed.width, packed.height)
    assert packed.width < 640


def test_pack_is_deterministic() -> None:
    first, second = (pack(Picture(0, noise(480, 640)), PicturePolicy()) for _ in range(2))
    assert isinstance(first, Jpeg)
    assert first == second
