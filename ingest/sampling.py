"""Which pictures of a source become frames: a set rate by capture time, whatever the source's own rate is.

The two states here are small and move with every picture: `CaptureClock` makes a time that never goes back out of
what a container says, `Sampler` chooses by that time.
"""

import math
from dataclasses import dataclass

GRID_SLACK = 0.1  # a picture this share of the interval early still takes its place: cameras jitter by some per cent
LARGEST_STEP_BACK_MS = 1_000  # more is a clock that started anew, less is two pictures out of order
LARGEST_GAP_MS = 3_600_000  # more is a broken clock, less may be a true pause of a recording
PLAUSIBLE_FPS = (0.05, 240.0)  # a container that states less or more than this does not know its rate
FALLBACK_FPS = 25.0
LATE = 1.5  # frames taken from a grid that is not the source's own come up to half an interval late


def frame_interval_ms(rate_fps: float) -> int:
    """The time between two frames at `rate_fps`, at least 1 ms."""
    return max(1, round(1000 / rate_fps))


def spacing_ms(meant_ms: int, last_ms: int) -> int:
    """The time between two frames: what is meant, unless the last one took LATE times as long (`last_ms` 0: none yet).

    Cameras slow down in the dark and sources may be slower than the rate that was asked for.
    """
    return last_ms if last_ms > LATE * meant_ms else meant_ms


def stated_interval_ms(fps: float) -> float:
    """The time between two pictures that a container's rate means; that of FALLBACK_FPS when the rate is nonsense."""
    low, high = PLAUSIBLE_FPS
    return 1000 / (fps if low <= fps <= high else FALLBACK_FPS)


class Sampler:
    """Chooses the picture nearest behind each point of an even grid; a gap leaves points empty."""

    def __init__(self, rate_fps: float) -> None:
        if rate_fps <= 0:
            raise ValueError("a sampling rate must be above 0")
        self._interval_ms = 1000 / rate_fps
        self._next_point = 0

    def wants(self, offset_ms: int) -> bool:
        """Whether the picture at `offset_ms` becomes a frame. Offsets never fall from one call to the next."""
        point = int(offset_ms / self._interval_ms + GRID_SLACK)
        if point < self._next_point:
            return False
        self._next_point = point + 1
        return True


@dataclass(slots=True)
class CaptureClock:
    """Capture offsets that never go back, from the timestamps of a container.

    A container without timestamps (all 0 or negative) is counted through at `interval_ms`. A small step back is a
    picture out of order and has no time (None: leave it out); a large one, or a gap of hours, is a clock that started
    anew, and time goes on where it was.
    """

    interval_ms: float
    _read: int = 0
    _shift_ms: float = 0.0
    _last_ms: float = -1.0
    _step_ms: float = math.inf
    _stamped: bool = False

    def offset_ms(self, timestamp_ms: float) -> int | None:
        """The offset of the next picture, in ms since the first."""
        self._stamped = self._stamped or timestamp_ms > 0
        raw_ms = timestamp_ms if self._stamped else self._read * self.interval_ms
        self._read += 1
        if self._last_ms < 0:
            self._shift_ms = -raw_ms
        at_ms = raw_ms + self._shift_ms
        step_ms = at_ms - self._last_ms
        if self._last_ms >= 0 and not -LARGEST_STEP_BACK_MS < step_ms < LARGEST_GAP_MS:
            at_ms = self._last_ms + self.interval_ms
            self._shift_ms = at_ms - raw_ms
        elif step_ms <= 0:
            return None
        if self._last_ms >= 0:
            self._step_ms = at_ms - self._last_ms
        self._last_ms = at_ms
        return round(at_ms)

    @property
    def end_ms(self) -> int:
        """The end of the last picture: its offset and one interval, the stated one or a shorter one seen last."""
        return 0 if self._last_ms < 0 else round(self._last_ms + min(self.interval_ms, self._step_ms))
