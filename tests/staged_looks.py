"""What detectors and the page report in staged exams: one look each, and how each behaviour shows itself in it."""

from typing import Any, Literal

from detectors.messages import (
    DetectedObject,
    Face,
    FaceObserved,
    HandsObserved,
    IdentityObserved,
    ObjectsObserved,
    PictureQuality,
    SpeechObserved,
)
from ingest.messages import BrowserReported, BrowserSign

Behaviour = Literal[
    "normal", "absent", "two", "away", "away_left", "aside", "aside_left", "closed", "bowed", "raised", "swaying",
    "talking", "distant", "phone", "faint_phone", "notes", "pen", "company", "cheating", "hand_at_face", "signalling",
    "holding", "speaking", "other_voice", "stranger", "tab_hidden", "window_blurred", "fullscreen_left", "copied",
    "pasted", "dark", "dim", "covered", "frozen", "senseless", "missing",
]  # fmt: skip
REST = Face(
    box_xyxy=(200.0, 100.0, 360.0, 300.0),
    yaw_deg=1.0,
    pitch_deg=-9.0,
    roll_deg=0.5,
    gaze_x=0.01,
    gaze_y=-0.05,
    eye_openness=0.3,
    mouth_openness=0.05,
    width_share=0.25,
)
GOOD = PictureQuality(brightness=130.0, sharpness=210.0)
_CHANGES: dict[str, dict[str, float]] = {
    "away": {"yaw_deg": 36.0},
    "away_left": {"yaw_deg": -34.0},
    "aside": {"gaze_x": 0.12},
    "aside_left": {"gaze_x": -0.1},
    "closed": {"eye_openness": 0.1, "gaze_x": 0.12},
    "bowed": {"pitch_deg": -40.0, "eye_openness": 0.12},
    "raised": {"pitch_deg": 22.0},
    "distant": {"width_share": 0.04},
    "senseless": {"yaw_deg": float("nan"), "gaze_x": float("inf")},
}
_THINGS: dict[str, dict[str, float]] = {
    "phone": {"phone": 0.8},
    "faint_phone": {"phone": 0.45},
    "notes": {"notes": 0.7},
    "pen": {"pen": 0.7},
    "senseless": {"phone": float("nan"), "notes": float("inf")},
}
_PEOPLE = {"company": ("person", "person"), "cheating": ("person", "person", "pen", "notes")}
SIGNS: dict[str, BrowserSign] = {
    "tab_hidden": "tab_hidden",
    "window_blurred": "window_blurred",
    "fullscreen_left": "fullscreen_left",
    "copied": "copied",
    "pasted": "pasted",
}
"""What the page says while a behaviour goes on."""


def faces_of(behaviour: Behaviour, seq: int = 0) -> tuple[Face, ...]:
    """The faces that somebody who behaves like this shows in frame `seq`: mouths and swaying heads move."""
    if behaviour in ("absent", "dark", "covered"):
        return ()
    if behaviour == "two":
        return REST, face_like(width_share=0.14)
    if behaviour == "speaking":
        return (face_like(mouth_openness=0.05 + 0.07 * (seq // 2 % 2)),)
    if behaviour == "talking":
        return (face_like(mouth_openness=0.05 + 0.35 * (seq % 2)),)
    if behaviour == "swaying":
        return (face_like(yaw_deg=1.0 + 8.0 * (seq % 3 - 1)),)
    return (face_like(**_CHANGES.get(behaviour, {})),)


def face_like(**changes: float) -> Face:
    """The face at rest with some numbers changed."""
    fields = {name: getattr(REST, name) for name in Face.__struct_fields__}
    return Face(**(fields | changes))


def quality_of(behaviour: Behaviour) -> PictureQuality:
    """A dark picture is dark, a covered lens is without detail, a frozen one is the one before."""
    return PictureQuality(
        brightness={"dark": 8.0, "dim": 45.0}.get(behaviour, 130.0),
        sharpness=1.0 if behaviour == "covered" else 210.0,
        frozen=behaviour == "frozen",
    )


def _look(kind: str, session: str, seq: int, at_ms: int, first: int = 1000) -> dict[str, Any]:
    """What every look names; `first`: the offset of the session's first record of its kind."""
    return {
        "session": session,
        "seq": seq,
        "capture_ms": at_ms,
        "ingested_ms": at_ms + 5,
        "partition": 3,
        "offset": first + seq,
        "model": f"{kind}-test",
    }


def face_observed(
    session: str, seq: int, at_ms: int, faces: tuple[Face, ...], quality: PictureQuality = GOOD
) -> FaceObserved:
    """One look for faces."""
    return FaceObserved(
        **_look("face", session, seq, at_ms),
        faces=faces,
        quality=quality,
    )


def objects_shown(session: str, seq: int, at_ms: int, behaviour: Behaviour) -> ObjectsObserved:
    """One look for objects while somebody behaves like this."""
    if behaviour in _PEOPLE:
        return boxes_observed(session, seq, at_ms, tuple((label, 0.7) for label in _PEOPLE[behaviour]))
    return objects_observed(session, seq, at_ms, _THINGS.get(behaviour, {}))


def objects_observed(session: str, seq: int, at_ms: int, confidences: dict[str, float]) -> ObjectsObserved:
    """One look for objects; `confidences` by label."""
    return boxes_observed(session, seq, at_ms, tuple(confidences.items()))


def boxes_observed(session: str, seq: int, at_ms: int, boxes: tuple[tuple[str, float], ...]) -> ObjectsObserved:
    """One look for objects; labels may come more than once."""
    box = (10.0, 10.0, 60.0, 90.0)
    return ObjectsObserved(
        **_look("objects", session, seq, at_ms),
        objects=tuple(DetectedObject(label=label, confidence=value, box_xyxy=box) for label, value in boxes),
    )


def hands_observed(session: str, seq: int, at_ms: int, behaviour: Behaviour) -> HandsObserved:
    """One look at hands."""
    return HandsObserved(
        **_look("hands", session, seq, at_ms),
        at_face=0.75 if behaviour == "hand_at_face" else 0.05,
        signalling={"signalling": 0.85, "senseless": float("inf")}.get(behaviour, 0.05),
        holding=0.7 if behaviour == "holding" else 0.05,
    )


def speech_observed(session: str, seq: int, at_ms: int, behaviour: Behaviour) -> SpeechObserved:
    """One record of sound."""
    return SpeechObserved(
        **_look("speech", session, seq, at_ms, 7000),
        speech=0.9 if behaviour in ("speaking", "other_voice") else 0.0,
        other=0.8 if behaviour == "other_voice" else 0.1,
        level_dbfs=float("-inf") if behaviour == "senseless" else -30.0,
    )


def identity_observed(session: str, seq: int, at_ms: int, behaviour: Behaviour) -> IdentityObserved:
    """One comparison with the registered face."""
    return IdentityObserved(
        **_look("identity", session, seq, at_ms),
        similarity={"stranger": 0.1, "senseless": float("nan")}.get(behaviour, 0.82),
    )


def page_reported(session: str, seq: int, at_ms: int, sign: BrowserSign, on: bool = True) -> BrowserReported:
    """One report of the page."""
    return BrowserReported(session=session, seq=seq, capture_ms=at_ms, ingested_ms=at_ms + 5, sign=sign, on=on)
