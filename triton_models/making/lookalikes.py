"""Things that models called phones, drawn: badges, prints on shirts, remotes, calculators, sheets; and mere pieces."""

from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.making.composites import Cutout, Picture, plate, rounded

GREYS = ((25, 25, 27), (45, 45, 48), (180, 180, 185), (90, 90, 95), (70, 60, 60))
PAPERS = ((240, 240, 240), (225, 235, 240), (250, 250, 250), (200, 190, 180))
INKS = ((235, 235, 235), (200, 205, 210), (20, 20, 20), (40, 40, 200), (200, 120, 30))
PRINT_PX = 120
LEAST_PIECE_PX = 40


def badge(rng: Random) -> Cutout:
    """A name badge: paper with a coloured band, perhaps a portrait, lines of text."""
    height, width = rng.choice(((120, 84), (84, 120), (110, 110)))
    body = _of_colour(height, width, rng.choice(PAPERS))
    if rng.random() < 0.7:
        cv2.rectangle(body, (0, 0), (width, height // rng.randint(4, 6)), [rng.randint(0, 255) for _ in range(3)], -1)
    if rng.random() < 0.6:
        x, colour = rng.randint(6, width // 2), [rng.randint(30, 200) for _ in range(3)]
        cv2.rectangle(body, (x, height // 3), (x + width // 3, height * 2 // 3), colour, -1)
    _write_lines(body, height // 3, 10, 0.6, rng)
    return Cutout(body, rounded(height, width, rng.uniform(0.02, 0.12)))


def shirt_print(rng: Random) -> Cutout:
    """Blobs of one strong colour, as printed on a shirt."""
    noise = np.random.default_rng(rng.getrandbits(32))
    coarse = noise.normal(0, 1, (rng.randint(3, 8),) * 2).astype(np.float32)
    blobs = cv2.resize(coarse, (PRINT_PX, PRINT_PX), interpolation=cv2.INTER_CUBIC) > rng.uniform(-0.2, 0.5)
    inside = np.zeros((PRINT_PX, PRINT_PX), np.float32)
    axes, middle = (rng.randint(35, 58), rng.randint(35, 58)), (PRINT_PX // 2, PRINT_PX // 2)
    cv2.ellipse(inside, middle, axes, 0, 0, 360, [1.0], -1)
    folds = cv2.resize(noise.normal(1, 0.25, (12, 12)).astype(np.float32), (PRINT_PX, PRINT_PX))
    body = np.clip(np.array(rng.choice(INKS), np.float32) * folds[..., None], 0, 255).astype(np.uint8)
    return Cutout(body, np.asarray(cv2.GaussianBlur(blobs.astype(np.float32), (0, 0), 1.5) * inside, np.float32))


def remote(rng: Random) -> Cutout:
    """A remote control: long, narrow, full of round keys."""
    height = rng.randint(130, 190)
    width = int(height * rng.uniform(0.22, 0.36))
    body = _of_colour(height, width, rng.choice(GREYS))
    for y in range(14, height - 10, rng.randint(11, 16)):
        for x in range(8, width - 4, rng.randint(10, 14)):
            if rng.random() < 0.8:
                cv2.circle(body, (x, y), rng.randint(2, 4), [float(rng.choice((60, 120, 200, 230)))] * 3, -1)
    return Cutout(body, rounded(height, width, rng.uniform(0.1, 0.4)))


def calculator(rng: Random) -> Cutout:
    """A pocket calculator: a pale window over square keys."""
    height = rng.randint(120, 180)
    width = int(height * rng.uniform(0.5, 0.65))
    body = _of_colour(height, width, rng.choice(GREYS))
    cv2.rectangle(body, (6, 8), (width - 7, height // 4), (150, 170, 150), -1)
    for y in range(height // 4 + 8, height - 10, 18):
        for x in range(8, width - 10, 16):
            cv2.rectangle(body, (x, y), (x + 11, y + 11), [float(rng.choice((50, 90, 180, 230)))] * 3, -1)
    return Cutout(body, rounded(height, width, 0.06))


def sheet(rng: Random) -> Cutout:
    """A sheet of paper with lines of text."""
    height = rng.randint(120, 190)
    body = _of_colour(height, int(height * rng.choice((0.7, 0.75, 1.4))), [rng.randint(200, 252)] * 3)
    _write_lines(body, 12, rng.randint(7, 11), 1.0, rng)
    return Cutout(body, rounded(height, body.shape[1], 0.01))


def piece_of(picture: Picture, rng: Random) -> Cutout:
    """Any rectangle of a picture: an edge and a texture that mean nothing."""
    height, width = picture.shape[:2]
    high = rng.randint(min(LEAST_PIECE_PX, height), max(LEAST_PIECE_PX, height // 2))
    wide = max(8, min(int(high * rng.uniform(0.45, 1.6)), width - 2))
    y, x = rng.randint(0, max(0, height - high)), rng.randint(0, max(0, width - wide))
    piece = picture[y : y + high, x : x + wide].copy()
    return Cutout(piece, rounded(piece.shape[0], piece.shape[1], rng.uniform(0.02, 0.3)))


DRAWN = {
    "plate": plate,
    "badge": badge,
    "print": shirt_print,
    "remote": remote,
    "calculator": calculator,
    "sheet": sheet,
}
"""What can be drawn, by name."""


def _of_colour(height: int, width: int, colour: tuple[int, ...] | list[int]) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def _write_lines(body: NDArray[np.uint8], top: int, step: int, chance: float, rng: Random) -> None:
    height, width = body.shape[:2]
    for y in range(top, height - 8, step):
        if rng.random() < chance:
            end = (rng.randint(max(9, width // 2), width - 6), y)
            cv2.line(body, (8, y), end, [float(rng.randint(20, 140))] * 3, rng.randint(1, 2))
