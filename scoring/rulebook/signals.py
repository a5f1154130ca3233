"""Signals: the numbers that rules speak of, taken from one observation. None means unknown: never held against anyone.

A signal is unknown when the picture is too dark or blurred for a miss to mean anything, when the face is too small,
when a number is not finite, or when it is relative to a baseline that is not known yet. Deviations are kept with their
sign; a test looks at their size or at one side of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Literal, get_args

from detectors.messages import (
    Face,
    FaceObserved,
    HandsObserved,
    IdentityObserved,
    ObjectsObserved,
    PictureQuality,
    SpeechObserved,
)
from ingest.messages import BrowserReported, BrowserSign
from scoring.rulebook.policy_document import QualityFloor
from triton_models.taxonomy import TAXONOMY

Stream = Literal["faces", "objects", "hands", "speech", "identity", "browser"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
Needs = Literal["anything", "count", "face", "eyes", "clear", "voice"]
"""What must be known for a signal to be: nothing but a look, the number of faces, a face's pose, open eyes, a clear
picture, whose voice it is."""

MEASURES = (
    "yaw_deg",
    "pitch_deg",
    "roll_deg",
    "gaze_x",
    "gaze_y",
    "eye_openness",
    "mouth_openness",
    "sight_yaw_deg",
)
"""What calibration learns of a person, in the order of every tuple of measures."""

Values = Sequence[float | None]
"""The signals of one look, in the order of its stream's slots."""

_FACE_SLOTS = (
    "face_count",
    "head_yaw",
    "head_pitch",
    "head_roll",
    "gaze_x",
    "gaze_y",
    "sight",
    "eye_openness",
    "mouth_openness",
    "mouth_change",
    "face_width",
    "brightness",
    "sharpness",
    "frozen",
    "looped",
    "framed",
    "covered",
    "absent",
    "turned_away",
)
DEVIATIONS = {"head_yaw": 0, "head_pitch": 1, "head_roll": 2, "gaze_x": 3, "gaze_y": 4, "sight": 7}
"""Signal -> place in MEASURES: deviation from the person's baseline, degrees or shares of the eye's width."""

SIDES = {
    "head_left": ("head_yaw", -1),
    "head_right": ("head_yaw", 1),
    "head_up": ("head_pitch", 1),
    "head_down": ("head_pitch", -1),
    "gaze_left": ("gaze_x", -1),
    "gaze_right": ("gaze_x", 1),
    "gaze_up": ("gaze_y", -1),
    "gaze_down": ("gaze_y", 1),
    "sight_left": ("sight", -1),
    "sight_right": ("sight", 1),
}
"""One side of a deviation, as the picture shows it: the signal, and the sign that it has on that side."""

_HAND_SLOTS = ("hand_at_face", "hand_signal", "hand_holding")
_SPEECH_SLOTS = ("speech", "other_voice", "level_dbfs")
_IDENTITY_SLOTS = ("identity",)
BROWSER_SIGNS: tuple[BrowserSign, ...] = tuple(sign for sign in get_args(BrowserSign) if sign != "alive")
MOMENTARY = ("copied", "pasted")
FLAGS = (*BROWSER_SIGNS, "frozen", "looped", "framed", "covered")
"""Signals that are 1 or 0."""
OBJECT, SECOND = "object:", "second:"
"""Prefixes of a label: confidence of the best box, and of the second best (two persons)."""

SLOTS: dict[Stream, tuple[str, ...]] = {
    "faces": _FACE_SLOTS,
    "objects": (),
    "hands": _HAND_SLOTS,
    "speech": _SPEECH_SLOTS,
    "identity": _IDENTITY_SLOTS,
    "browser": BROWSER_SIGNS,
}
_NEEDS: dict[str, Needs] = {
    **dict.fromkeys(("face_count", "absent", "turned_away"), "count"),
    **dict.fromkeys(("head_yaw", "head_pitch", "head_roll"), "face"),
    **dict.fromkeys(("gaze_x", "gaze_y", "sight"), "face"),
    **dict.fromkeys(("eye_openness", "mouth_openness", "mouth_change"), "face"),
    "face_width": "face",
    "other_voice": "voice",
}
_POSE, _GAZE, _OPENNESS = slice(1, 4), slice(4, 7), 7
_NO_POSE = _NO_GAZE = (None, None, None)
_NO_FACE = (None,) * 10
_LOST_MS = 5_000  # who sits too far away to be read is found again and again
_MAYBE = 0.4  # of the certainty that a phone is in view
_PRESENT = 0.5  # of the certainty that a person is in the picture
_MOUTH_STEP_MS = 1500  # two looks further apart say nothing about how a mouth moves
_MOUTH_MEAN_MS = 500
_YAWN = 0.45  # of height over width; measured: talk stays below, yawns reach 0.6 and more


@dataclass(frozen=True, slots=True)
class Source:
    """Where a signal comes from: the stream, its slot there, which side of it (0: its size), what it needs."""

    stream: Stream
    slot: str
    side: int
    needs: Needs


def source_of(signal: str) -> Source | None:
    """Where a signal comes from; None: there is no such signal."""
    slot, side = SIDES.get(signal, (signal, 0))
    for stream, slots in SLOTS.items():
        if slot in slots:
            return Source(stream, slot, side, _NEEDS.get(slot, "anything"))
    for prefix in (OBJECT, SECOND):
        label = signal.removeprefix(prefix)
        if signal.startswith(prefix) and label.replace("_", "").isalpha() and label.islower():
            return Source("objects", signal, 0, "clear")
    return None


def signal_names() -> tuple[str, ...]:
    """Every signal, for people who write policies."""
    fixed = tuple(slot for slots in SLOTS.values() for slot in slots)
    return (*fixed, *SIDES, f"{OBJECT}<label>", f"{SECOND}<label>")


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


def count_faces(floor: QualityFloor, seen: FaceObserved, last_share: float, since_ms: int = 0) -> int:
    """How many faces are in the picture; -1: not known.

    A miss counts only in a clear picture. Where the last face, `since_ms` ago, was already too small to be found
    reliably, it counts only where no person is seen either.
    """
    if len(seen.faces) == 1:  # nearly always
        return 1 if seen.faces[0].width_share >= floor.min_face_share else -1
    if seen.faces:
        return sum(face.width_share >= floor.min_face_share for face in seen.faces) or -1
    is_seen = seen.person is None or seen.person >= _PRESENT
    lost = 0.0 < last_share < floor.min_face_share and since_ms <= _LOST_MS and is_seen
    return 0 if is_clear(floor, seen.quality) and not lost else -1


def face_values(
    floor: QualityFloor, baseline: tuple[float, ...] | None, seen: FaceObserved, count: int, mouth: float | None
) -> list[float | None]:
    """The signals of one look at faces, in the order of the slots; the pose is the largest face's.

    `baseline`: the person's own, order of MEASURES. `mouth`: how far it moved, None when not known.
    """
    known = float(count) if count >= 0 else None
    rest = (*_picture_values(seen.quality), *_presence(seen, count))
    measures = measures_of(seen.faces[0]) if baseline is not None and count > 0 else None
    if measures is None or baseline is None:
        return [known, *_NO_FACE, *rest]
    face, least = seen.faces[0], floor.min_confidence
    openness = measures[5] / baseline[5] if baseline[5] > 0.0 else None
    values: list[float | None] = [
        known,
        measures[0] - baseline[0],
        measures[1] - baseline[1],
        measures[2] - baseline[2],
        measures[3] - baseline[3],
        measures[4] - baseline[4],
        None if face.sight_yaw_deg is None else measures[7] - baseline[7],
        openness,
        measures[6] / baseline[6] if baseline[6] > 0.0 else None,
        mouth,
        face.width_share,
        *rest,
    ]
    if openness is not None and openness < floor.eyes_closed_below:
        values[_GAZE] = (
            0.0,
            0.0,
            0.0,
        )  # closed eyes look nowhere; a bowed head lowers the lids: the head still counts
    if face.pose_confidence < least:
        values[_POSE] = _NO_POSE
    if face.gaze_confidence < least:
        values[_GAZE] = _NO_GAZE
    if face.openness_confidence < least:
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
    if now is None or not isfinite(now):
        return None, None
    if before is None or step_ms > _MOUTH_STEP_MS:
        return None, now
    if now >= _YAWN or before >= _YAWN:
        return 0.0, now
    return abs(now - before), before + (now - before) * step_ms / (step_ms + _MOUTH_MEAN_MS)


def object_values(seen: ObjectsObserved, slots: Mapping[str, int], clear: bool) -> list[float | None]:
    """The confidences that `slots` ask for; what was not found is unknown in a bad picture, and what the model does not
    know is unknown always."""
    values = list(_nothing_found(tuple(slots), seen.knows, clear))
    best: dict[str, float] = {}
    for one in sorted(seen.objects, key=lambda found: -found.confidence) if len(seen.objects) > 1 else seen.objects:
        if not 0.0 < one.confidence <= 1.0:
            continue
        signal = (SECOND if one.label in best else OBJECT) + one.label
        if signal in slots and not (best.get(signal)):
            values[slots[signal]] = best[signal] = one.confidence
        best[one.label] = one.confidence
    return values


@lru_cache(maxsize=64)
def _nothing_found(signals: tuple[str, ...], knows: int, clear: bool) -> tuple[float | None, ...]:
    """The values of a look that found none of the labels that its model knows, in the order of the slots."""
    return tuple(0.0 if clear and is_known(signal, knows) else None for signal in signals)


def is_known(signal: str, knows: int) -> bool:
    """Whether a model that knows the labels `knows` (bits; -1: not asked) can see an object signal."""
    label = label_of(signal)
    return knows < 0 or (label in TAXONOMY and bool(knows >> TAXONOMY.index(label) & 1))


def label_of(signal: str) -> str:
    """The label of an object signal."""
    return signal.removeprefix(OBJECT).removeprefix(SECOND)


def shows_phone(seen: ObjectsObserved) -> bool:
    """Whether a phone may be in view."""
    return any(one.label == "phone" and one.confidence >= _MAYBE for one in seen.objects)


def hand_values(seen: HandsObserved, phone_in_view: bool) -> list[float | None]:
    """In the order of the slots. A hand beside a phone holds it and does not sign, however its fingers stand."""
    signalling = 0.0 if phone_in_view else _finite(seen.signalling)
    return [_finite(seen.at_face), signalling, _finite(seen.holding)]


def speech_values(seen: SpeechObserved) -> tuple[float | None, float | None, float | None]:
    """Speech, somebody else's as the detector says, loudness: the order of the slots."""
    return _finite(seen.speech), _finite(seen.other), _finite(seen.level_dbfs)


def identity_values(seen: IdentityObserved) -> list[float | None]:
    """In the order of the slots."""
    return [_finite(seen.similarity)]


def browser_values(standing: int) -> list[float | None]:
    """In the order of the slots; bit n of `standing` is slot n."""
    return [float(standing >> place & 1) for place in range(len(BROWSER_SIGNS))]


def standing_after(standing: int, report: BrowserReported) -> tuple[int, int]:
    """What the page says now, and what of it still stands at its next report."""
    if report.sign == "alive":
        return standing, standing
    bit = 1 << BROWSER_SIGNS.index(report.sign)
    now = standing | bit if report.on else standing & ~bit
    return now, now & ~bit if report.sign in MOMENTARY else now


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
