"""Black bars at two opposite edges: the picture was fitted into another shape, as players and virtual cameras do."""

from dataclasses import dataclass

import numpy as np

from detectors.liveness.thumbnail import Luma

# Measured: at JPEG quality 40 to 95 a bar's blocks differ by at most 1 level; the edges of real pictures by more.
EVEN_LEVELS = 1.0
BLACK_LEVELS = 24.0
EDGE_LEVELS = 8.0
"""Behind a bar the picture begins: its blocks differ from the bar's by more than this somewhere."""
WIDEST = 0.4
HELD_MS = 5_000


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars have been there since `since_ms`, None: there are none; the last picture was that of `last_ms`."""

    since_ms: int | None
    last_ms: int


def bars_after(before: Bars | None, capture_ms: int, luma: Luma) -> Bars:
    """The state after one more picture."""
    if not (_has_bars(luma) or _has_bars(luma.T)):
        return Bars(None, capture_ms)
    since_ms = capture_ms if before is None or before.since_ms is None else before.since_ms
    return Bars(since_ms, capture_ms)


def is_framed(bars: Bars) -> bool:
    """Whether bars have been there for long enough."""
    return bars.since_ms is not None and bars.last_ms - bars.since_ms >= HELD_MS


def _has_bars(luma: Luma) -> bool:
    """Whether the first and the last rows are evenly black, and the picture begins behind them."""
    level = float(luma[0].mean())
    if level > BLACK_LEVELS:
        return False
    even = np.abs(luma - level).max(axis=1) <= EVEN_LEVELS
    top, bottom = _run(even), _run(even[::-1])
    if not 0 < top <= WIDEST * len(luma) or not 0 < bottom <= WIDEST * len(luma):
        return False
    inner = luma[top : len(luma) - bottom]
    return bool(np.abs(inner - level).max() > EDGE_LEVELS and abs(top - bottom) <= 1)


def _run(marks: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> int:
    return int(marks.argmin()) if not marks.all() else len(marks)
