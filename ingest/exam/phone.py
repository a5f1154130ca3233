"""A phone held up in a hand, its back with the lenses towards the camera; painted once, then placed."""

import cv2
import numpy as np

from ingest.exam.drawing import bell, grid, smooth
from ingest.exam.hand import Sheet, paint_fingers, paint_palm
from ingest.exam.landmarks import Floats, Image

WIDTH = 300
HEIGHT = 780
FINE = 2  # painted at twice the size, then reduced
BODY = (78.0, 34.0, 216.0, 316.0)  # left, top, right, bottom; 138 x 282, as 71 x 146 mm
CORNER = 22.0
LENS_PLATE = (88.0, 44.0, 152.0, 110.0)
LENSES = ((106.0, 62.0), (106.0, 92.0), (135.0, 77.0))
BACKS = ((50.0, 44.0, 40.0), (92.0, 72.0, 58.0), (38.0, 36.0, 36.0))


def paint_phone(skin: Floats, sleeve: Floats, rng: np.random.Generator) -> Image:
    """The hand with the phone as a premultiplied layer [780, 300, 4]; colours as bgr [3]."""
    xs, ys = grid(HEIGHT * FINE, WIDTH * FINE)
    blank = np.zeros((HEIGHT * FINE, WIDTH * FINE, 3))
    sheet = Sheet((xs + 0.5) / FINE, (ys + 0.5) / FINE, blank, np.zeros(blank.shape[:2]))
    paint_palm(sheet, skin, sleeve)
    _body(sheet, np.array(BACKS[int(rng.integers(len(BACKS)))]))
    _lenses(sheet)
    paint_fingers(sheet, skin)
    painted = np.dstack([sheet.colour * sheet.alpha[..., None], sheet.alpha * 255])
    small = cv2.resize(painted, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 255).astype(np.uint8)


def _inside(sheet: Sheet, box: tuple[float, float, float, float], corner: float) -> Floats:
    """Distance to a rounded rectangle's edge, positive inside."""
    left, top, right, bottom = box
    off_x = np.abs(sheet.xs - (left + right) / 2) - (right - left) / 2 + corner
    off_y = np.abs(sheet.ys - (top + bottom) / 2) - (bottom - top) / 2 + corner
    beyond = np.hypot(np.maximum(off_x, 0), np.maximum(off_y, 0)) + np.minimum(np.maximum(off_x, off_y), 0)
    return np.asarray(corner - beyond)


def _body(sheet: Sheet, glass: Floats) -> None:
    """A metal rim round dark glass that mirrors a window."""
    inside = _inside(sheet, BODY, CORNER)
    rim = np.array([128.0, 126, 124]) + 40 * np.sin(sheet.ys / 90)[..., None]
    sheet.put(rim, smooth(-0.7, 0.7, inside))
    sheet.put(rim * 0.35, smooth(2.2, 3.2, inside))
    slant = (sheet.xs - BODY[0]) / 138 * 0.5 + (sheet.ys - BODY[1]) / 282
    shine = 34 * bell(slant, 0.55, 0.09) + 18 * bell(slant, 0.76, 0.04) + 10 * smooth(1.4, 0, slant)
    sheet.put(glass + shine[..., None], smooth(3.0, 4.2, inside))


def _lenses(whole: Sheet) -> None:
    sheet = whole.window(LENS_PLATE[0] - 4, LENS_PLATE[1] - 4, LENS_PLATE[2] + 4, LENS_PLATE[3] + 4)
    plate = _inside(sheet, LENS_PLATE, 16)
    sheet.put(np.array([84.0, 78, 74]), smooth(-0.6, 0.6, plate))
    sheet.put(np.array([58.0, 52, 48]), smooth(1.0, 2.0, plate))
    for x, y in LENSES:
        off = np.hypot(sheet.xs - x, sheet.ys - y)
        for radius, colour in ((13.0, (132, 128, 124)), (11.2, (18, 16, 15)), (6.5, (62, 38, 26)), (4.0, (14, 10, 8))):
            sheet.put(np.array(colour, float), smooth(radius + 0.5, radius - 0.5, off))
        glint = np.hypot(sheet.xs - x + 3, sheet.ys - y + 3)
        sheet.put(np.array([235.0, 225, 215]), 0.9 * smooth(2.5, 1.5, glint))
    flash = np.hypot(sheet.xs - 136, sheet.ys - 55)
    sheet.put(np.array([190.0, 225, 235]), smooth(4.5, 3.5, flash))


def place_phone(
    sprite: Image, up: float, speed: float, side: int, t_s: float, size: float, canvas: tuple[int, int]
) -> Image:
    """The sprite as a layer over the picture; `up` 0..1, `speed` its change per frame, `canvas` (width, height)."""
    tilt = np.radians(-12 + 4 * np.sin(t_s * 1.3))
    cosine, sine = np.cos(tilt) * size, np.sin(tilt) * size
    left = canvas[0] / 2 + 78
    top = canvas[1] + 10 - up * (canvas[1] - 195) + 4 * np.sin(t_s * 3)
    placed = np.array([[cosine, -sine, left], [sine, cosine, top], [0, 0, 1]])
    placed = placed @ np.array([[1, 0, 0], [0, 1, 0], [0.00035, 0.00025, 1.0]])
    layer = cv2.warpPerspective(sprite, placed, canvas, flags=cv2.INTER_LINEAR)
    if abs(speed) > 0.01:
        length = int(min(25, abs(speed) * 150)) | 1
        layer = cv2.blur(layer, (1, length))
    return np.asarray(layer[:, ::-1] if side < 0 else layer, np.uint8)
