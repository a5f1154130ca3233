"""All of what the face detector says about one JPEG, as a function of its bytes alone."""

import cv2
import msgspec
import numpy as np

from detectors.face.geometry import distinct, read_face
from detectors.face.landmarks import FaceMesh
from detectors.face.quality import picture_quality
from detectors.messages import Face, PictureQuality
from triton_models.pictures import check_picture, decode_picture, reduction

FACE_SIDE_PX = 640
"""Larger pictures are decoded smaller, down to this: the networks see 128 and 192 px of them."""


class FaceReading(msgspec.Struct, frozen=True, kw_only=True, tag="reading"):
    """One picture's faces, largest first, and its quality."""

    faces: tuple[Face, ...]
    quality: PictureQuality


def read_picture(mesh: FaceMesh, jpeg: bytes) -> FaceReading:
    """Look at one JPEG.

    Raises: PoisonError when it cannot be decoded or is too large.
    """
    width, height = check_picture(jpeg)
    picture = decode_picture(jpeg, reduction(width, height, FACE_SIDE_PX))
    rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    faces = [read_face(points, width, height) for points in mesh.find(rgb, width, height)]
    return FaceReading(faces=distinct(faces), quality=picture_quality(rgb))
