"""Glasses before a face: two rims, a bridge, two temples and a pale reflection, on a layer of their own.

The lids move behind them: painted on the skin, the rims would be drawn along at every blink.
"""

import cv2
import numpy as np

from ingest.exam.landmarks import EYES, Floats, Image

RIM_COLOUR = (34, 30, 28, 255)  # bgra, opaque
RIM_PX = 4
WIDE, TALL = 0.86, 0.64  # half axes of a lens as shares of the eye's width
TEMPLE_PX = 46  # from the lens to where the hair or the cheek's edge hides it
GLARE, GLARE_LIGHT = 0.16, 235.0
BITS = 4  # of the fractions that OpenCV draws with


def paint_glasses(head: Image, points: Floats) -> Image:
    """A premultiplied layer [480, 384, 4] to lie over a painted head of that size; points are its landmarks [478, 3].

    Nothing where the head is transparent: the temples end at the hair.
    """
    lenses = sorted((_lens(points, eye.corners) for eye in EYES), key=lambda lens: lens[0][0])
    drawn = np.zeros_like(head)
    for (centre, axes), outward in zip(lenses, (-1, 1), strict=True):
        _glare(drawn, centre, axes)
        _ellipse(drawn, centre, axes)
        edge = centre + axes * (outward, -0.25)
        _line(drawn, edge, edge + np.array([outward * TEMPLE_PX, -4.0]))
    (left, axes), (right, _) = lenses
    _line(drawn, left + axes * (1, -0.2), right - axes * (1, 0.2))
    drawn[head[..., 3] < 255] = 0
    return drawn


def _lens(points: Floats, corners: tuple[int, int]) -> tuple[Floats, Floats]:
    """Centre and half axes in head pixels."""
    one, other = points[corners[0], :2], points[corners[1], :2]
    width = float(np.hypot(*(other - one)))
    return (one + other) / 2 + np.array([0.0, 0.08 * width]), np.array([WIDE, TALL]) * width


def _glare(head: Image, centre: Floats, axes: Floats) -> None:
    """A slanted band of pale light over a third of the lens."""
    mask = np.zeros(head.shape[:2], np.uint8)
    cv2.ellipse(mask, _fixed(centre), _fixed(axes), 0, 0, 360, (255,), -1, cv2.LINE_AA, BITS)
    ys, xs = np.mgrid[0 : head.shape[0], 0 : head.shape[1]]
    across = (xs - centre[0]) + 0.7 * (ys - centre[1])
    share = (mask / 255.0) * np.exp(-(((across + 8) / 9.0) ** 2)) * GLARE
    lit = share[..., None] * np.array([GLARE_LIGHT, GLARE_LIGHT, GLARE_LIGHT, 255.0])
    head[...] = np.maximum(head, lit.astype(np.uint8))


def _ellipse(head: Image, centre: Floats, axes: Floats) -> None:
    cv2.ellipse(head, _fixed(centre), _fixed(axes), 0, 0, 360, RIM_COLOUR, RIM_PX, cv2.LINE_AA, BITS)


def _line(head: Image, start: Floats, end: Floats) -> None:
    cv2.line(head, _fixed(start), _fixed(end), RIM_COLOUR, RIM_PX, cv2.LINE_AA, BITS)


def _fixed(at: Floats) -> tuple[int, int]:
    x, y = np.round(np.asarray(at) * 2**BITS).astype(int).tolist()
    return x, y
