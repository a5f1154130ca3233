"""All networks of one process: a picture is decoded once and shown to each that is asked.

What they say is a function of the picture alone. A network is loaded when it is first asked for.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.face.geometry import distinct, read_face
from detectors.face.landmarks import FaceMesh, mesh_digest
from detectors.face.quality import picture_quality
from detectors.looking.reading import Asked, Models, PictureReading
from triton_models.pictures import check_picture, decode_picture, reduction

LOOK_SIDE_PX = 640
"""Larger pictures are decoded smaller, down to this: the networks see 128 to 256 px of them."""


class Eyes:
    """For one thread at a time."""

    def __init__(self) -> None:
        self._mesh = FaceMesh()

    @property
    def models(self) -> Models:
        """The digests of what looks."""
        return Models(face=mesh_digest())

    def look(self, asked: Asked) -> PictureReading:
        """Look at one JPEG.

        Raises: PoisonError when it cannot be decoded or is too large.
        """
        width, height = check_picture(asked.jpeg)
        rgb = decoded(asked.jpeg)
        faces = [read_face(points, width, height) for points in self._mesh.find(rgb, width, height)]
        return PictureReading(faces=distinct(faces), quality=picture_quality(rgb))


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """A JPEG as RGB uint8 [h, w, 3], shrunk to LOOK_SIDE_PX on its longer side, or to less than twice that.

    Raises: PoisonError when it cannot be decoded or is too large.
    """
    factor = reduction(*check_picture(jpeg), LOOK_SIDE_PX)
    return np.asarray(cv2.cvtColor(decode_picture(jpeg, factor), cv2.COLOR_BGR2RGB), np.uint8)
