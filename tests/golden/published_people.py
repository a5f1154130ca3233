"""Examples of the messages about who was recognised and of signs, kept apart so that older bundles stay."""

import msgspec

from detectors.messages import FaceObserved, PictureQuality
from ingest.messages import Notice
from scoring.messages import Recognised, Verdict
from tests.golden.exam_names import POLICY, SESSION, START_MS

NOTICES: dict[str, msgspec.Struct] = {
    "notice-1": Notice(session=SESSION, notice="AUTHORIZED", at_ms=START_MS + 4_000, ingested_ms=START_MS + 4_012),
}
SIGN_OBSERVATIONS: dict[str, msgspec.Struct] = {
    "face-1-cut": FaceObserved(
        session=SESSION,
        seq=62,
        capture_ms=START_MS + 31_000,
        ingested_ms=START_MS + 31_004,
        partition=3,
        offset=1202,
        model="9e1f0a4b5c6d7e8f",
        faces=(),
        quality=PictureQuality(brightness=118.5, sharpness=240.0, cut=True),
        person=0.02,
    ),
}
RECOGNISED_RISK: dict[str, msgspec.Struct] = {
    "verdict-1-recognised": Verdict(
        session=SESSION,
        policy=POLICY,
        revision=1,
        start_ms=START_MS,
        end_ms=START_MS + 90_000,
        closed_by="end",
        risk_class="CLEAN",
        confidence=0.0,
        integrity=100.0,
        temporary_peak=0.0,
        permanent=0.0,
        frames_observed=180,
        frames_dropped=0,
        coverage=0.9712,
        calibration="SUCCESS",
        rules=(),
        reasons=("The registered face was recognised at 0:04, in 42 of 43 looks (AUTHORIZED).",),
        observations="9a0c4e1f7b2d86355c0e9f1a2b3c4d5e",
        ingested_ms=START_MS + 90_007,
        anomalies={"picture_cut": 1, "virtual_camera": 1},
        identity=Recognised(status="AUTHORIZED", looks=43, alike=42, at_ms=START_MS + 4_000),
    ),
}
