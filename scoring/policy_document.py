"""A policy as it is written: its tables, their fields and the range of each. default.toml says what they mean."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from scoring.signals import QualityFloor

Millis = Annotated[int, Meta(ge=0, le=86_400_000)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Amount = Annotated[float, Meta(ge=0.0, le=1_000_000.0)]
Finite = Annotated[float, Meta(ge=-1_000_000.0, le=1_000_000.0)]
RuleName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a policy: every field counts, an unknown one is an error."""


class Evidence(Section, frozen=True):
    """How missing frames are bridged; see default.toml."""

    bridged_steps: Annotated[float, Meta(ge=1.0, le=10.0)]
    longest_step_ms: Annotated[int, Meta(ge=1, le=60_000)]


class Fallback(Section, frozen=True):
    """The baseline of somebody who could not be calibrated, in the order of signals.MEASURES."""

    yaw_deg: Finite
    pitch_deg: Finite
    roll_deg: Finite
    gaze_x: Finite
    gaze_y: Finite
    eye_openness: Finite
    mouth_openness: Finite

    @property
    def measures(self) -> tuple[float, ...]:
        """In the order of MEASURES."""
        return msgspec.structs.astuple(self)


class CalibrationRules(Section, frozen=True):
    """How the person's own baseline is learnt; angles in degrees."""

    duration_ms: Millis
    min_share: Share
    min_frames: Annotated[int, Meta(ge=1, le=96)]
    max_yaw_deg: Amount
    max_pitch_deg: Amount
    max_roll_deg: Amount
    spreads: Amount
    widest: Annotated[float, Meta(ge=1.0, le=10.0)]
    fallback: Fallback


class ScoreRules(Section, frozen=True):
    """How risk fades."""

    decay_per_s: Annotated[float, Meta(ge=0.0, le=1000.0)]


class Classes(Section, frozen=True):
    """Where confidence turns into a class."""

    confidence_points: Annotated[float, Meta(gt=0.0, le=1_000_000.0)]
    borderline: Share
    suspicious: Share
    high_risk: Share


class Comparison(Section, frozen=True, omit_defaults=True):
    """One comparison of a signal: exactly one of `at_least` and `at_most`; `until` ends what they began."""

    signal: str
    at_least: Finite | None = None
    at_most: Finite | None = None
    until: Finite | None = None


class HeldRule(Section, frozen=True, tag_field="kind", tag="held", omit_defaults=True):
    """Fires when one of `when` was true for `hold_ms`; see default.toml for the rest."""

    says: Annotated[str, Meta(min_length=1, max_length=80)]
    hold_ms: Millis
    gap_ms: Millis
    clear_ms: Millis
    cooldown_ms: Millis
    points: Annotated[float, Meta(ge=0.0, le=1000.0)]
    cap: Annotated[float, Meta(ge=0.0, le=1000.0)]
    when: Annotated[tuple[Comparison, ...], Meta(min_length=1, max_length=16)]
    permanent: bool = False
    enabled: bool = True


Rule = HeldRule
"""Every kind of rule; more kinds join by their own tag."""


class PolicyDocument(Section, frozen=True):
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
    rules: Annotated[dict[RuleName, Rule], Meta(max_length=64)]
