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
    `width_share`: of the picture.
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


class PictureQuality(msgspec.Struct, frozen=True, kw_only=True):
    """`brightness`: mean luma 0-255. `sharpness`: variance of the Laplacian at 160 px width or less."""

    brightness: float
    sharpness: float


class DetectedObject(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the taxonomy, box in source pixels, confidence 0-1."""

    label: str
    confidence: float
    box_xyxy: BoxXYXY


class FaceObserved(msgspec.Struct, frozen=True, kw_only=True, tag="face/1"):
    """What the face detector saw in one frame, largest face first; no faces is a statement, too."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
    partition: int
    offset: int
    model: str
    faces: tuple[Face, ...]
    quality: PictureQuality


class ObjectsObserved(msgspec.Struct, frozen=True, kw_only=True, tag="objects/1"):
    """What the object detector saw in one frame, by falling confidence, at or above its floor."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
    partition: int
    offset: int
    model: str
    objects: tuple[DetectedObject, ...]


class FramesEnded(msgspec.Struct, frozen=True, kw_only=True, tag="frames-ended/1"):
    """Every frame of the session before `seq` has been observed or given up by this worker."""

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
