"""What is decoded and what is refused, and the numbers of its quality."""

import cv2
import numpy as np
import pytest

from detectors.face.quality import picture_quality
from ingest.errors import PoisonError
from tests.webcam_frames import jpeg, webcam
from triton_models.pictures import MAX_PICTURE_BYTES, check_picture, decode_picture, reduction

WHOLE = jpeg(webcam((200, 100)))


def claiming(width: int, height: int) -> bytes:
    """WHOLE with another size in its header: nothing of that size may be allocated."""
    at = WHOLE.index(b"\xff\xc0")
    return WHOLE[: at + 5] + height.to_bytes(2) + width.to_bytes(2) + WHOLE[at + 9 :]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a JPEG"),
        (b"no picture at all", "not a JPEG"),
        (b"\xff\xd8\xff", "not a JPEG"),
        (cv2.imencode(".png", webcam())[1].tobytes(), "not a JPEG"),
        (WHOLE[:-500], "cut off"),
        (claiming(20_000, 20_000), "20000x20000"),
        (claiming(0, 480), "0x480"),
        (WHOLE + bytes(MAX_PICTURE_BYTES), "bytes"),
    ],
)
def test_refused_before_decoding(data: bytes, why: str) -> None:
    with pytest.raises(PoisonError, match=why):
        check_picture(data)


def test_a_header_without_a_picture_is_poison() -> None:
    empty = WHOLE[: WHOLE.index(b"\xff\xda")] + b"\xff\xd9"
    assert check_picture(empty) == (640, 480)
    with pytest.raises(PoisonError, match="cannot be decoded"):
        decode_picture(empty)


@pytest.mark.parametrize(
    ("size", "side", "factor"),
    [((640, 480), 256, 2), ((640, 480), 320, 2), ((640, 480), 321, 1), ((480, 2000), 256, 4), ((5000, 5000), 256, 8)],
)
def test_pictures_shrink_while_their_longer_side_suffices(size: tuple[int, int], side: int, factor: int) -> None:
    assert reduction(*size, side) == factor
    assert max(size) // factor >= side or factor == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 5)])
def test_odd_shapes_are_pictures(shape: tuple[int, int]) -> None:
    data = jpeg(np.zeros((*shape, 3), np.uint8))
    assert check_picture(data) == shape[::-1]
    for factor in (1, 2, 8):
        assert decode_picture(data, factor).size >= 3
    assert picture_quality(decode_picture(data)).sharpness == 0.0


def test_brightness_is_the_mean_luma() -> None:
    dark, bright = (picture_quality(np.full((480, 640, 3), level, np.uint8)) for level in (20, 200))
    assert (dark.brightness, bright.brightness) == (20.0, 200.0)


def test_blur_lowers_the_sharpness_and_resolution_does_not_change_it_much() -> None:
    picture = webcam((200, 100))
    sharp, blurred = (
        picture_quality(picture),
        picture_quality(np.asarray(cv2.GaussianBlur(picture, (0, 0), 8), np.uint8)),
    )
    assert blurred.sharpness < sharp.sharpness / 4
    doubled = picture_quality(
        np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    )
    assert doubled.sharpness == pytest.approx(sharp.sharpness, rel=0.15)
