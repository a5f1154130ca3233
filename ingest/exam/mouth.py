"""The inside of the mouth: a small patch in the head texture's empty corner, stretched over what the jaw opens."""

import numpy as np

from ingest.exam.drawing import bell, smooth
from ingest.exam.landmarks import Floats, Image
from ingest.exam.mesh import CAVITY_UV

DARK = (20.0, 16.0, 42.0)
TONGUE = (70.0, 66.0, 138.0)
LOWER_TEETH = (150.0, 168.0, 176.0)


def paint_cavity(texture: Image) -> None:
    """Paint on the head's layer, in place: dark above, a tongue, a hint of lower teeth at the bottom edge."""
    left, top, right, bottom = (int(v) for v in CAVITY_UV)
    height, width = bottom - top + 3, right - left + 3
    down = np.linspace(0, 1, height)[:, None] * np.ones((1, width))
    across = np.ones((height, 1)) * np.linspace(-1, 1, width)[None]
    colour = np.ones((height, width, 3)) * np.array(DARK)
    tongue = smooth(0.45, 0.8, down - 0.25 * across**2) * smooth(0.95, 0.5, np.abs(across))
    colour = _blend(colour, np.array(TONGUE), 0.75 * tongue)
    teeth = (
        smooth(0.84, 0.9, down) * smooth(0.7, 0.4, np.abs(across)) * (1 - 0.5 * bell(np.mod(across * 5, 1), 0, 0.12))
    )
    colour = _blend(colour, np.array(LOWER_TEETH), 0.6 * teeth)
    texture[top - 1 : top - 1 + height, left - 1 : left - 1 + width, :3] = np.clip(colour, 0, 255)
    texture[top - 1 : top - 1 + height, left - 1 : left - 1 + width, 3] = 255


def _blend(under: Floats, colour: Floats, share: Floats) -> Floats:
    return np.asarray(under * (1 - share[..., None]) + colour * share[..., None])
