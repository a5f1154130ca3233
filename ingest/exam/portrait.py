"""The one photograph behind the exam: skin and relief of a face, without its hair and clothes.

The picture is `skimage.data.astronaut()` (NASA, public domain), enlarged twice and cut to the head: 384 x 480
"head pixels", the unit of every shape in this package. What is prepared is kept in the cache folder: it takes 3 s.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ingest.exam.drawing import blur, filled, grid, smooth
from ingest.exam.landmarks import OVAL, Bools, Floats, Image

HEAD_WIDTH = 384
HEAD_HEIGHT = 480
ENLARGED = 2
CUT_LEFT = 256
LANDMARK_STEP = 0.25  # rounding hides the last bits in which processors differ
FRINGE = ((60, 200), (104, 196), (112, 166), (124, 160), (144, 166), (184, 168), (224, 171), (250, 180), (268, 188))
CACHE_NAME = "portrait-1.npz"


@dataclass(frozen=True, slots=True)
class Portrait:
    """Skin bgr [480, 384, 3] as floats, continued over forehead and under hair; landmarks [478, 3] as x, y, depth."""

    skin: Floats
    points: Floats


def load_portrait(cache_dir: Path) -> Portrait:
    """The prepared portrait, from the cache or made and kept there."""
    path = cache_dir / CACHE_NAME
    if path.is_file():
        with np.load(path) as kept:
            return Portrait(kept["skin"].astype(float), kept["points"])
    portrait = _prepare()
    cache_dir.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, skin=portrait.skin.astype(np.uint8), points=portrait.points)
    part.replace(path)
    return Portrait(portrait.skin.astype(np.uint8).astype(float), portrait.points)


def _prepare() -> Portrait:
    from skimage import data

    astronaut = np.asarray(data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    photo = cv2.cvtColor(astronaut, cv2.COLOR_RGB2BGR)
    large = cv2.resize(photo, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_LANCZOS4)
    points = _landmarks(np.ascontiguousarray(large[:640, 100:900]), shift_x=100 - CUT_LEFT)
    sharp = cv2.addWeighted(large, 1.25, cv2.GaussianBlur(large, (0, 0), 2), -0.25, 0)
    head = sharp[:HEAD_HEIGHT, CUT_LEFT : CUT_LEFT + HEAD_WIDTH].astype(float)
    return Portrait(_skin_only(head, points[list(OVAL), :2]), points)


def _landmarks(picture: Image, shift_x: int) -> Floats:
    from mediapipe.python.solutions.face_mesh import FaceMesh

    height, width = picture.shape[:2]
    with _silence(), FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1) as mesh:
        found = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
    points = [[p.x * width + shift_x, p.y * height, p.z * width] for p in found[0].landmark]
    return np.asarray(np.round(np.array(points) / LANDMARK_STEP) * LANDMARK_STEP)


@contextmanager
def _silence() -> Iterator[None]:
    """MediaPipe's native code tells standard error about its parts, whatever it is told: nobody's concern."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _skin_only(head: Floats, oval: Floats) -> Floats:
    """Keep the skin inside the oval and below the fringe; continue its colour and grain everywhere else."""
    xs, ys = grid(HEAD_HEIGHT, HEAD_WIDTH)
    inside = cv2.erode(filled(oval, HEAD_HEIGHT, HEAD_WIDTH), np.ones((9, 9)))
    fringe = np.array(FRINGE, float)
    below = smooth(0, 6, ys - np.interp(xs, fringe[:, 0], fringe[:, 1]))
    solid = (inside > 0.9) & (below > 0.95)
    fill = _continued(head, solid)
    keep = blur(np.asarray(cv2.erode(solid.astype(np.float32), np.ones((5, 5))), float), 2.5)[..., None]
    return np.asarray(head * keep + (fill + _grain()) * (1 - keep))


def _continued(head: Floats, solid: Bools) -> Floats:
    """The skin's colour spread outwards: wide blurs where narrow ones hold nothing."""
    fill = np.zeros_like(head)
    weight = np.zeros(head.shape[:2])
    for sigma in (6, 14, 30, 60):
        near = blur(solid.astype(float), sigma)
        colour = blur(head * solid[..., None], sigma) / np.maximum(near, 1e-4)[..., None]
        share = smooth(0.02, 0.25, near) * (1 - weight) if sigma < 60 else 1 - weight
        fill += colour * share[..., None]
        weight = weight + share
    return blur(fill, 3)


def _grain() -> Floats:
    """The fine structure of skin, as strong as on the photograph's cheeks (deviation 2 of 255)."""
    noise = np.random.default_rng(0).normal(size=(HEAD_HEIGHT, HEAD_WIDTH))
    fine = blur(noise, 0.9) * 6.0 + blur(noise, 2.5) * 9.0
    return np.asarray(fine[..., None])
