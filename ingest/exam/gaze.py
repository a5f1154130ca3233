"""Eyes that look aside: the iris is taken out of the photograph and drawn again at its new place."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ingest.exam.drawing import blur, filled, grid, smooth
from ingest.exam.landmarks import EYES, Bools, EyePoints, Floats, Image

MARGIN = 10
STILL = 0.01  # smaller shifts leave the photograph's own eye
FADE = 0.04  # up to this shift the drawn eye comes in gradually


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye's patch: its corner on the texture, opening [h, w], white [h, w, 3], the iris as colours by radius."""

    left: int
    top: int
    opening: Floats
    white: Floats
    iris_colours: Floats
    radius: float
    centre: Floats
    width: float


def find_eyes(texture: Image, points: Floats) -> tuple[Eye, ...]:
    """Both eyes of a painted head [480, 384, 4]; points are landmarks [478, 3]."""
    return tuple(_find_eye(texture[..., :3].astype(float), points, eye) for eye in EYES)


def _find_eye(head: Floats, points: Floats, eye: EyePoints) -> Eye:
    ring = points[list(eye.ring), :2]
    left, top = np.floor(ring.min(0) - MARGIN).astype(int)
    right, bottom = np.ceil(ring.max(0) + MARGIN).astype(int)
    patch = head[top:bottom, left:right]
    large = filled((ring - [left, top]) * 4, patch.shape[0] * 4, patch.shape[1] * 4)
    opening = _reduced(cv2.erode(large, np.ones((5, 5))), patch.shape[1], patch.shape[0])
    radius = float(np.linalg.norm(points[eye.iris + 1 : eye.iris + 5, :2] - points[eye.iris, :2], axis=1).mean())
    centre = points[eye.iris, :2] - [left, top]
    xs, ys = grid(*patch.shape[:2])
    distance = np.hypot(xs - centre[0], ys - centre[1])
    outside = (opening > 0.8) & (distance > radius * 1.15)
    white = np.clip(np.median(patch[outside], axis=0) * 1.05, 0, 235)
    shaded = white * (0.72 + 0.28 * blur(opening, 2)[..., None])
    colours = _iris_colours(patch, opening > 0.8, distance, radius)
    width = float(np.linalg.norm(points[eye.corners[0], :2] - points[eye.corners[1], :2]))
    return Eye(int(left), int(top), blur(opening, 0.8), shaded, colours, radius, centre, width)


def _reduced(mask: npt.ArrayLike, width: int, height: int) -> Floats:
    return np.asarray(cv2.resize(np.asarray(mask), (width, height), interpolation=cv2.INTER_AREA), float)


def _iris_colours(patch: Floats, opening: Bools, distance: Floats, radius: float) -> Floats:
    rings = [opening & (np.abs(distance - r) < 1.2) for r in np.arange(0, radius + 2)]
    return np.array([np.median(patch[ring], axis=0) if ring.sum() > 2 else (30.0, 35.0, 45.0) for ring in rings])


def looking(texture: Image, eyes: tuple[Eye, ...], gaze_x: float, gaze_y: float) -> Image:
    """The head's texture with both irises shifted by shares of the eye's width."""
    if abs(gaze_x) < STILL and abs(gaze_y) < STILL:
        return texture
    drawn = texture.copy()
    share = min(1.0, float(np.hypot(gaze_x, gaze_y)) / FADE)
    for eye in eyes:
        height, width = eye.opening.shape
        patch = drawn[eye.top : eye.top + height, eye.left : eye.left + width, :3]
        alpha = (eye.opening * share)[..., None]
        patch[...] = np.clip(patch * (1 - alpha) + _redrawn(eye, gaze_x, gaze_y) * alpha, 0, 255)
    return drawn


def _redrawn(eye: Eye, gaze_x: float, gaze_y: float) -> Floats:
    xs, ys = grid(*eye.opening.shape)
    x, y = eye.centre + np.array([gaze_x, gaze_y]) * eye.width
    distance = np.hypot(xs - x, ys - y)
    radii = np.arange(len(eye.iris_colours))
    iris = np.stack([np.interp(distance, radii, eye.iris_colours[:, c]) for c in range(3)], axis=-1)
    glint = 150 * np.exp(-((xs - x - 1.5) ** 2 + (ys - y + 2) ** 2) / 1.6)
    inside = smooth(eye.radius + 0.6, eye.radius - 1.2, distance)[..., None]
    return np.asarray(eye.white * (1 - inside) + np.clip(iris + glint[..., None], 0, 255) * inside)
