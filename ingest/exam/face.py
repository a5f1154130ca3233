"""Skin of an invented person on the photograph's relief: tone, brows, lips, stubble, ears, and where the face ends."""

import cv2
import numpy as np

from ingest.exam.drawing import bell, blur, filled, grid, layer, put, smooth, strands
from ingest.exam.hair import paint_hair
from ingest.exam.landmarks import (
    BROWS,
    EYES,
    INNER_LIP_CORNERS,
    INNER_LIP_LOWER,
    INNER_LIP_UPPER,
    MOUTH_CORNERS,
    OUTER_LIP_LOWER,
    OUTER_LIP_UPPER,
    OVAL,
    Floats,
    Image,
)
from ingest.exam.looks import Cut, Looks
from ingest.exam.portrait import HEAD_HEIGHT, HEAD_WIDTH, Portrait

EAR_Y = 222.0
EAR_X = 101.0
CHEEK = (slice(215, 260), slice(112, 145))


def skin_colour(portrait: Portrait, looks: Looks) -> Floats:
    """The cheek's colour, bgr [3]: what neck and hands are painted with."""
    cheek = np.median(portrait.skin[CHEEK].reshape(-1, 3), axis=0)
    return np.asarray(cheek * np.array(looks.skin_gain))


def paint_head(portrait: Portrait, looks: Looks, rng: np.random.Generator) -> Image:
    """The whole front of the head as a layer [480, 384, 4]: face, ears where hair is short, hair."""
    skin = portrait.skin * np.array(looks.skin_gain)
    skin = _lips(skin, portrait.points, looks)
    skin = _brows(skin, portrait.points, looks, rng)
    skin = _irises(skin, portrait.points, looks)
    skin = _stubble(skin, portrait.points, looks, rng)
    border = _face_border(portrait.points)
    if looks.cut is Cut.SHORT:
        skin, border = _ears(skin, border, skin_colour(portrait, looks))
    painted, hair = paint_hair(skin, looks, rng)
    return layer(painted, np.maximum(border, hair))


def _face_border(points: Floats) -> Floats:
    """1 on the face down to the jaw and up over the forehead; [480, 384]."""
    oval = filled(points[list(OVAL), :2], HEAD_HEIGHT, HEAD_WIDTH)
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    forehead = smooth(1.02, 0.98, np.hypot((xs - 193) / 92, (ys - 190) / 140)) * (ys < 215)
    return np.asarray(np.maximum(blur(np.asarray(cv2.erode(oval, np.ones((5, 5))), float), 1.0), forehead))


def _lips(skin: Floats, points: Floats, looks: Looks) -> Floats:
    """Darker, browner lips than the photograph's."""
    corners = [points[i, :2] for i in MOUTH_CORNERS]
    upper = [corners[0], *points[list(OUTER_LIP_UPPER), :2], corners[1]]
    ring = np.array([*upper, *points[list(OUTER_LIP_LOWER[::-1]), :2]])
    inner = np.array([*points[list(INNER_LIP_UPPER), :2], *points[list(INNER_LIP_LOWER[::-1]), :2]])
    lips = filled(ring, HEAD_HEIGHT, HEAD_WIDTH) * (1 - filled(inner, HEAD_HEIGHT, HEAD_WIDTH))
    tinted = skin * np.array([0.84, 0.80, 0.90])
    skin = _mouth_corners(skin, points)
    return put(skin, tinted, blur(lips, 1.2) * (0.9 if looks.cut is Cut.SHORT else 0.7))


def _mouth_corners(skin: Floats, points: Floats) -> Floats:
    """The dark corners of the photograph's smile filled with the skin beside them."""
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    for corner, inner, outward in zip(MOUTH_CORNERS, INNER_LIP_CORNERS, (-1, 1), strict=True):
        (x, y), (end, _) = points[inner, :2], points[corner, :2]
        beside = np.median(
            skin[int(y) - 3 : int(y) + 4, int(end) + outward * 9 - 3 : int(end) + outward * 9 + 4], (0, 1)
        )
        near = bell(xs, (x + end) / 2 - outward * 2, 8.0) * bell(ys, y, 4.5)
        skin = put(skin, beside * 0.95, np.clip(1.8 * near, 0, 1))
    return skin


def _brows(skin: Floats, points: Floats, looks: Looks, rng: np.random.Generator) -> Floats:
    """Brows in the hair's colour, fuller than the photograph's."""
    xs, _ = grid(HEAD_HEIGHT, HEAD_WIDTH)
    for brow in BROWS:
        outline = points[list(brow), :2]
        shape = blur(filled(outline, HEAD_HEIGHT, HEAD_WIDTH), 1.6)
        outward = np.sign(outline[0, 0] - 192)
        hairs = strands(rng, outward * np.ones_like(xs), np.full_like(xs, -0.35), 0.7, 5)
        colour = np.array(looks.hair_colour) * 0.75 + 6
        skin = put(skin, colour, shape * looks.brow_weight * (0.9 + 0.3 * hairs))
    return skin


def _irises(skin: Floats, points: Floats, looks: Looks) -> Floats:
    """Irises tinted, pupils and reflections kept."""
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    for eye in EYES:
        x, y = points[eye.iris, :2]
        radius = np.linalg.norm(points[eye.iris + 1 : eye.iris + 5, :2] - points[eye.iris, :2], axis=1).mean()
        opening = filled(points[list(eye.ring), :2], HEAD_HEIGHT, HEAD_WIDTH)
        distance = np.hypot(xs - x, ys - y)
        ring = opening * smooth(radius + 0.5, radius - 1, distance) * smooth(2.5, 4.5, distance)
        skin = put(skin, np.clip(skin * np.array(looks.iris_tint), 0, 255), ring)
    return skin


def _stubble(skin: Floats, points: Floats, looks: Looks, rng: np.random.Generator) -> Floats:
    """A short beard over jaw, chin and upper lip; none when `beard` is 0."""
    if looks.beard == 0:
        return skin
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    mouth = points[list(MOUTH_CORNERS), :2].mean(0)
    jaw = smooth(250, 330, ys + 46 * smooth(55, 88, np.abs(xs - 192)))
    lip = bell(ys, mouth[1] - 13, 7) * bell(xs, mouth[0], 42)
    lips = np.array([*points[[61, *OUTER_LIP_UPPER, 291], :2], *points[list(OUTER_LIP_LOWER[::-1]), :2]])
    bare = cv2.dilate(filled(lips, HEAD_HEIGHT, HEAD_WIDTH), np.ones((5, 5)))
    hairs = strands(rng, 0.3 * np.sign(xs - 192), np.ones_like(xs), 0.7, 3)
    amount = np.maximum(jaw, lip) * (1 - blur(np.asarray(bare, float), 1.5)) * (0.85 + 0.2 * hairs)
    dark = skin * (0.24 + 0.45 * np.array(looks.hair_colour) / 255)
    return put(skin, dark, blur(amount, 0.5) * looks.beard)


def _ears(skin: Floats, border: Floats, colour: Floats) -> tuple[Floats, Floats]:
    """Two ears beside the temples, painted on skin and added to the border."""
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    for side in (-1, 1):
        u = (xs - 192 - side * EAR_X) / 15
        v = (ys - EAR_Y) / 33
        lean = u * side - 0.22 * v * v + 0.15 * v
        ear = smooth(1.05, 0.92, np.hypot(lean, v))
        hollow = bell(np.hypot(lean * 1.2 + 0.35, v * 1.15), 0.0, 0.52)
        rim = bell(np.hypot(lean, v), 0.82, 0.14) * smooth(-0.5, 0.3, lean)
        shade = 0.86 - 0.36 * hollow + 0.10 * rim - 0.10 * v
        skin = put(skin, colour * shade[..., None] * np.array([0.92, 0.94, 1.04]), ear * (1 - border))
        border = np.maximum(border, ear)
    return skin, border
