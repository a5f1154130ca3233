"""Signals: the numbers that rules speak of, taken from one observation. None means unknown: never held against anyone.

A signal is unknown when the picture is too dark or blurred for a miss to mean anything, when the face is too small,
when a number is not finite, or when it is relative to a baseline that is not known yet.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Literal

import msgspec

from detectors.messages import Face, FaceObserved, ObjectsObserved, PictureQuality

Detector = Literal["faces", "objects"]
Values = Mapping[str, float | None]

MEASURES = ("yaw_deg", "pitch_deg", "roll_deg", "gaze_x", "gaze_y", "eye_openness", "mouth_openness")
"""What calibration learns of a person, in the order of every tuple of measures."""

DEVIATIONS = {"head_yaw": 0, "head_pitch": 1, "head_roll": 2, "gaze_x": 3, "gaze_y": 4}
"""Signal -> place in MEASURES: absolute deviation from the person's baseline, degrees or shares of the eye's width."""

RATIOS = {"eye_openness": 5, "mouth_openness": 6}
"""Signal -> place in MEASURES: 1.0 is the person's usual opening."""

FACE_SIGNALS = ("face_count", *DEVIATIONS, *RATIOS)
OBJECT_PREFIX = "object:"
_UNKNOWN_POSE: dict[str, float | None] = dict.fromkeys((*DEVIATIONS, *RATIOS))


class QualityFloor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Below this a miss proves nothing. Brightness: mean luma; sharpness: variance of the Laplacian at 160 px width."""

    min_brightness: float
    min_sharpness: float
    min_face_share: float
    eyes_closed_below: float


def detector_of(signal: str) -> Detector | None:
    """The detector that a signal comes from; None: there is no such signal."""
    if signal in FACE_SIGNALS:
        return "faces"
    label = signal.removeprefix(OBJECT_PREFIX)
    named = signal.startswith(OBJECT_PREFIX) and label.replace("_", "").isalpha() and label.islower()
    return "objects" if named else None


def is_clear(floor: QualityFloor, quality: PictureQuality) -> bool:
    """Whether a miss in this picture means that there was nothing to see."""
    return quality.brightness >= floor.min_brightness and quality.sharpness >= floor.min_sharpness


def measures_of(face: Face) -> tuple[float, ...] | None:
    """The face's numbers in the order of MEASURES; None when one of them is not finite."""
    measures = (
        face.yaw_deg,
        face.pitch_deg,
        face.roll_deg,
        face.gaze_x,
        face.gaze_y,
        face.eye_openness,
        face.mouth_openness,
    )
    return measures if isfinite(sum(measures)) else None


def count_faces(floor: QualityFloor, seen: FaceObserved, last_share: float) -> int:
    """How many faces are in the picture; -1: not known.

    A miss counts only in a clear picture, and only when the last face was not already too small to be found reliably.
    """
    if seen.faces:
        return sum(face.width_share >= floor.min_face_share for face in seen.faces) or -1
    lost = 0.0 < last_share < floor.min_face_share
    return 0 if is_clear(floor, seen.quality) and not lost else -1


def face_signals(
    floor: QualityFloor, baseline: tuple[float, ...] | None, seen: FaceObserved, count: int
) -> dict[str, float | None]:
    """The signals of one look at faces; the pose is the largest face's, against `baseline` (order of MEASURES)."""
    values: dict[str, float | None] = {"face_count": float(count) if count >= 0 else None}
    measures = measures_of(seen.faces[0]) if baseline is not None and count > 0 else None
    if measures is None or baseline is None:
        return values | _UNKNOWN_POSE
    values["eye_openness"] = openness = _ratio(measures[5], baseline[5])
    values["mouth_openness"] = _ratio(measures[6], baseline[6])
    closed = openness is not None and openness < floor.eyes_closed_below
    for signal, place in DEVIATIONS.items():
        values[signal] = abs(measures[place] - baseline[place])
    if closed:  # closed eyes look nowhere; a bowed head lowers the lids, so the head still counts
        values["gaze_x"] = values["gaze_y"] = 0.0
    return values


def object_signals(seen: ObjectsObserved, signals: Sequence[str], clear: bool) -> dict[str, float | None]:
    """The best confidence by `object:<label>` for `signals`; a label that was not found is unknown in a bad picture."""
    best: dict[str, float | None] = dict.fromkeys(signals, 0.0 if clear else None)
    for found in seen.objects:
        signal = OBJECT_PREFIX + found.label
        if signal in best and (best[signal] or 0.0) < found.confidence <= 1.0:
            best[signal] = found.confidence
    return best


def _ratio(value: float, usual: float) -> float | None:
    return value / usual if usual > 0.0 else None
