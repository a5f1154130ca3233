"""Hair as combed noise: where it lies, how its strands run, its colour and light. All in head pixels."""

from dataclasses import dataclass

import numpy as np

from ingest.exam.drawing import bell, blur, filled, grid, layer, put, signed_distance, smooth, strands
from ingest.exam.landmarks import Floats, Image
from ingest.exam.looks import Cut, Looks
from ingest.exam.portrait import HEAD_HEIGHT, HEAD_WIDTH

CENTRE_X = 192.0
CENTRE_Y = 190.0
CROWN_RADIUS_Y = 152.0
CROWN_RADIUS_X = 122.0
ROUNDNESS = 2.25  # the crown is a little fuller than an ellipse (2)
ENDS_Y = {Cut.LONG: 462.0, Cut.BOB: 335.0, Cut.SHORT: 238.0}


@dataclass(frozen=True, slots=True)
class Outline:
    """The hair's outer border: half its width at each row [480], around CENTRE_X; 0 where there is none."""

    half_width: Floats

    @property
    def crown(self) -> float:
        """Half the width at the temples, where crown and sides meet."""
        return float(self.half_width[int(CENTRE_Y)])

    def at(self, y: Floats) -> Floats:
        """Half the width at heights y."""
        return np.asarray(np.interp(y, np.arange(HEAD_HEIGHT), self.half_width))


def outline_of(looks: Looks) -> Outline:
    """An ellipse over the crown, then down the sides to where the hair ends."""
    y = np.arange(HEAD_HEIGHT, dtype=float)
    radius_x = CROWN_RADIUS_X + looks.volume - (14 if looks.cut is Cut.SHORT else 0)
    radius_y = CROWN_RADIUS_Y + looks.volume * 0.6 - (8 if looks.cut is Cut.SHORT else 0)
    crown = radius_x * np.clip(1 - np.abs((y - CENTRE_Y) / radius_y) ** ROUNDNESS, 0, 1) ** (1 / ROUNDNESS)
    ends = ENDS_Y[looks.cut]
    spread = {Cut.LONG: 10.0, Cut.BOB: 8.0, Cut.SHORT: -22.0}[looks.cut]
    sides = radius_x + spread * smooth(CENTRE_Y, ends - 40, y) - 16 * smooth(ends - 60, ends, y)
    return Outline(np.where(y < CENTRE_Y, crown, np.where(y < ends, sides, 0)))


def _hairline(looks: Looks) -> Floats:
    """The inner border of the hair, where the face shows, as a polygon [n, 2] of the face's window."""
    part = looks.parting * 0.8
    half = {Cut.LONG: (76, 84, 85, 78, 74), Cut.BOB: (76, 84, 85, 80, 82), Cut.SHORT: (82, 92, 96, 130, 150)}[looks.cut]
    rows = (158, 200, 245, 330, 480)
    left = [(CENTRE_X - h, y) for h, y in zip(half, rows, strict=True)]
    right = [(CENTRE_X + h, y) for h, y in zip(half, rows, strict=True)][::-1]
    if looks.fringe:
        top = [(CENTRE_X + x, 160 + 0.10 * looks.parting * x / 60 + 5 * np.cos(x / 24)) for x in range(60, -61, -12)]
    elif looks.cut is Cut.SHORT:
        top = [(CENTRE_X + x, 112 + 26 * (abs(x) / 74) ** 3 + 3 * np.sin(x / 9)) for x in range(74, -75, -8)]
    else:
        top = [(CENTRE_X + x, 100 + 56 * (abs(x - part) / (76 + abs(part))) ** 1.5) for x in range(74, -75, -6)]
    return np.array([*top, *left, *right], float)


def _flow(looks: Looks) -> tuple[Floats, Floats]:
    """How strands run at each pixel: from the parting round the crown, then down with a wave."""
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    side = np.tanh((xs - CENTRE_X - looks.parting) / 5)
    offset_x = xs - CENTRE_X - looks.parting * smooth(240, 60, ys)
    round_x: Floats = np.asarray((CENTRE_Y - ys) / CROWN_RADIUS_Y * side + 0.05 * side)
    round_y: Floats = np.asarray(np.abs(offset_x) / CROWN_RADIUS_X + 0.08)
    if looks.fringe:
        forward: Floats = smooth(92, 55, np.abs(xs - CENTRE_X)) * smooth(40, 75, ys)
        round_x = round_x * (1 - forward) + (xs - CENTRE_X - looks.parting) / 190 * forward
        round_y = round_y * (1 - forward) + (ys - 10) / 150 * forward
    down = smooth(120, 245, ys)
    wavy = looks.wave * np.sin(ys / 21 + side * 1.3 + xs / 60)
    return round_x * (1 - down) + (wavy + 0.06 * side) * down, round_y * (1 - down) + down


def _light(looks: Looks, combed: Floats, locks: Floats, outline: Outline) -> Floats:
    """How bright each strand is, around 1."""
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    across = np.abs(xs - CENTRE_X) / np.maximum(outline.at(ys), 60)
    height = np.hypot((xs - CENTRE_X) / CROWN_RADIUS_X, np.minimum(ys - CENTRE_Y, 0) / CROWN_RADIUS_Y)
    sheen = 0.55 * bell(height, 0.74, 0.13) * smooth(250, 120, ys) * (1 + 0.5 * combed)
    sheen += 0.22 * bell(ys + 10 * locks, 285, 34) * bell(across, 0.82, 0.2)
    edge = 1 - 0.38 * smooth(0.8, 1.05, across)
    parting = 1 - 0.45 * bell(xs, CENTRE_X + looks.parting, 3.5) * smooth(118, 60, ys)
    return np.asarray((0.92 + 0.15 * combed + 0.13 * locks + sheen) * edge * parting)


def paint_hair(head: Floats, looks: Looks, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Hair over the skin: the painted head bgr [480, 384, 3] and where hair is [480, 384] in 0..1."""
    outline = outline_of(looks)
    flow_x, flow_y = _flow(looks)
    combed = strands(rng, flow_x, flow_y, 0.8, 34)
    locks = strands(rng, flow_x, flow_y, 3.0, 50)
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    window = filled(_hairline(looks), HEAD_HEIGHT, HEAD_WIDTH) > 0.5
    outer = signed_distance(np.abs(xs - CENTRE_X) < outline.at(ys))
    inner = -signed_distance(window)
    loose = 0.8 + 9 * smooth(ENDS_Y[looks.cut] - 40, ENDS_Y[looks.cut], ys)
    there = smooth(-1.2, 1.6, outer + loose * (combed * 0.6 + locks * 0.6)) * smooth(
        -1.5, 1.5, inner + 1.6 * combed + locks
    )
    shadow = blur(smooth(-14, 2, inner) * (outer > 0), 4) * (1 - there)
    light = _light(looks, combed, locks, outline) * (1 - 0.3 * bell(inner, 0, 14) * smooth(150, 250, ys))
    shaded = head * (1 - 0.42 * shadow[..., None])
    return put(shaded, np.array(looks.hair_colour) * light[..., None] * 1.15, there), there


def paint_back(looks: Looks, rng: np.random.Generator) -> Image:
    """The far side of the hair, seen when the head turns: a layer [480, 384, 4]."""
    outline = outline_of(looks)
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    side = np.sign(xs - CENTRE_X)
    down = smooth(60, 170, ys)
    combed = strands(rng, side * (1 - down) + 0.1 * side, down + 0.25, 1.2, 40)
    distance = signed_distance(np.abs(xs - CENTRE_X) < outline.at(ys))
    light = 0.62 + 0.15 * combed - 0.12 * smooth(60, 0, distance)
    return layer(np.array(looks.hair_colour) * light[..., None] * 1.15, smooth(-1, 2, distance + combed))
