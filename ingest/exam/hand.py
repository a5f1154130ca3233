"""Limbs as capsules: rounded, lit from the upper left, with nails; the hand that holds the phone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.exam.drawing import bell, put, smooth
from ingest.exam.landmarks import Floats

Point = tuple[float, float]

PALM: tuple[tuple[Point, Point, float, float, float], ...] = (  # from, to, both radii, light: all behind the phone
    ((180, 306), (206, 440), 43, 41, 0.90),
    ((160, 262), (186, 318), 50, 50, 0.94),
    ((204, 262), (226, 190), 21, 15, 1.0),
)
FINGERS: tuple[tuple[float, float], ...] = ((176, 50), (203, 60), (231, 58), (257, 46))  # y, length over the phone
FINGER_X = 70.0
SLEEVE_Y = 378.0


@dataclass(slots=True)
class Sheet:
    """A painting in progress: colour [h, w, 3] and alpha [h, w], `scale` pixels to a unit."""

    xs: Floats
    ys: Floats
    colour: Floats
    alpha: Floats

    def window(self, left: float, top: float, right: float, bottom: float) -> "Sheet":
        """The part within these units; painting on it paints on the whole."""
        columns = slice(*np.searchsorted(self.xs[0], (left, right)))
        rows = slice(*np.searchsorted(self.ys[:, 0], (top, bottom)))
        return Sheet(
            self.xs[rows, columns], self.ys[rows, columns], self.colour[rows, columns], self.alpha[rows, columns]
        )

    def put(self, colour: npt.ArrayLike, alpha: Floats) -> None:
        """Paint over what is there."""
        self.shade(colour, alpha)
        self.alpha[...] = np.maximum(self.alpha, np.clip(alpha, 0, 1))

    def shade(self, colour: npt.ArrayLike, alpha: Floats) -> None:
        """Change the colour and not the shape."""
        self.colour[...] = put(self.colour, colour, alpha)


def capsule(sheet: Sheet, start: Point, end: Point, radii: Point, skin: Floats, light: float) -> None:
    """One rounded limb from start to end."""
    sheet = _around(sheet, start, end, radii)
    along, across, radius, length = _frame(sheet, start, end, radii)
    off = np.hypot(across, np.where(along < 0, along, np.maximum(along - length, 0))) / radius
    rounded = np.sqrt(np.clip(1 - off**2, 0, 1))
    lit = (0.60 + 0.36 * rounded - 0.13 * across / radius) * light
    creases = 1 - 0.10 * bell(along, length * 0.45, 2.0) - 0.06 * bell(along, length * 0.52, 1.6)
    tint = np.stack([lit * 0.96, lit * 0.97, lit * 1.03], axis=-1) * creases[..., None]
    sheet.put(np.clip(skin * tint * 1.10, 0, 255), smooth(1.03, 0.97, off))


def nail(sheet: Sheet, start: Point, end: Point, radii: Point, skin: Floats) -> None:
    """A nail at the capsule's far end."""
    sheet = _around(sheet, start, end, radii)
    along, across, _, length = _frame(sheet, start, end, radii)
    off = np.hypot((along - length - radii[1] * 0.05) / (radii[1] * 0.66), across / (radii[1] * 0.56))
    sheet.put(np.clip(skin * np.array([1.04, 1.02, 1.10]) + 8, 0, 255), 0.6 * smooth(1.1, 0.85, off))


def _around(sheet: Sheet, start: Point, end: Point, radii: Point) -> Sheet:
    """The window that holds a limb and its shadow."""
    reach = max(radii) * 1.5
    (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return sheet.window(left - reach, top - reach, right + reach, bottom + reach)


def _frame(sheet: Sheet, start: Point, end: Point, radii: Point) -> tuple[Floats, Floats, Floats, float]:
    """Each pixel seen from a limb: how far along, how far across, the radius there; and the limb's length."""
    origin, direction = np.array(start), np.array(end) - np.array(start)
    length = float(np.hypot(*direction))
    unit = direction / length
    along = (sheet.xs - origin[0]) * unit[0] + (sheet.ys - origin[1]) * unit[1]
    across = (sheet.ys - origin[1]) * unit[0] - (sheet.xs - origin[0]) * unit[1]
    share = np.clip(along / length, 0, 1)
    return along, across, radii[0] + (radii[1] - radii[0]) * share, length


def paint_palm(sheet: Sheet, skin: Floats, sleeve: Floats) -> None:
    """What lies behind the phone: wrist, palm, the ball of the thumb, and the sleeve."""
    for start, end, first, last, light in PALM:
        capsule(sheet, start, end, (first, last), skin, light)
    axis = 200 + 0.18 * (sheet.ys - SLEEVE_Y)
    half = 58 + 0.12 * (sheet.ys - SLEEVE_Y)
    inside = smooth(1.5, -1.5, np.abs(sheet.xs - axis) - half)
    inside *= smooth(-1.5, 1.5, sheet.ys - SLEEVE_Y - 0.14 * (sheet.xs - 150) - 5 * np.cos((sheet.xs - axis) / 40))
    folds = 0.04 * np.sin(sheet.ys / 9 - sheet.xs / 30) + 0.03 * np.sin(sheet.ys / 17 + sheet.xs / 21)
    light = 0.58 + 0.36 * np.cos((sheet.xs - axis) / 46) + folds
    sheet.put(np.clip(sleeve * light[..., None], 0, 255), inside)


def paint_fingers(sheet: Sheet, skin: Floats) -> None:
    """Four fingers round the phone's near edge, each with a shadow on its back, and the thumb's tip opposite."""
    for number, (y, length) in enumerate(FINGERS):
        start, end = (FINGER_X, y + 6), (FINGER_X + length, y - 5)
        radii = (13.0 - 0.5 * number, 11.0 - 0.5 * number)
        _finger_shadow(sheet, (start[0] + 2, start[1] + 6), (end[0] + 2, end[1] + 6), radii)
        capsule(sheet, start, end, radii, skin, 1.0)
        nail(sheet, start, end, radii, skin)
    capsule(sheet, (FINGER_X - 2, 184), (FINGER_X - 2, 266), (11, 10), skin, 0.84)


def _finger_shadow(sheet: Sheet, start: Point, end: Point, radii: Point) -> None:
    near = _around(sheet, start, end, radii)
    along, across, radius, length = _frame(near, start, end, radii)
    off = np.hypot(across, np.where(along < 0, along, np.maximum(along - length, 0))) / radius
    near.shade((12, 12, 14), 0.5 * smooth(1.35, 0.8, off))
