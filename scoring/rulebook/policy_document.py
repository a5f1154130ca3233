"""A policy as it is written: its tables, their fields and the range of each. default.toml says what they mean."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from scoring.rulebook.rule_document import Amount, Finite, Label, Millis, Rule, Section, Share, Window


class QualityFloor(Section, frozen=True, omit_defaults=True):
    """Below this a miss proves nothing. Brightness: mean luma; sharpness: variance of the Laplacian at 160 px width.

    `min_confidence`: of a pose, a gaze, the eyes' openness; below, the number is unknown.
    """

    min_brightness: float
    min_sharpness: float
    min_face_share: float
    eyes_closed_below: float
    min_confidence: Share = 0.0


class Evidence(Section, frozen=True):
    """How missing frames are bridged; see default.toml."""

    bridged_steps: Annotated[float, Meta(ge=1.0, le=10.0)]
    longest_step_ms: Annotated[int, Meta(ge=1, le=60_000)]
    browser_silence_ms: Millis = 30_000


class Fallback(Section, frozen=True, omit_defaults=True):
    """The baseline of somebody who could not be calibrated, in the order of signals.MEASURES."""

    yaw_deg: Finite
    pitch_deg: Finite
    roll_deg: Finite
    gaze_x: Finite
    gaze_y: Finite
    eye_openness: Finite
    mouth_openness: Finite
    sight_yaw_deg: Finite = 0.0

    @property
    def measures(self) -> tuple[float, ...]:
        """In the order of MEASURES."""
        return msgspec.structs.astuple(self)


class CalibrationRules(Section, frozen=True, omit_defaults=True):
    """How the person's own baseline is learnt; angles in degrees, gaze as a share of the eye's width."""

    duration_ms: Millis
    min_share: Share
    min_frames: Annotated[int, Meta(ge=1, le=96)]
    max_yaw_deg: Amount
    max_pitch_deg: Amount
    max_roll_deg: Amount
    spreads: Amount
    widest: Annotated[float, Meta(ge=1.0, le=10.0)]
    fallback: Fallback
    max_gaze: Amount = 1.0
    max_move_deg: Amount = 180.0
    extensions: Annotated[int, Meta(ge=0, le=1)] = 0


class ScoreRules(Section, frozen=True):
    """How risk fades."""

    decay_per_s: Annotated[float, Meta(ge=0.0, le=1000.0)]


class Classes(Section, frozen=True):
    """Where confidence turns into a class."""

    confidence_points: Annotated[float, Meta(gt=0.0, le=1_000_000.0)]
    borderline: Share
    suspicious: Share
    high_risk: Share


class Level(Section, frozen=True):
    """A deviation that costs no attention up to `free` and all of it from `lost` on."""

    free: Amount
    lost: Amount


class AttentionRules(Section, frozen=True):
    """How attention (0-100) is measured: deviations by signal, smoothed; `levels` name it from the highest down."""

    smoothing_ms: Annotated[int, Meta(ge=1, le=600_000)]
    deviations: dict[Literal["head_yaw", "head_pitch", "gaze_x", "gaze_y", "sight"], Level]
    levels: Annotated[dict[Annotated[str, Meta(min_length=1, max_length=40)], Amount], Meta(min_length=1, max_length=8)]
    absent: Annotated[str, Meta(min_length=1, max_length=40)]


class ActivityRules(Section, frozen=True):
    """A period of high activity: at least `alerts` events begin within `window_ms`."""

    window_ms: Window
    alerts: Annotated[int, Meta(ge=2, le=32)]


class PolicyDocument(Section, frozen=True, omit_defaults=True):
    """A policy as written, complete."""

    schema: Literal[1]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    silence_ms: Annotated[int, Meta(ge=1000, le=86_400_000)]
    coverage_floor: Share
    evidence: Evidence
    quality: QualityFloor
    calibration: CalibrationRules
    score: ScoreRules
    classes: Classes
    rules: Annotated[dict[Label, Rule], Meta(max_length=64)]
    attention: AttentionRules | None = None
    activity: ActivityRules | None = None
