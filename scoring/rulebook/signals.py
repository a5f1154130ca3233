"""Signals: the numbers that rules speak of. Which there are, which detector says them, what must be known for them.

None means unknown: never held against anyone. Deviations are kept with their sign; a test looks at their size or at one
side of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ingest.messages import BrowserSign

Stream = Literal["faces", "objects", "hands", "speech", "identity", "browser"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
Needs = Literal["anything", "count", "body", "face", "eyes", "clear", "voice"]
"""What must be known for a signal to be: nothing but a look, the number of faces, whether somebody without a face is
there, a face's pose, open eyes, a clear picture, whose voice it is."""

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
    "head_turn",
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
SPREADS = {**DEVIATIONS, "mouth_change": MEASURES.index("mouth_openness")}
"""Signal -> place in MEASURES of the spread that widens its limits: what swings while the person sits still, because of
the person or of a bad picture, is no sign of anything."""

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
    **dict.fromkeys(("face_count", "absent"), "count"),
    "turned_away": "body",
    **dict.fromkeys(("head_yaw", "head_pitch", "head_roll", "head_turn"), "face"),
    **dict.fromkeys(("gaze_x", "gaze_y", "sight"), "face"),
    **dict.fromkeys(("eye_openness", "mouth_openness", "mouth_change"), "face"),
    "face_width": "face",
    "other_voice": "voice",
}


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


def label_of(signal: str) -> str:
    """The label of an object signal."""
    return signal.removeprefix(OBJECT).removeprefix(SECOND)
