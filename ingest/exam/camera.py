"""What a webcam makes of the scene: exposure, white balance, soft focus, vignette, noise; and the caption."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ingest.exam.landmarks import Floats, Image
from ingest.exam.truth import HEIGHT_PX, WIDTH_PX

CAPTION = "SYNTHETIC"
NOISE_PICTURES = 4
NOISE_MARGIN = 64
SHOULDER = 225.0  # brighter values are compressed instead of clipped


@dataclass(frozen=True, slots=True)
class Camera:
    """One webcam: brightness and white balance [3] as factors, noise [4, 544, 704, 3], vignette [480, 640, 3]."""

    light: float
    white_balance: Floats
    noise: npt.NDArray[np.int16]
    vignette: npt.NDArray[np.float32]


def draw_camera(rng: np.random.Generator) -> Camera:
    """A webcam in some light, by seed."""
    light = float(rng.uniform(0.86, 1.08))
    balance = np.array([rng.uniform(0.92, 1.07), 1.0, rng.uniform(0.94, 1.07)])
    strength = float(rng.uniform(1.5, 4.0)) * 1.6
    shape = (HEIGHT_PX + NOISE_MARGIN, WIDTH_PX + NOISE_MARGIN, 3)
    noise = [cv2.GaussianBlur(rng.normal(0, strength, shape), (0, 0), 0.6) for _ in range(NOISE_PICTURES)]
    ys, xs = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    off_x, off_y = xs / (WIDTH_PX / 2) - 1, ys / (HEIGHT_PX / 2) - 1
    vignette = (1 - 0.08 * (off_x**2 + off_y**2)).astype(np.float32)
    return Camera(
        light, balance, np.round(np.stack(noise)).astype(np.int16), cv2.merge([vignette] * 3).astype(np.float32)
    )


def photograph(camera: Camera, scene: Image, index: int, t_s: float) -> Image:
    """The scene bgr [480, 640, 3] as this camera's picture number `index`."""
    seen = cv2.LUT(cv2.GaussianBlur(scene, (0, 0), 0.6), _response(camera, t_s))
    seen = cv2.multiply(seen, camera.vignette, dtype=cv2.CV_8U)
    left, top = (index * 37) % NOISE_MARGIN, (index * 23) % NOISE_MARGIN
    noise = camera.noise[index % NOISE_PICTURES, top : top + HEIGHT_PX, left : left + WIDTH_PX]
    picture = np.asarray(cv2.add(seen, noise, dtype=cv2.CV_8U), np.uint8)
    _caption(picture)
    return picture


def _response(camera: Camera, t_s: float) -> Image:
    """Value in, value out for each colour [1, 256, 3]: exposure and white balance drift slowly, as automatics do."""
    exposure = camera.light * (1 + 0.03 * np.sin(t_s * 0.35) + 0.012 * np.sin(t_s * 1.7 + 2))
    drift = 1 + 0.012 * np.array([np.sin(t_s * 0.21), 0.0, np.sin(t_s * 0.27 + 1)])
    out = np.arange(256.0)[:, None] * exposure * camera.white_balance * drift
    out = np.where(out > SHOULDER, SHOULDER + 30 * np.tanh((out - SHOULDER) / 30), out)
    return np.clip(out, 0, 255).astype(np.uint8).reshape(1, 256, 3)


def _caption(picture: Image) -> None:
    """SYNTHETIC in the lower left corner, light on dark so that it can be read on anything."""
    at = (8, HEIGHT_PX - 8)
    cv2.putText(picture, CAPTION, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (20, 20, 20), 3, cv2.LINE_AA)
    cv2.putText(picture, CAPTION, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (235, 235, 235), 1, cv2.LINE_AA)
