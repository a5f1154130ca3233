"""What every variant must agree on: pictures of every shape a camera sends, and files that must be refused."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.errors import InputError

Picture = NDArray[np.uint8]
WALL = 150
QUALITY = 90


def portrait() -> Picture:
    """A woman with a model of a shuttle, BGR uint8 [512, 512, 3] (NASA, public domain, in scikit-image)."""
    try:
        import skimage.data
    except ModuleNotFoundError as error:
        raise InputError("the pictures", "need the package scikit-image", "Install it, or give --pictures") from error
    colours: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2BGR), np.uint8)


def on_a_wall(width: int, height: int, *shares: float) -> Picture:
    """The portrait, as high as the picture allows, with its middle at each share of a grey picture's width."""
    scene = np.full((height, width, 3), WALL, np.uint8)
    side = min(width, height)
    face = cv2.resize(portrait(), (side, side), interpolation=cv2.INTER_AREA)
    for share in shares:
        left = min(max(round(width * share - side / 2), 0), width - side)
        scene[height - side :, left : left + side] = face
    return scene


def jpeg(picture: NDArray[Any], *options: int) -> bytes:
    """A JPEG file."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY, *options])[1].tobytes()


def turned(file: bytes) -> bytes:
    """The same file with an EXIF head that asks for a quarter turn, which the contract ignores."""
    tag = b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
    head = b"Exif\x00\x00" + tag
    return file[:2] + b"\xff\xe1" + (len(head) + 2).to_bytes(2, "big") + head + file[2:]


def good_pictures() -> Iterator[tuple[str, bytes]]:
    """Names and JPEG files that must be answered."""
    for width, height in ((640, 480), (480, 640), (320, 240), (1280, 720), (1920, 1080), (333, 517), (720, 1280)):
        yield f"{width}x{height}", jpeg(on_a_wall(width, height, 0.5))
    yield "two people", jpeg(on_a_wall(1280, 480, 0.2, 0.8))
    yield "nobody", jpeg(on_a_wall(640, 480))
    yield "grey", jpeg(cv2.cvtColor(on_a_wall(640, 480, 0.3), cv2.COLOR_BGR2GRAY))
    yield "progressive", jpeg(on_a_wall(640, 480, 0.4), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    yield "EXIF asks for a turn", turned(jpeg(on_a_wall(640, 480, 0.7)))
    yield "one pixel", jpeg(np.zeros((1, 1, 3), np.uint8))
    yield "a line", jpeg(np.zeros((1, 2000, 3), np.uint8))


def bad_pictures() -> Iterator[tuple[str, bytes]]:
    """Names and files that must be refused, each alone."""
    whole = jpeg(on_a_wall(640, 480, 0.5))
    yield "cut off", whole[: len(whole) // 2]
    yield "not a picture", b"not a picture"
    yield "a PNG", cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    yield "too many pixels", _resized(jpeg(np.zeros((16, 16, 3), np.uint8)), 60_000)


def _resized(file: bytes, side: int) -> bytes:
    """The file with another size in its frame's head."""
    place = file.index(b"\xff\xc0") + 5
    return file[:place] + side.to_bytes(2, "big") * 2 + file[place + 4 :]
