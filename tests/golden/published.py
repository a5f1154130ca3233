"""One example of every message ever published, by its tag, and its bytes in `messages/`.

The bytes are never written anew: a message that cannot be read from them any more has changed its meaning and needs a
new tag. `python -m tests.golden.published` writes the bytes of examples that have none yet.
"""

from pathlib import Path

import msgspec

from detectors.messages import DetectedObject, Face, FaceObserved, FramesEnded, ObjectsObserved, PictureQuality
from ingest.messages import (
    DeadLetter,
    FrameHeader,
    FramesDropped,
    SessionEnded,
    SessionStarted,
    encode_bundle,
    encode_message,
)
from scoring.messages import (
    CalibrationFinished,
    RiskClosed,
    RiskOpened,
    RuleTotal,
    ScoreSample,
    Tick,
    Verdict,
)
from tests.golden.exam_names import EVENT_ID, POLICY, SESSION, START_MS, ref
from tests.golden.published_later import LATER_OBSERVATIONS, LATER_RISK
from tests.golden.published_people import NOTICES, RECOGNISED_RISK, SIGN_OBSERVATIONS
from tests.golden.published_sound import SOUND_HEADERS, SOUND_OBSERVATIONS

FOLDER = Path(__file__).parent / "messages"
FACE = Face(
    box_xyxy=(210.5, 96.0, 402.25, 331.75),
    yaw_deg=-3.25,
    pitch_deg=-9.5,
    roll_deg=0.75,
    gaze_x=0.012,
    gaze_y=-0.051,
    eye_openness=0.312,
    mouth_openness=0.043,
    width_share=0.2996,
)
OBSERVATIONS: dict[str, msgspec.Struct] = {
    "session-started-1": SessionStarted(
        session=SESSION, capture_ms=START_MS, source="exam.mp4", policy="{}", calibration_ms=8000, frame_interval_ms=100
    ),
    "session-started-1-bare": SessionStarted(session=SESSION, capture_ms=START_MS),
    "session-ended-1": SessionEnded(session=SESSION, capture_ms=START_MS + 90_000, frames_sent=900, reason="cancelled"),
    "frames-dropped-1": FramesDropped(
        session=SESSION, seq=41, from_ms=START_MS, to_ms=START_MS + 500, count=5, stage="detectors", reason="too old"
    ),
    "face-1": FaceObserved(
        session=SESSION,
        seq=140,
        capture_ms=START_MS + 14_000,
        ingested_ms=START_MS + 14_004,
        partition=3,
        offset=1140,
        model="face-mesh 0.10.21",
        faces=(FACE,),
        quality=PictureQuality(brightness=131.5, sharpness=214.25),
    ),
    "objects-1": ObjectsObserved(
        session=SESSION,
        seq=140,
        capture_ms=START_MS + 14_000,
        ingested_ms=START_MS + 14_004,
        partition=3,
        offset=1140,
        model="a94f0c",
        objects=(DetectedObject(label="phone", confidence=0.8125, box_xyxy=(380.0, 300.5, 450.0, 421.0)),),
    ),
    "frames-ended-1": FramesEnded(
        session=SESSION, seq=900, capture_ms=START_MS + 90_000, ingested_ms=START_MS + 90_007
    ),
    "tick-1": Tick(at_ms=START_MS + 1000),
}
RISK: dict[str, msgspec.Struct] = {
    "calibration-1": CalibrationFinished(
        session=SESSION,
        policy=POLICY,
        status="SUCCESS",
        start_ms=START_MS,
        end_ms=START_MS + 8000,
        frames=78,
        rejected={"eyes_closed": 2},
        baseline={"yaw_deg": -1.25, "gaze_x": 0.011},
        spread={"yaw_deg": 1.1, "gaze_x": 0.0104},
        ingested_ms=START_MS + 8004,
    ),
    "risk-opened-1": RiskOpened(
        event_id=EVENT_ID,
        session=SESSION,
        policy=POLICY,
        rule="looking_away",
        start_ms=START_MS + 14_000,
        fired_ms=START_MS + 17_000,
        points=6.0,
        permanent=False,
        onset=ref(140),
        ingested_ms=START_MS + 17_004,
    ),
    "risk-closed-1": RiskClosed(
        event_id=EVENT_ID,
        session=SESSION,
        policy=POLICY,
        rule="looking_away",
        start_ms=START_MS + 14_000,
        fired_ms=START_MS + 17_000,
        end_ms=START_MS + 19_900,
        points=6.0,
        permanent=False,
        signal="head_yaw",
        threshold=20.0,
        peak=37.25,
        hold_ms=3000,
        onset=ref(140),
        peak_frame=ref(171),
        end_frame=ref(199),
        ingested_ms=START_MS + 21_004,
    ),
    "score-1": ScoreSample(
        session=SESSION,
        policy=POLICY,
        at_ms=START_MS + 18_000,
        temporary=5.5,
        permanent=15.0,
        active=("looking_away",),
        frames=180,
        faces=1,
        seen=True,
        ingested_ms=START_MS + 18_104,
    ),
    "verdict-1": Verdict(
        session=SESSION,
        policy=POLICY,
        revision=1,
        start_ms=START_MS,
        end_ms=START_MS + 90_000,
        closed_by="end",
        risk_class="CLEAN",
        confidence=0.1813,
        integrity=94.0,
        temporary_peak=6.0,
        permanent=0.0,
        frames_observed=895,
        frames_dropped=5,
        coverage=0.9653,
        calibration="SUCCESS",
        rules=(RuleTotal(rule="looking_away", events=1, duration_ms=5900, points=6.0, coverage=0.8667),),
        reasons=("Looked away for 5.9 s at 0:14 (threshold 3.0 s).",),
        observations="9a0c4e1f7b2d86355c0e9f1a2b3c4d5e",
        ingested_ms=START_MS + 90_007,
    ),
}
LETTERS: dict[str, msgspec.Struct] = {
    "dead-letter-1": DeadLetter(
        topic="frames", partition=3, offset=1140, stage="detectors", reason="no picture", size_bytes=12
    ),
}
HEADERS: dict[str, msgspec.Struct] = {
    "frame-header-1": FrameHeader(
        session=SESSION, seq=140, capture_ms=START_MS, ingested_ms=START_MS + 4, width=640, height=480, max_age_ms=2000
    ),
    "frame-header-1-end": FrameHeader(
        session=SESSION, seq=900, capture_ms=START_MS, ingested_ms=START_MS, width=0, height=0, end=True
    ),
}
BUNDLES = {"bundle": tuple(OBSERVATIONS.values()), "bundle-full": tuple(LATER_OBSERVATIONS.values())}
OBSERVATIONS |= LATER_OBSERVATIONS | SOUND_OBSERVATIONS | SIGN_OBSERVATIONS
RISK |= LATER_RISK | RECOGNISED_RISK
EXAMPLES = OBSERVATIONS | RISK | LETTERS | HEADERS | SOUND_HEADERS | NOTICES


def golden(name: str) -> bytes:
    """The bytes as they were published."""
    return (FOLDER / f"{name}.msgpack").read_bytes()


def write_missing() -> None:
    """Keep the bytes of examples that are new."""
    values = {name: encode_message(example) for name, example in EXAMPLES.items()}
    values |= {name: encode_bundle(messages) for name, messages in BUNDLES.items()}
    for name, value in values.items():
        path = FOLDER / f"{name}.msgpack"
        if not path.exists():
            path.write_bytes(value)


if __name__ == "__main__":
    write_missing()
