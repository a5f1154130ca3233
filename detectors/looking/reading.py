"""What is asked of one picture, and what is said of it."""

import msgspec

from detectors.hands.reading import HandsReading
from detectors.identity.look import FaceLook
from detectors.messages import Face, PictureQuality


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag="asked"):
    """One JPEG to look at for faces, and what else is wanted of it: small faces beside the candidate's, its hands, the
    likeness of its largest face."""

    jpeg: bytes
    company: bool = False
    hands: bool = False
    likeness: bool = False


class PictureReading(msgspec.Struct, frozen=True, kw_only=True, tag="reading"):
    """What one picture shows: faces, largest first; how good it is; and what else was asked.

    `thumbnail`: of `detectors.liveness`. `person`: as in FaceObserved. `likeness` None: no face was fit for it. Both
    thumbnail and likeness stay between a process and its worker.
    """

    faces: tuple[Face, ...]
    quality: PictureQuality
    thumbnail: bytes
    person: float | None = None
    hands: HandsReading | None = None
    likeness: FaceLook | None = None


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 of what looks, by kind of observation; empty: that is not looked at."""

    face: str = ""
    hands: str = ""
    identity: str = ""
