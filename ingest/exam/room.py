"""A room behind the candidate, out of focus: wall, light, shelves with books, a picture. Drawn once by seed."""

import cv2
import numpy as np

from ingest.exam.landmarks import Image
from ingest.exam.truth import HEIGHT_PX, WIDTH_PX

WALLS = ((186, 200, 208), (205, 200, 190), (178, 190, 178), (176, 184, 206), (150, 158, 166), (214, 214, 214))
BOOKS = ((60, 60, 150), (150, 110, 60), (70, 120, 70), (200, 200, 190), (40, 40, 48), (60, 140, 190), (120, 70, 110))
DEFOCUS_PX = 3.2

Triple = tuple[int, int, int]


def paint_room(rng: np.random.Generator) -> Image:
    """The room as bgr [480, 640, 3]."""
    room = _wall(rng)
    shelves_left = bool(rng.random() < 0.5)
    left, right = (0, 160) if shelves_left else (470, 640)
    for y in (130, 250):
        _shelf(room, left, right, y, rng)
    _picture(room, 500 if shelves_left else 30, rng)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), DEFOCUS_PX), np.uint8)


def _wall(rng: np.random.Generator) -> Image:
    """A plain wall lit from somewhere, with the unevenness of paint."""
    ys, xs = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(float)
    colour = np.array(WALLS[int(rng.integers(len(WALLS)))], float)
    light_x = rng.uniform(0.1, 0.9) * WIDTH_PX
    glow = 0.80 + 0.20 * np.exp(-(((xs - light_x) / 420) ** 2) - ((ys - 120) / 420) ** 2)
    uneven = cv2.resize(rng.normal(0, 2.5, (12, 16)), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(colour * glow[..., None] + np.asarray(uneven)[..., None], 0, 255), np.uint8)


def _shelf(room: Image, left: int, right: int, y: int, rng: np.random.Generator) -> None:
    cv2.rectangle(room, (left, y), (right, y + 9), (62, 92, 128), -1)
    cv2.rectangle(room, (left, y + 9), (right, y + 13), (40, 60, 84), -1)
    x = left + 8
    while x < right - 26:
        width, height = int(rng.integers(9, 24)), int(rng.integers(44, 78))
        if rng.random() < 0.86:
            _book(room, (x, y - height, x + width, y), rng)
        x += width + 2


def _book(room: Image, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    cover = np.array(BOOKS[int(rng.integers(len(BOOKS)))]) + rng.integers(-18, 19, 3)
    dark = cover * 0.6
    cv2.rectangle(room, (left, top), (right, bottom), _triple(cover), -1)
    cv2.line(room, (right, top), (right, bottom), _triple(dark), 2)
    cv2.line(room, (left + 2, top + 10), (right - 3, top + 10), (215, 215, 205), 1)


def _picture(room: Image, left: int, rng: np.random.Generator) -> None:
    """A framed print of soft colours."""
    cv2.rectangle(room, (left, 60), (left + 110, 200), (48, 52, 58), -1)
    cv2.rectangle(room, (left + 7, 67), (left + 103, 193), (222, 226, 228), -1)
    base = rng.uniform(90, 190, 3)
    print_small = np.clip(base + rng.normal(0, 26, (5, 4, 3)), 0, 255).astype(np.uint8)
    room[82:178, left + 22 : left + 88] = cv2.resize(print_small, (66, 96), interpolation=cv2.INTER_CUBIC)


def _triple(
    colour: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> Triple:
    blue, green, red = (int(v) for v in np.clip(colour, 0, 255))
    return blue, green, red
