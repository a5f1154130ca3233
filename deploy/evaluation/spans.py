"""Spans of time: [start, end) in integer milliseconds, and what sets of them have in common."""

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """From `start_ms` to before `end_ms`."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    def widened(self, by_ms: int) -> "Span":
        """Longer by so much at both ends."""
        return Span(self.start_ms - by_ms, self.end_ms + by_ms)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time without overlaps, in order."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if span.length_ms > 0):
        if joined and span.start_ms <= joined[-1].end_ms:
            joined[-1] = Span(joined[-1].start_ms, max(joined[-1].end_ms, span.end_ms))
        else:
            joined.append(span)
    return tuple(joined)


def common_ms(some: Iterable[Span], others: Iterable[Span]) -> int:
    """For how long both are."""
    others = merged(others)
    return sum(
        max(0, min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms))
        for one in merged(some)
        for other in others
    )


def total_ms(spans: Iterable[Span]) -> int:
    """For how long any of them is."""
    return sum(span.length_ms for span in merged(spans))
