"""Large flat things behind people: televisions, monitors, whiteboards, windows, doors.

A phone that fills a picture and a television cut off by the picture's edge look alike; without these the model called a
television at the edge of an empty room a phone in every frame.
"""

from random import Random

import cv2
import numpy as np

from triton_models.annotations import LabelledBox
from triton_models.making.composites import Cutout, Picture, paste, rounded

DARK_FRAMES = ((12, 12, 12), (28, 28, 30), (60, 60, 62), (190, 190, 192))
LIGHT_FRAMES = ((235, 238, 240), (200, 205, 210), (120, 150, 175), (70, 90, 120), (150, 150, 150))
HEIGHT_PX = 240


def screen(rng: Random) -> Cutout:
    """A television or monitor: a bezel round something dark and glossy, or round windows of text."""
    width = int(HEIGHT_PX * rng.choice((0.6, 1.3, 1.6, 1.78)))
    body = np.full((HEIGHT_PX, width, 3), rng.choice(DARK_FRAMES), np.uint8)
    bezel = rng.randint(4, 14)
    inside = body[bezel : HEIGHT_PX - bezel, bezel : width - bezel]
    inside[:] = _dark_gloss(inside.shape[0], inside.shape[1], rng) if rng.random() < 0.6 else _desktop(inside, rng)
    return Cutout(body, rounded(HEIGHT_PX, width, rng.uniform(0.0, 0.03)))


def board(rng: Random) -> Cutout:
    """A whiteboard, window, door or cupboard: nearly one colour, a thin frame, sometimes divided."""
    width = int(HEIGHT_PX * rng.choice((0.45, 0.6, 1.2, 1.6)))
    colour = np.array(rng.choice(LIGHT_FRAMES), np.float32) * rng.uniform(0.6, 1.08)
    light = np.linspace(rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.1), width)[None, :, None]
    body = np.clip(np.broadcast_to(colour, (HEIGHT_PX, width, 3)) * light, 0, 255).astype(np.uint8)
    tone = [float(c) for c in colour * rng.choice((0.5, 0.75, 1.2))]
    cv2.rectangle(body, (0, 0), (width - 1, HEIGHT_PX - 1), tone, rng.randint(2, 10))
    if rng.random() < 0.5:
        cv2.line(body, (width // 2, 0), (width // 2, HEIGHT_PX), tone, rng.randint(1, 6))
    if rng.random() < 0.3:
        cv2.line(body, (0, HEIGHT_PX // 2), (width, HEIGHT_PX // 2), tone, rng.randint(1, 6))
    return Cutout(body, rounded(HEIGHT_PX, width, 0.01))


def _dark_gloss(height: int, width: int, rng: Random) -> Picture:
    base = np.array([rng.uniform(12, 70)] * 3) + np.array([rng.uniform(0, 14), rng.uniform(0, 8), 0])
    ys, xs = np.mgrid[0:height, 0:width]
    sheen = rng.uniform(0, 60) * np.exp(-(((xs - ys * rng.uniform(-1, 1)) / width - rng.random()) ** 2) / 0.05)
    return np.asarray(np.clip(base + sheen[..., None], 0, 255), np.uint8)


def _desktop(inside: Picture, rng: Random) -> Picture:
    height, width = inside.shape[:2]
    drawn = np.full_like(inside, [rng.randint(30, 230) for _ in range(3)])
    for _ in range(rng.randint(1, 4)):
        x, y = rng.randint(0, width // 2), rng.randint(0, height // 2)
        corner = (x + rng.randint(width // 5, width), y + rng.randint(height // 5, height))
        cv2.rectangle(drawn, (x, y), corner, [float(rng.randint(20, 250))] * 3, -1)
        for row in range(y + 8, min(corner[1], height), 9):
            end = x + rng.randint(10, max(12, corner[0] - x))
            cv2.line(drawn, (x + 6, row), (end, row), [float(rng.randint(20, 220))] * 3, 1)
    return drawn


def stand_at_side(host: Picture, panel: Cutout, side: int, rng: Random) -> tuple[Picture, LabelledBox]:
    """A panel at the left (-1) or right (1), mostly cut off by the picture's edge; gives the picture and its box."""
    height, width = host.shape[:2]
    scale = height * rng.uniform(0.25, 1.1) / panel.alpha.shape[0]
    panel_w = max(16, int(panel.alpha.shape[1] * scale * rng.uniform(0.6, 1.1)))
    panel_h = max(16, int(panel.alpha.shape[0] * scale))
    shown = int(min(panel_w, width * 0.45) * rng.uniform(0.3, 1.0))
    left = shown - panel_w if side < 0 else width - shown
    top = rng.randint(-panel_h // 2, max(1, height - panel_h // 2))
    return paste(host, leaned(panel, panel_w, panel_h, side, rng), left, top)


def leaned(panel: Cutout, width: int, height: int, side: int, rng: Random) -> Cutout:
    """The panel at a new size, its inner edge (towards the picture's middle) shifted as when seen at an angle."""
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = flat.copy()
    inner_top, inner_bottom = (1, 2) if side < 0 else (0, 3)
    lean = rng.uniform(-0.25, 0.25)
    seen[inner_top, 1] += max(lean, 0) * height
    seen[inner_bottom, 1] -= abs(lean) * height * 0.6
    seen[inner_top, 0] += side * rng.uniform(0, 0.2) * width
    matrix, size = cv2.getPerspectiveTransform(flat, seen), (width, height)
    picture = cv2.warpPerspective(cv2.resize(panel.picture, size, interpolation=cv2.INTER_AREA), matrix, size)
    alpha = cv2.warpPerspective(cv2.resize(panel.alpha, size), matrix, size)
    return Cutout(np.asarray(picture, np.uint8), np.asarray(alpha, np.float32))
