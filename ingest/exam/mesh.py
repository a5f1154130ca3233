"""The head as a sheet in space: face mesh's points, a grid over hair, and a mouth that can open.

Units are head pixels; depth grows away from the camera. The far side of the hair is a second sheet.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.spatial import Delaunay, cKDTree

from ingest.exam.drawing import smooth
from ingest.exam.hair import CENTRE_X, CENTRE_Y, CROWN_RADIUS_Y, Outline
from ingest.exam.landmarks import (
    FACE_POINTS,
    INNER_LIP_CORNERS,
    INNER_LIP_LOWER,
    INNER_LIP_UPPER,
    OVAL,
    Bools,
    Floats,
    Image,
    Ints,
)

GRID_PX = 15.0
RIM_DEPTH = 40.0  # the cheek's rim is steeper than a sheet can show: deeper than this counts as RIM_SHARE of it
RIM_SHARE = 0.3
HEAD_DEPTH = 80.0  # where front and back sheet meet
HALF_DEPTH = 120.0
STEEP_DEPTH = 14.0  # deeper points of the face lie on its steep rim and are evened out
EDGE_SLOPE = 0.85  # an ellipsoid (0.5) is too steep at its edge for a sheet
CAVITY_ROWS = 2
CAVITY_UV = (
    2.0,
    2.0,
    46.0,
    20.0,
)  # the inside of the mouth lies in the head texture's corner: left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Sheet:
    """Vertices [n, 3], their places on the texture [n, 2], triangles [m, 3], how far each follows the head [n]."""

    vertices: Floats
    uv: Floats
    triangles: Ints
    follows: Floats


@dataclass(frozen=True, slots=True)
class HeadMesh:
    """The front sheet with what the mouth needs: `teeth` are the vertices that stay when the jaw drops, one for each
    of INNER_LIP_LOWER; `copies` pairs of (vertex, the one it lies on) [k, 2]; the sheet's last `inside` triangles are
    seen only through open lips."""

    sheet: Sheet
    inside: int
    teeth: Ints
    copies: Ints


def _follows(y: Floats) -> Floats:
    """1 on the head, 0 from the shoulders down."""
    return np.asarray(1 - smooth(352, 520, y))


def _flattened(points: Floats) -> Floats:
    face = points[:FACE_POINTS].copy()
    deep = face[:, 2] > RIM_DEPTH
    face[deep, 2] = RIM_DEPTH + (face[deep, 2] - RIM_DEPTH) * RIM_SHARE
    return face


def _rim_depth(points: Floats, at: Floats) -> Floats:
    """The oval's depth at the height of each point [k, 2], on its own side of the face."""
    rim = points[list(OVAL)]
    middle = rim[:, 0].mean()
    depth = np.zeros(len(at))
    for side in (-1, 1):
        half = rim[(rim[:, 0] - middle) * side > 0]
        half = half[np.argsort(half[:, 1])]
        mine = (at[:, 0] - middle) * side >= 0
        depth[mine] = np.interp(at[mine, 1], half[:, 1], half[:, 2])
    return depth


def _around(points: Floats, outline: Outline) -> Floats:
    """Grid points over hair and jaw, outside the face's oval, with their depth [k, 3]."""
    xs, ys = np.meshgrid(np.arange(14, 371, GRID_PX), np.arange(6, 478, GRID_PX))
    at = np.c_[xs.ravel(), ys.ravel()]
    oval = cv2.convexHull(points[list(OVAL), :2].astype(np.float32))
    outside = np.array([cv2.pointPolygonTest(oval, (float(x), float(y)), True) < -7 for x, y in at])
    at = at[outside]
    across = np.abs(at[:, 0] - CENTRE_X) / np.maximum(outline.at(at[:, 1]), 90)
    above = np.minimum(at[:, 1] - CENTRE_Y, 0) / CROWN_RADIUS_Y
    round_off = np.where(at[:, 1] < CENTRE_Y, np.hypot((at[:, 0] - CENTRE_X) / outline.crown, above), across)
    depth = HEAD_DEPTH - HALF_DEPTH * np.clip(1 - round_off**2, 0, 1) ** EDGE_SLOPE
    distance, _ = cKDTree(points[list(OVAL), :2]).query(at)
    rim = _rim_depth(points, at)
    near = np.exp(-((distance / 26.0) ** 2))
    depth = depth * (1 - near) + np.minimum(rim, depth + 40) * near
    low = smooth(150, 250, at[:, 1])  # beside and below the jaw the hair hangs from the rim instead of curving over
    hanging = np.clip(rim + 0.35 * distance, 20, 95)
    return np.asarray(np.c_[at, depth * (1 - low) + hanging * low])


def _smoothed(vertices: Floats, triangles: Ints, fixed: int) -> Floats:
    """Depths of all but the first `fixed` vertices relaxed towards their neighbours'."""
    edges = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.vstack([edges, edges[:, ::-1]])
    size = len(vertices)
    near = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size)).tocsr()
    near.data[:] = 1
    count = np.asarray(near.sum(1)).ravel()
    wanted = vertices[:, 2].copy()
    depth = wanted.copy()
    stiffness = np.where(np.arange(size) < fixed, 1e6, 0.5)
    stiffness[:fixed] = np.where(wanted[:fixed] > STEEP_DEPTH, 2.0, 1e6)
    for _ in range(40):
        depth = (stiffness * wanted + near @ depth / count) / (stiffness + 1)
    return np.asarray(np.c_[vertices[:, :2], depth])


def build_head(points: Floats, outline: Outline, texture: Image) -> HeadMesh:
    """The front sheet over landmarks [478, 3]; triangles where the texture is transparent are left out."""
    face = _flattened(points)
    vertices = np.vstack([face, _around(face, outline)])
    triangles = Delaunay(vertices[:, :2]).simplices
    vertices = _smoothed(vertices, triangles, FACE_POINTS)
    triangles = triangles[_visible(vertices[:, :2], triangles, texture)]
    return _with_mouth(vertices, triangles)


def _visible(uv: Floats, triangles: Ints, texture: Image) -> Bools:
    """Which triangles have anything to show: at a corner, an edge's middle or the centre."""
    alpha = cv2.dilate(texture[..., 3], np.ones((7, 7)))
    corners = uv[triangles]
    probes = np.concatenate([corners, (corners + np.roll(corners, 1, axis=1)) / 2, corners.mean(1, keepdims=True)], 1)
    at = np.clip(probes.astype(int), 0, [alpha.shape[1] - 1, alpha.shape[0] - 1])
    return np.asarray((alpha[at[..., 1], at[..., 0]] > 0).any(1))


def _with_mouth(vertices: Floats, triangles: Ints) -> HeadMesh:
    """Part the lips: what lies between them stays with the skull as teeth, and behind opens a cavity."""
    size = len(vertices)
    teeth = np.arange(size, size + len(INNER_LIP_LOWER))
    renamed = dict(zip(INNER_LIP_LOWER, teeth.tolist(), strict=True))
    upper, mouth = set(INNER_LIP_UPPER), {*INNER_LIP_UPPER, *INNER_LIP_LOWER, *INNER_LIP_CORNERS}
    rows = triangles.tolist()
    cut = [row for row in rows if not (set(row) <= mouth and set(row) & upper)]
    inside = [[renamed.get(v, v) for v in row] for row in rows if set(row) <= mouth and set(row) & upper]
    above = [INNER_LIP_CORNERS[0], *teeth.tolist(), INNER_LIP_CORNERS[1]]
    below = [INNER_LIP_CORNERS[0], *INNER_LIP_LOWER, INNER_LIP_CORNERS[1]]
    vertices = np.vstack([vertices, vertices[list(INNER_LIP_LOWER)]])
    first = len(vertices)
    count = len(above)
    for j in range(count - 1):
        a, b, c, d = first + j, first + j + 1, first + count + j, first + count + j + 1
        inside += [[a, b, c], [b, d, c]]
    uv = np.vstack([vertices[:, :2], _cavity_uv(count)])
    vertices = np.vstack([vertices, vertices[above], vertices[below]])
    copies = np.c_[np.arange(first, first + 2 * count), [*above, *below]]
    sheet = Sheet(vertices, uv, np.array(cut + inside, np.int32), _follows(vertices[:, 1]))
    return HeadMesh(sheet, len(inside), teeth.astype(np.int32), copies.astype(np.int32))


def _cavity_uv(count: int) -> Floats:
    left, top, right, bottom = CAVITY_UV
    along = np.linspace(left, right, count)
    return np.vstack([np.c_[along, np.full(count, top)], np.c_[along, np.full(count, bottom)]])


def build_back(outline: Outline, side: int) -> Sheet:
    """The far sheet for a head turned to `side`: fuller where the turn brings it into view."""
    xs, ys = np.meshgrid(np.arange(20, 366, 16.0), np.arange(4, 478, 16.0))
    at = np.c_[xs.ravel(), ys.ravel()]
    above = np.minimum(at[:, 1] - CENTRE_Y, 0) / CROWN_RADIUS_Y
    across = (at[:, 0] - CENTRE_X) / np.maximum(np.where(at[:, 1] < CENTRE_Y, outline.crown, outline.at(at[:, 1])), 60)
    round_off = np.hypot(across, above)
    at, across, round_off = at[round_off < 1.15], across[round_off < 1.15], round_off[round_off < 1.15]
    flat = 70 * smooth(-0.1, 0.6, -side * across)
    depth = HEAD_DEPTH - 5 - flat + (HALF_DEPTH + flat) * np.sqrt(np.clip(1 - round_off**2, 0, 1))
    return Sheet(np.c_[at, depth], at, Delaunay(at).simplices.astype(np.int32), _follows(at[:, 1]))
