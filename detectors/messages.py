"""What the detectors publish: numbers derived from a frame; no pictures, landmarks, embeddings, emotion, demographics.

Every observation names its session, the frame's `seq`, capture time and place in `frames` (partition, offset), and the
digest of the model that looked. Numbers are rounded where they are made, so that the same frame gives the same bytes.
"""

import msgspec

from detectors.boxes import BoxXYXY


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """One face. Angles in degrees against the camera: yaw > 0 towards image-right, pitch > 0 up, roll > 0 clockwise.

    `gaze_x`, `gaze_y`: offset of the irises from the middle of the eye openings, as a share of the eye's width, along
    and across the eye (right, down). `eye_openness`, `mouth_openness`: height over width of the openings.
    `width_share`: of the picture. The confidences (0-1) say how far pose, gaze and openness of the eyes can be trusted,
    see `detectors.face.confidence`. `sight_yaw_deg`: where head and eyes look together, > 0 to image-right of the
    camera; None from detectors that did not tell.
    """

    box_xyxy: BoxXYXY
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    gaze_x: float
    gaze_y: float
    eye_openness: float
    mouth_openness: float
    width_share: float
    pose_confidence: float = 1.0
    gaze_confidence: float = 1.0
    openness_confidence: float = 1.0
    sight_yaw_deg: float | None = None


class PictureQuality(msgspec.Struct, frozen=True, kw_only=True):
    """`brightness`: mean luma 0-255. `sharpness`: variance of the Laplacian at 160 px width or less.

    `frozen`: nothing moves; `looped`: the last seconds were shown before; `framed`: it lies between bars;
    `covered`: it shows no detail, whatever its noise; `cut`: from here on it is another one, room and all (unset where
    it is not). See `detectors.liveness`.
    """

    brightness: float
    sharpness: float
    frozen: bool = False
    looped: bool = False
    framed: bool = False
    covered: bool = False
    cut: bool | msgspec.UnsetType = msgspec.UNSET


class DetectedObject(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the taxonomy, box in source pixels, confidence 0-1."""

    label: str
    confidence: float
    box_xyxy: BoxXYXY


class DetectorLook(msgspec.Struct, frozen=True, kw_only=True):
    """What every look of a detector names: the session, the frame and its record, and the model that looked."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
    partition: int
    offset: int
    model: str


class FaceObserved(DetectorLook, frozen=True, kw_only=True, tag="face/1"):
    """What the face detector saw in one frame, largest face first; no faces is a statement, too.

    `person`: confidence 0-1 that somebody is in the picture, whatever way they face; None: not asked, since a face was
    found.
    """

    faces: tuple[Face, ...]
    quality: PictureQuality
    person: float | None = None


class ObjectsObserved(DetectorLook, frozen=True, kw_only=True, tag="objects/1"):
    """What the object detector saw in one frame, by falling confidence, at or above its floor.

    `knows`: bit n is set where the model knows the label TAXONOMY[n]; -1: it was not asked. What a model does not know
    it cannot miss.
    """

    objects: tuple[DetectedObject, ...]
    knows: int = -1


class HandsObserved(DetectorLook, frozen=True, kw_only=True, tag="hands/1"):
    """Confidences 0-1 of what hands do in one frame: one at the face or ear, a signal held up, something held."""

    at_face: float
    signalling: float
    holding: float


class SpeechObserved(DetectorLook, frozen=True, kw_only=True, tag="speech/1"):
    """One record of sound, about a second; `capture_ms` is its end, `seq` its number, its place that in `audio`.

    `speech`: voiced share 0-1. `other`: confidence 0-1 that somebody else speaks. `level_dbfs`: 0 is the loudest.
    """

    speech: float
    other: float
    level_dbfs: float


class IdentityObserved(DetectorLook, frozen=True, kw_only=True, tag="identity/1"):
    """How alike (cosine, -1 to 1) the largest face of one frame is to the one registered; no embedding."""

    similarity: float


Look = FaceObserved | ObjectsObserved | HandsObserved | SpeechObserved | IdentityObserved
"""One look of any detector."""


class FramesEnded(msgspec.Struct, frozen=True, kw_only=True, tag="frames-ended/1"):
    """Every frame of the session before `seq` has been observed or given up by this worker."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int


class SoundEnded(msgspec.Struct, frozen=True, kw_only=True, tag="sound-ended/1"):
    """Every record of sound of the session before `seq` has been listened to or given up by this worker."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
