"""The signals of one look at faces: pose, gaze and openings against the person's own baseline, and who is there.

A signal is unknown when the picture is too dark or blurred for a miss to mean anything, when the face is too small,
when a number is not finite, or when it is relative to a baseline that is not known yet.
"""

from math import hypot, isfinite

from detectors.messages import Face, FaceObserved, PictureQuality
from scoring.fold.person import Measured, View
from scoring.rulebook.policy_document import QualityFloor

_POSE, _GAZE, _OPENNESS = slice(1, 5), slice(5, 8), 8
_NO_POSE, _NO_GAZE = (None,) * 4, (None,) * 3
_NO_FACE = (None,) * 11
_STILL = (0.0, 0.0, 0.0)
_FAR = 2  # times in a row too small to be read are somebody far away; one may be a neck
_LOST_MS = 5_000  # who sits too far away to be read is found again and again
PRESENT = 0.5  # of the certainty that a person is in the picture
_MOUTH_STEP_MS = 1500  # two looks further apart say nothing about how a mouth moves
_MOUTH_MEAN_MS = 500
_HALF_OPEN = 1.1  # of where eyes count as closed: up to there shut ones behind glasses read, and nothing is known
_MOUTH_TURNED_DEG = 30.0  # beyond, half of the mouth is hidden: measured, still ones read 0.04 to 0.40 there
_YAWN = 0.45  # of height over width; measured: talk stays below, yawns reach 0.6 and more


def is_clear(floor: QualityFloor, quality: PictureQuality) -> bool:
    """Whether a miss in this picture means that there was nothing to see."""
    is_lit = quality.brightness >= floor.min_brightness and quality.sharpness >= floor.min_sharpness
    return is_lit and not quality.covered


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
        face.sight_yaw_deg or 0.0,
    )
    return measures if isfinite(sum(measures)) else None


def count_faces(floor: QualityFloor, seen: FaceObserved, far: bool = False) -> int:
    """How many faces are in the picture; -1: not known.

    A miss counts only in a clear picture. Where somebody sits too far away to be found reliably, it counts only where
    no person is seen either.
    """
    if len(seen.faces) == 1:  # nearly always
        return 1 if seen.faces[0].width_share >= floor.min_face_share else -1
    if seen.faces:
        return sum(face.width_share >= floor.min_face_share for face in seen.faces) or -1
    is_seen = seen.person is None or seen.person >= PRESENT
    return 0 if is_clear(floor, seen.quality) and not (far and is_seen) else -1


def is_far(view: View, at_ms: int) -> bool:
    """Whether somebody sat too far away to be found reliably when a face was seen last, not long ago."""
    return view.small >= _FAR and at_ms - view.face_ms <= _LOST_MS


def small_after(floor: QualityFloor, seen: FaceObserved, before: int) -> int:
    """How many times in a row the candidate's face was too small to be read, as far as it matters."""
    if not seen.faces:
        return before
    return min(before + 1, _FAR) if seen.faces[0].width_share < floor.min_face_share else 0


def measure(floor: QualityFloor, seen: FaceObserved, count: int, mouth: float | None) -> Measured:
    """What one look at faces measured. `mouth`: how far the mouth moved, None when not known."""
    known = float(count) if count >= 0 else None
    scene = (*_picture_values(seen.quality), *_presence(seen, count))
    measures = measures_of(seen.faces[0]) if count > 0 else None
    if measures is None:
        return Measured(known, scene)
    face, least = seen.faces[0], floor.min_confidence
    sure = face.pose_confidence >= least, face.gaze_confidence >= least, face.openness_confidence >= least
    return Measured(known, scene, measures, mouth, face.width_share, sure, face.sight_yaw_deg is not None)


def face_values(floor: QualityFloor, baseline: tuple[float, ...] | None, measured: Measured) -> list[float | None]:
    """The signals of one look at faces, in the order of the slots, against the person's own baseline (order of
    MEASURES); without one, everything about the face is unknown."""
    own = measured.measures
    if not own or baseline is None:
        return [measured.faces, *_NO_FACE, *measured.scene]
    openness = own[5] / baseline[5] if baseline[5] > 0.0 else None
    values: list[float | None] = [
        measured.faces,
        own[0] - baseline[0],
        own[1] - baseline[1],
        own[2] - baseline[2],
        hypot(own[0] - baseline[0], own[2] - baseline[2]),
        own[3] - baseline[3],
        own[4] - baseline[4],
        own[7] - baseline[7] if measured.has_sight else None,
        openness,
        own[6] / baseline[6] if baseline[6] > 0.0 else None,
        measured.mouth,
        measured.width_share,
        *measured.scene,
    ]
    if openness is not None and openness < floor.eyes_closed_below:
        values[_GAZE] = _STILL  # closed eyes look nowhere; a bowed head lowers the lids: the head still counts
    elif openness is not None and openness < floor.eyes_closed_below * _HALF_OPEN:
        values[_OPENNESS] = None
    is_pose_sure, is_gaze_sure, are_lids_sure = measured.sure
    if not is_pose_sure:
        values[_POSE] = _NO_POSE
    if not is_gaze_sure:
        values[_GAZE] = _NO_GAZE
    if not are_lids_sure:
        values[_OPENNESS] = None
    return values


def _picture_values(quality: PictureQuality) -> tuple[float, ...]:
    return (
        quality.brightness,
        quality.sharpness,
        1.0 if quality.frozen else 0.0,
        1.0 if quality.looped else 0.0,
        1.0 if quality.framed else 0.0,
        1.0 if quality.covered else 0.0,
    )


def _presence(seen: FaceObserved, count: int) -> tuple[float | None, float | None]:
    """How certain it is that nobody is there, and that somebody is whose face cannot be seen; a face settles both.

    A detector that was not asked about persons says nothing of the second; for it, no face is nobody.
    """
    if count:
        return (0.0, 0.0) if count > 0 else (None, None)
    return (1.0, None) if seen.person is None else (1.0 - seen.person, seen.person)


def mouth_after(
    seen: FaceObserved, count: int, step_ms: int, before: float | None
) -> tuple[float | None, float | None]:
    """How far the mouth's opening is from its own mean of the last moments, and that mean after this look.

    `before`: the mean after the last look, None without one. The mean follows by a low-pass of first order over event
    time, so that the distance depends little on the frame rate; a wide mouth yawns, and is followed at once.
    """
    now = seen.faces[0].mouth_openness if count > 0 else None
    if now is None or not isfinite(now) or abs(seen.faces[0].yaw_deg) > _MOUTH_TURNED_DEG:
        return None, None
    if before is None or step_ms > _MOUTH_STEP_MS:
        return None, now
    if now >= _YAWN or before >= _YAWN:
        return 0.0, now
    return abs(now - before), before + (now - before) * step_ms / (step_ms + _MOUTH_MEAN_MS)
