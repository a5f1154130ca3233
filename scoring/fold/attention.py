"""Attention, 0 to 100: how far head and eyes are from the person's own middle, smoothed; 0 while nobody is there.

A deviation costs nothing up to its `free` level and everything from `lost` on; the worst one counts, closed eyes cost
everything. Smoothing is a low-pass of first order over event time, in arithmetic that is the same on every machine.
What is not known changes nothing. Points are in thousandths.
"""

from scoring.fold.person import Attention
from scoring.rulebook.attention_scale import Scale
from scoring.rulebook.signals import SLOTS, Values

FULL = 100_000
_COUNT, _EYES = SLOTS["faces"].index("face_count"), SLOTS["faces"].index("eye_openness")


def attend(scale: Scale, before: Attention | None, values: Values, at_ms: int, seen_ms: int) -> Attention | None:
    """Attention after one look at faces; None: it was never known."""
    instant = _instant(scale, values)
    if instant is None:
        return before
    if before is None:
        return Attention(instant, at_ms)
    now = before.now + (instant - before.now) * seen_ms // (scale.smoothing_ms + seen_ms)
    return Attention(now, at_ms, before.sum + now * seen_ms, before.known_ms + seen_ms)


def _instant(scale: Scale, values: Values) -> int | None:
    if values[_COUNT] == 0.0:
        return 0
    eyes = values[_EYES]
    if eyes is None:
        return None
    if eyes < scale.eyes_closed_below:
        return 0
    worst = 0.0
    for slot, free, lost in scale.deviations:
        value = values[slot]
        if value is not None and not -free <= value <= free:
            worst = max(worst, min(1.0, (abs(value) - free) / (lost - free)))
    return round(FULL * (1.0 - worst))


def mean(attention: Attention | None) -> float | None:
    """The mean over the time in which it was known, 0-100."""
    if attention is None:
        return None
    return round((attention.sum // attention.known_ms if attention.known_ms else attention.now) / 1000, 1)


def name_of(scale: Scale, thousandths: int, faces: int) -> str:
    """The name of the highest level that is reached, or of being absent."""
    if faces == 0:
        return scale.absent
    for least, name in scale.levels:
        if thousandths >= least:
            return name
    return scale.levels[-1][1]
