"""Geometry of the report's picture: where things stand in percent of the session, the curves of risk and attention.

The curve is drawn in a box of WIDTH by HEIGHT that the page stretches to its own width; words are never inside it, so
that they keep their size on a phone.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sinks.report.model import SAMPLE_MS, ReportSample
from sinks.report.wording import axis_clock

WIDTH, HEIGHT = 1000.0, 200.0
MOST_POINTS = 1_200
MOST_TICKS = 7
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)
_LEVELS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a place of an axis, `at` in percent of its length."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """SVG paths of the stacked risk and the scale beside them."""

    permanent: str
    total: str
    outline: str
    levels: tuple[Mark, ...]
    peak: float


def percent_of(ms: int, duration_ms: int) -> float:
    """Where a moment stands, 0-100, rounded so that the same report gives the same page."""
    return round(min(100.0, max(0.0, ms * 100 / max(1, duration_ms))), 3)


def time_marks(duration_ms: int) -> tuple[Mark, ...]:
    """At most MOST_TICKS round moments from 0 on."""
    step_ms = next((s * 1000 for s in _STEPS_S if duration_ms <= s * 1000 * MOST_TICKS), 28_800_000)
    moments = range(0, max(1, duration_ms - step_ms // 4), step_ms)
    return tuple(Mark(percent_of(ms, duration_ms), axis_clock(ms)) for ms in moments)


def risk_curve(samples: Sequence[ReportSample], duration_ms: int) -> Curve:
    """The permanent risk below, the temporary on top of it."""
    shown = _thinned([s for s in samples if math.isfinite(_total(s))], _total)
    peak = max((_total(s) for s in shown), default=0.0)
    top = _ceiling(peak)
    xs = [percent_of(s.at_ms, duration_ms) * WIDTH / 100 for s in shown]
    permanent = _points(xs, [s.permanent for s in shown], top)
    total = _points(xs, [_total(s) for s in shown], top)
    return Curve(_area(permanent), _area(total), _line(total), _levels(top), peak)


def attention_line(samples: Sequence[ReportSample], duration_ms: int) -> str:
    """SVG path of attention, 0 below and 100 above, broken where it is not known; empty when it never was."""
    runs = groupby(_thinned(samples, _attention), key=lambda s: s.attention is None)
    return "".join(_attention_run(list(run), duration_ms) for is_gap, run in runs if not is_gap)


def _attention_run(run: Sequence[ReportSample], duration_ms: int) -> str:
    """One stretch; a single second is drawn as a second."""
    first = replace(run[0], at_ms=run[0].at_ms - SAMPLE_MS)
    xs = [percent_of(s.at_ms, duration_ms) * WIDTH / 100 for s in (first, *run)]
    return _line(_points(xs, [-_attention(s) for s in (first, *run)], 100.0))


def _attention(sample: ReportSample) -> float:
    """Below zero, so that the worst moment of a stretch is its greatest; what is not known is less than all."""
    return -math.inf if sample.attention is None else -sample.attention


def _total(sample: ReportSample) -> float:
    return sample.temporary + sample.permanent


def _thinned(samples: Sequence[ReportSample], key: Callable[[ReportSample], float]) -> list[ReportSample]:
    """At most about MOST_POINTS samples: of each stretch the one with the greatest `key`, so that no peak is lost."""
    stretch = max(1, math.ceil(len(samples) / MOST_POINTS))
    numbered = groupby(enumerate(samples), key=lambda pair: pair[0] // stretch)
    return [max((s for _, s in run), key=key) for _, run in numbered]


def _ceiling(peak: float) -> float:
    """A round number above the peak, at least 10 points."""
    need = max(10.0, peak * 1.05)
    scale = 10.0 ** math.floor(math.log10(need))
    return next(level * scale for level in _LEVELS if level * scale >= need)


def _levels(top: float) -> tuple[Mark, ...]:
    return tuple(Mark(100 - share * 100, f"{top * share:g}") for share in (0.0, 0.5, 1.0))


def _points(xs: Sequence[float], values: Sequence[float], top: float) -> list[str]:
    return [f"{x:g} {round(HEIGHT * (1 - max(0.0, v) / top), 2):g}" for x, v in zip(xs, values, strict=True)]


def _area(points: Sequence[str]) -> str:
    if not points:
        return ""
    first, last = points[0].split()[0], points[-1].split()[0]
    return f"M{first} {HEIGHT:g}L{'L'.join(points)}L{last} {HEIGHT:g}Z"


def _line(points: Sequence[str]) -> str:
    return f"M{'L'.join(points)}" if points else ""
