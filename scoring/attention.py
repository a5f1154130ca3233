"""Attention, 0 to 100: how far head and eyes are from the person's own middle, smoothed; 0 while nobody is there.

A deviation costs nothing up to its `free` level and everything from `lost` on; the worst one counts, closed eyes cost
everything. Smoothing is a low-pass of first order over event time, in arithmetic that is the same on every machine.
What is not known changes nothing. Points are in thousandths.
"""

from scoring.policy_document import AttentionRules, QualityFloor
from scoring.signals import SLOTS, Values
from scoring.state import Attention

FULL = 100_000
_COUNT, _EYES = SLOTS["faces"].index("face_count"), SLOTS["faces"].index("eye_openness")
_SLOT = {signal: SLOTS["faces"].index(signal) for signal in ("head_yaw", "head_pitch", "gaze_x", "gaze_y")}
UNKNOWN = ""


def attend(
    rules: AttentionRules, floor: QualityFloor, before: Attention | None, values: Values, at_ms: int, seen_ms: int
) -> Attention | None:
    """Attention after one look at faces; None: it was never known."""
    instant = _instant(rules, floor, values)
    if instant is None:
        return before
    if before is None:
        return Attention(instant, at_ms)
    now = before.now + (instant - before.now) * seen_ms // (rules.smoothing_ms + seen_ms)
    return Attention(now, at_ms, before.sum + now * seen_ms, before.known_ms + seen_ms)


def _instant(rules: AttentionRules, floor: QualityFloor, values: Values) -> int | None:
    if values[_COUNT] == 0.0:
        return 0
    eyes = values[_EYES]
    if eyes is None:
        return None
    if eyes < floor.eyes_closed_below:
        return 0
    worst = 0.0
    for signal, level in rules.deviations.items():
        value = values[_SLOT[signal]]
        if value is not None:
            worst = max(worst, min(1.0, (abs(value) - level.free) / (level.lost - level.free)))
    return round(FULL * (1.0 - worst))


def mean(attention: Attention | None) -> float | None:
    """The mean over the time in which it was known, 0-100."""
    if attention is None:
        return None
    return round((attention.sum // attention.known_ms if attention.known_ms else attention.now) / 1000, 1)


def name_of(rules: AttentionRules, thousandths: int, faces: int) -> str:
    """The name of the highest level that is reached, or of being absent."""
    if faces == 0:
        return rules.absent
    levels = sorted(rules.levels.items(), key=lambda level: -level[1])
    return next((name for name, least in levels if thousandths >= least * 1000), levels[-1][0])
