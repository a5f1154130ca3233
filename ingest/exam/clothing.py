"""Neck, shoulders and a plain sweater, painted once for each person, below the head."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from ingest.exam.drawing import bell, blur, broad_strands, grid, layer, put, smooth, strands
from ingest.exam.landmarks import Floats, Image
from ingest.exam.looks import Cut, Looks

TORSO_LEFT = -270  # the torso's layer in head pixels: its corner and size
TORSO_TOP = 230
TORSO_WIDTH = 924
TORSO_HEIGHT = 820
MIDDLE_X = 190.0
SHOULDER_ROWS = (230, 330, 352, 374, 396, 420, 448, 486, 540, 640, 820, 1060)
SHOULDER_HALF_WIDTHS = (1.0, 1.0, 1.06, 1.3, 2.05, 3.0, 3.62, 4.0, 4.25, 4.45, 4.6, 4.7)  # in half widths of the neck
COLLAR_Y = 378.0


def paint_torso(looks: Looks, skin: Floats, rng: np.random.Generator) -> Image:
    """The layer [820, 924, 4] at (TORSO_LEFT, TORSO_TOP); `skin` is a colour bgr [3]."""
    xs, ys = grid(TORSO_HEIGHT, TORSO_WIDTH)
    xs, ys = xs + TORSO_LEFT, ys + TORSO_TOP
    neck = 66.0 if looks.cut is Cut.SHORT else 57.0
    rows = PchipInterpolator(SHOULDER_ROWS, SHOULDER_HALF_WIDTHS)
    body = 60.0 if looks.cut is Cut.SHORT else 56.0
    half = np.where(ys < 350, neck, np.maximum(neck * (ys < 380), body * rows(ys)))
    side = (xs - MIDDLE_X) / half
    body_alpha = smooth(1.5, -1.5, (np.abs(side) - 1) * half)
    painted = _skin(xs, ys, side, neck, skin)
    cloth, cloth_alpha, ribbed = _garment(looks, xs, ys, side, neck, rng)
    shadow = blur(smooth(0.2, 0.9, cloth_alpha), 5)
    painted = painted * (1 - 0.25 * shadow[..., None])
    painted = put(painted, cloth, cloth_alpha)
    painted = put(painted, cloth * 1.06, ribbed * cloth_alpha * 0.5)
    return layer(painted, body_alpha)


def _skin(xs: Floats, ys: Floats, side: Floats, neck: float, skin: Floats) -> Floats:
    """A round neck with its two muscles, and the upper chest."""
    x = xs - MIDDLE_X
    rounded = 0.66 + 0.32 * np.sqrt(np.clip(1 - (x / (neck * 1.03)) ** 2, 0, 1))
    chest = smooth(362, 396, ys)
    light = rounded * (1 - chest) + 0.93 * chest
    for sign in (-1, 1):
        muscle = MIDDLE_X + sign * (0.80 * neck - 0.62 * neck * smooth(300, 410, ys))
        light -= 0.07 * bell(xs, muscle + sign * -4, 7) * smooth(290, 330, ys) * smooth(425, 395, ys)
        light += 0.04 * bell(xs, muscle + sign * 6, 8) * smooth(290, 330, ys)
        bone = 408 - 0.10 * np.abs(x)
        light += 0.05 * bell(ys, bone - 5, 5) * bell(np.abs(x), 55, 32) - 0.06 * bell(ys, bone + 4, 5) * bell(
            np.abs(x), 55, 32
        )
    light -= 0.10 * bell(x, 0, 9) * bell(ys, 404, 12)
    light -= 0.05 * side
    warm = np.array([0.95, 0.97, 1.0])
    return np.asarray(skin * warm * np.clip(light, 0.3, 1.1)[..., None] * 0.95)


def _garment(
    looks: Looks, xs: Floats, ys: Floats, side: Floats, neck: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """The sweater: its colour [h, w, 3], where it is [h, w], and where its collar's band is [h, w]."""
    x = xs - MIDDLE_X
    reach = neck * 1.36
    drop = 70.0 if looks.v_neck else 34.0
    bow = np.sqrt(np.clip(1 - (x / reach) ** 2, 0, 1))
    depth = drop * (np.clip(1 - np.abs(x) / reach, 0, 1) ** 0.85 if looks.v_neck else bow)
    below = ys - (COLLAR_Y - 6 + depth)
    there = smooth(-1.5, 1.5, below)
    band = smooth(15, 13, below)
    folds = broad_strands(rng, 0.35 * np.sign(x) + 0.15, np.ones_like(x), 13.0, 60)
    creases = (
        broad_strands(rng, np.ones_like(x), 0.8 * np.sign(-x), 9.0, 40)
        * bell(np.abs(side), 0.62, 0.16)
        * smooth(430, 560, ys)
    )
    weave = strands(rng, np.zeros_like(x), np.ones_like(x), 0.6, 2)
    light = 0.98 - 0.36 * np.abs(side) ** 2.6 - 0.06 * side + 0.055 * folds + 0.05 * creases + 0.022 * weave
    light -= 0.26 * bell(np.abs(side), 0.665 + 0.02 * np.sin(ys / 37), 0.022) * smooth(560, 640, ys)
    light += 0.10 * bell(ys, 430 + 0.12 * np.abs(x), 34) * bell(np.abs(side), 0.6, 0.35)
    light -= 0.30 * bell(below, 16.5, 2.2) + 0.16 * bell(below, 0, 2.5)
    light *= 1 - 0.10 * smooth(600, 1000, ys)
    ribs = 0.5 + 0.5 * np.sin(x * 1.25)
    return np.asarray(np.array(looks.clothes) * np.clip(light, 0.15, 1.3)[..., None]), there, np.asarray(band * ribs)
