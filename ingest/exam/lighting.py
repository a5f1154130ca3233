"""Light that falls on people and room: factors on what is painted, before the camera sees it."""

from dataclasses import replace

import numpy as np

from ingest.exam.camera import Camera
from ingest.exam.conditions import Lighting
from ingest.exam.drawing import smooth
from ingest.exam.landmarks import Floats, Image

FACE_LEFT, FACE_RIGHT = 95.0, 290.0  # head pixels between which light from the side falls off
LIT_CHEEK = 1.1


def lit_layer(layer: Image, lighting: Lighting, left: float = 0.0) -> Image:
    """A premultiplied layer [h, w, 4] under this light; `left`: its first column in head pixels."""
    if lighting.people == 1.0 and lighting.side == 0.0:
        return layer
    columns = np.arange(layer.shape[1]) + left
    falling = LIT_CHEEK - (LIT_CHEEK - (1 - lighting.side)) * smooth(FACE_LEFT, FACE_RIGHT, columns)
    factor = lighting.people * (falling if lighting.side else np.ones(len(columns)))
    lit = layer.copy()
    bound = layer[..., 3:].astype(float)  # premultiplied: no colour above its own alpha
    lit[..., :3] = np.minimum(layer[..., :3] * factor[None, :, None], bound).astype(np.uint8)
    return lit


def lit_room(room: Image, lighting: Lighting) -> Image:
    """The room, brighter behind somebody who sits against the light."""
    return room if lighting.room == 1.0 else np.clip(room * lighting.room, 0, 255).astype(np.uint8)


def lit_colour(colour: Floats, lighting: Lighting) -> Floats:
    """A colour bgr [3] under this light: hands and sleeves are painted from theirs alone."""
    return colour * lighting.people


def exposed(camera: Camera, lighting: Lighting) -> Camera:
    """The camera in this light: less of it brings more noise."""
    if (lighting.exposure, lighting.balance, lighting.noise) == (1.0, (1.0, 1.0, 1.0), 1.0):
        return camera
    return replace(
        camera,
        light=camera.light * lighting.exposure,
        white_balance=camera.white_balance * np.array(lighting.balance),
        noise=np.round(camera.noise * lighting.noise).astype(np.int16),
    )
