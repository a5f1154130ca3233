"""A room behind the candidate, out of focus: wall, light, books, a picture, a plant. Drawn once by seed."""

import cv2
import numpy as np
import numpy.typing as npt

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
    side_x = 488 if shelves_left else 22
    _picture(room, side_x, rng)
    if rng.random() < 0.6:
        _plant(room, side_x + int(rng.integers(20, 110)), rng)
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
    """A wide landscape in a wooden frame: anything upright with a bright middle is taken for a phone's screen."""
    width, height = 128, 84
    top = 62
    cv2.rectangle(room, (left, top), (left + width, top + height), (74, 104, 138), -1)
    horizon = rng.uniform(0.45, 0.65)
    down = np.linspace(0, 1, height - 10)[:, None, None]
    sky, land = rng.uniform(150, 200, 3), rng.uniform(70, 130, 3) * np.array([0.8, 1.05, 0.95])
    print_ = np.where(down < horizon, sky * (0.85 + 0.3 * down), land * (1.15 - 0.3 * down))
    hills = cv2.resize(rng.normal(0, 14, (5, 9)), (width - 10, height - 10), interpolation=cv2.INTER_CUBIC)
    painted = np.clip(print_ + np.asarray(hills)[..., None], 0, 255).astype(np.uint8)
    room[top + 5 : top + height - 5, left + 5 : left + width - 5] = painted


def _plant(room: Image, x: int, rng: np.random.Generator) -> None:
    """A plant on the floor whose leaves reach into the picture."""
    for _ in range(26):
        angle, reach = rng.uniform(-1.2, 1.2), rng.uniform(60, 150)
        tip = (x + reach * np.sin(angle), 470 - reach * np.cos(angle))
        middle = (int((x + tip[0]) / 2), int((470 + tip[1]) / 2 - 12))
        green = rng.uniform(0.6, 1.15) * np.array([58.0, 108, 74])
        size = (int(reach / 2), int(rng.uniform(7, 13)))
        turn = float(np.degrees(np.arctan2(tip[1] - 470, tip[0] - x)))
        cv2.ellipse(room, middle, size, turn, 0, 360, _triple(green), -1, cv2.LINE_AA)


def _triple(colour: npt.ArrayLike) -> Triple:
    blue, green, red = (int(v) for v in np.clip(np.asarray(colour), 0, 255))
    return blue, green, red
