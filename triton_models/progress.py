"""A line that says how far something is and how long it will take: rewritten on a terminal, now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

Item = TypeVar("Item")
TERMINAL_S, LOG_S = 0.2, 10.0
"""How often a line is written: a terminal is looked at, a log is kept."""


def time_left(done: int, total: int, spent_s: float) -> str:
    """How long the rest takes at the pace so far, in words; nothing before the first step."""
    if not done:
        return ""
    return f"{in_words((total - done) * spent_s / done)} left"


def in_words(seconds: float) -> str:
    """A time as a person says it: 45 s, 12 min, 3 h 20 min."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


class Progress:
    """Counts steps of a known number and says so on standard error."""

    def __init__(self, what: str, out: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._out, self._clock = what, out, clock
        self._start = clock()
        self._every_s = TERMINAL_S if out.isatty() else LOG_S
        self._said = self._start - TERMINAL_S

    def at(self, done: int, total: int, note: str = "") -> None:
        """Say the step reached, unless a line was written a moment ago."""
        now = self._clock()
        if now - self._said < self._every_s and done < total:
            return
        self._said = now
        parts = [f"{self._what} {done}/{total}", note, time_left(done, total, now - self._start)]
        self.line(", ".join(part for part in parts if part), last=done >= total)

    def line(self, text: str, last: bool = False) -> None:
        """Write one line, over the one before on a terminal."""
        end = ("\x1b[K\n" if last else "\x1b[K\r") if self._out.isatty() else "\n"
        self._out.write(text + end)
        self._out.flush()

    def over(self, items: Iterable[Item], total: int) -> Iterator[Item]:
        """The items, with the progress said on the way."""
        for index, item in enumerate(items):
            yield item
            self.at(index + 1, total)
