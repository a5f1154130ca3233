"""Draw a textured, turned mesh: painter's order, an image of triangle numbers, one affine map each, one remap."""

import cv2
import numpy as np

from ingest.exam.drawing import over
from ingest.exam.landmarks import Floats, Image, Ints

SUBPIXEL_BITS = 4
SMALLEST_AREA = 0.05
NOWHERE = -50.0  # a texture position outside of every texture: transparent


def draw_mesh(canvas: Image, texture: Image, uv: Floats, triangles: Ints, xy: Floats, depth: Floats) -> None:
    """Draw on a bgr canvas, in place.

    texture premultiplied bgra; uv [n, 2] its positions; triangles [m, 3]; xy [n, 2] in canvas pixels; depth [n], larger
    is farther from the camera. Triangles are drawn from far to near, so a sheet may fold over itself.
    """
    left, top = np.maximum(np.floor(xy.min(0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(xy.max(0)).astype(int) + 2, [canvas.shape[1], canvas.shape[0]])
    if right - left < 3 or bottom - top < 3:
        return
    corners = xy[triangles]
    edges = corners[:, 1:] - corners[:, :1]
    area = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    order = np.argsort(-depth[triangles].mean(1), kind="stable")
    order = order[area[order] > SMALLEST_AREA]
    numbers = _numbered(corners[order] - [left, top], (bottom - top, right - left))
    at_x, at_y = _texture_positions(numbers, corners[order], uv[triangles[order]], (left, top))
    drawn = cv2.remap(texture, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    over(canvas[top:bottom, left:right], np.asarray(drawn, np.uint8))


def _numbered(corners: Floats, shape: tuple[int, int]) -> Ints:
    """Which triangle is seen at each pixel: its place in the order plus one, 0 for none."""
    numbers = np.zeros(shape, np.int32)
    fixed = np.round(corners * 2**SUBPIXEL_BITS).astype(np.int32)
    for number, triangle in enumerate(fixed, start=1):
        cv2.fillConvexPoly(numbers, triangle, (number,), cv2.LINE_8, SUBPIXEL_BITS)
    return numbers


def _texture_positions(numbers: Ints, corners: Floats, uv: Floats, origin: tuple[int, int]) -> tuple[Floats, Floats]:
    """Each pixel's position in the texture, x and y as float32."""
    homogeneous = np.concatenate([corners, np.ones((len(corners), 3, 1))], axis=2)
    maps = np.zeros((len(corners) + 1, 6), np.float32)
    maps[0, 4:] = NOWHERE
    maps[1:] = np.linalg.solve(homogeneous, uv).reshape(-1, 6)
    chosen = maps[numbers]
    ys, xs = np.mgrid[0 : numbers.shape[0], 0 : numbers.shape[1]].astype(np.float32)
    xs, ys = xs + origin[0], ys + origin[1]
    at_x = chosen[..., 0] * xs + chosen[..., 2] * ys + chosen[..., 4]
    at_y = chosen[..., 1] * xs + chosen[..., 3] * ys + chosen[..., 5]
    return at_x, at_y
