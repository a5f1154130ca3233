"""All networks of one process: a picture is decoded once and shown to each that is asked.

What they say is a function of the picture alone. A network that few pictures need is loaded when it is first asked for.
"""

import hashlib
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.body import finder as body
from detectors.boxes import BoxXYXY
from detectors.face.geometry import distinct, read_face
from detectors.face.landmarks import FaceMesh, mesh_digest
from detectors.face.quality import picture_quality
from detectors.hands import finder as hands
from detectors.identity.recogniser import Recogniser
from detectors.liveness.thumbnail import thumbnail
from detectors.looking.reading import Asked, Models, PictureReading
from detectors.messages import Face
from triton_models.pictures import check_picture, decode_picture, reduction

LOOK_SIDE_PX = 640
"""Larger pictures are decoded smaller, down to this: the networks see 128 to 256 px of them."""


class Eyes:
    """For one thread at a time. Without a recogniser nothing is said of likeness."""

    def __init__(self, recogniser: Recogniser | None = None) -> None:
        self._mesh, self._recogniser = FaceMesh(), recogniser

    @cached_property
    def _bodies(self) -> body.BodyFinder:
        return body.BodyFinder()

    @cached_property
    def _hands(self) -> hands.HandFinder:
        return hands.HandFinder()

    @cached_property
    def models(self) -> Models:
        """The digests of what looks; a face's look counts the networks that tell a turned head from an empty chair."""
        seen = (mesh_digest(), body.body_digest())
        return Models(
            face=hashlib.sha256("".join(seen).encode()).hexdigest(),
            hands=hands.hands_digest(),
            identity=self._recogniser.digest if self._recogniser else "",
        )

    def look(self, asked: Asked) -> PictureReading:
        """Look at one JPEG.

        Raises: PoisonError when it cannot be decoded or is too large.
        """
        width, height = check_picture(asked.jpeg)
        rgb = _rgb(asked.jpeg, width, height)
        points = self._mesh.find(rgb, width, height, asked.company)
        faces = distinct([read_face(one, width, height) for one in points])
        boxes = _scaled(faces, rgb.shape[1] / width)
        return PictureReading(
            faces=faces,
            quality=picture_quality(rgb),
            thumbnail=thumbnail(rgb),
            person=None if faces else self._bodies.presence(rgb),
            hands=self._hands.look(rgb, boxes) if asked.hands else None,
            likeness=self._recogniser.look(rgb, points, width, height) if asked.likeness and self._recogniser else None,
        )


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """A JPEG as RGB uint8 [h, w, 3], shrunk to LOOK_SIDE_PX on its longer side, or to less than twice that.

    Raises: PoisonError when it cannot be decoded or is too large.
    """
    return _rgb(jpeg, *check_picture(jpeg))


def _rgb(jpeg: bytes, width: int, height: int) -> NDArray[np.uint8]:
    factor = reduction(width, height, LOOK_SIDE_PX)
    return np.asarray(cv2.cvtColor(decode_picture(jpeg, factor), cv2.COLOR_BGR2RGB), np.uint8)


def _scaled(faces: tuple[Face, ...], scale: float) -> list[BoxXYXY]:
    """The faces' boxes in the decoded picture's pixels."""
    return [(x1 * scale, y1 * scale, x2 * scale, y2 * scale) for x1, y1, x2, y2 in (face.box_xyxy for face in faces)]
