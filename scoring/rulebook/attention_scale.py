"""A policy's scale of attention, ready to use."""

from dataclasses import dataclass

from scoring.rulebook.policy_document import AttentionRules, PolicyDocument
from scoring.rulebook.signals import SLOTS

_SLOT = {signal: SLOTS["faces"].index(signal) for signal in ("head_yaw", "head_pitch", "gaze_x", "gaze_y", "sight")}


@dataclass(frozen=True, slots=True)
class Scale:
    """The rules of attention ready to use: (slot, free, lost) of each deviation, levels from the highest down."""

    smoothing_ms: int
    deviations: tuple[tuple[int, float, float], ...]
    levels: tuple[tuple[int, str], ...]
    absent: str
    eyes_closed_below: float


def scale_of(spec: PolicyDocument) -> Scale | None:
    """The policy's scale; None: it does not measure attention."""
    rules = spec.attention
    if rules is None:
        return None
    deviations = tuple((_SLOT[signal], level.free, level.lost) for signal, level in sorted(rules.deviations.items()))
    return Scale(rules.smoothing_ms, deviations, _levels(rules), rules.absent, spec.quality.eyes_closed_below)


def _levels(rules: AttentionRules) -> tuple[tuple[int, str], ...]:
    return tuple(sorted(((round(least * 1000), name) for name, least in rules.levels.items()), reverse=True))
