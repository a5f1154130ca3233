"""What rules remember of what was seen: moments, intervals, memories, and what became of them."""

from typing import Literal

from scoring.fold.packing import Passing, Private
from scoring.messages import FrameRef


class Moment(Private, frozen=True):
    """One frame: its number, its time on the session's clock, its place in `frames`; or a record of `stream`."""

    seq: int
    capture_ms: int
    partition: int
    offset: int
    stream: Literal["", "speech", "browser"] = ""

    @property
    def key(self) -> str:
        """What names it within its session."""
        return f"{self.stream}:{self.seq}" if self.stream else str(self.seq)

    def ref(self) -> FrameRef:
        """The same as a message says it."""
        return FrameRef(seq=self.seq, capture_ms=self.capture_ms, partition=self.partition, offset=self.offset)


class Step(Passing, frozen=True, gc=False):
    """The time since the detector's last look: in all, the part that was seen, and how long a miss is bridged."""

    step_ms: int
    seen_ms: int
    bridge_ms: int


class Beyond(Private, frozen=True):
    """How far test number `test` was beyond its threshold; `excess` is relative to it, so that signals compare.

    `value` has the sign that it was measured with.
    """

    test: int
    threshold: float
    value: float
    excess: float


class Interval(Private, frozen=True):
    """A condition that holds since `onset` and was last true at `last`; `fired_ms` None: not yet for long enough.

    `peak` is the frame that was furthest `beyond`. `latched`: bit n is set while test n is true. `held_ms` counts the
    time that was really looked at; `true_ms` and `sure_ms` are held_ms and the part of it with the truth at the last
    moment of truth. `counted_ms`: since when no accommodation keeps it from costing its points, `repeats` how often
    again it has. `shown`: the bits of all tests that were true in its time.
    """

    onset: Moment
    last: Moment
    peak: Moment
    beyond: Beyond
    latched: int
    held_ms: int = 0
    fired_ms: int | None = None
    true_ms: int = 0
    sure_ms: int = 0
    counted_ms: int | None = None
    repeats: int = 0
    shown: int = 0

    @property
    def is_open(self) -> bool:
        """It has become an event."""
        return self.fired_ms is not None


class Memory(Private, frozen=True):
    """What a rule remembers that looks at more than the moment.

    `marks`: starts that were counted, parts that were seen. `counts`: milliseconds of truth by slice of time, the first
    of them slice `first`. `since` and `last`: the stretch of truth that is going on. `latched`: as in Interval.
    """

    latched: int = 0
    marks: tuple[Moment | None, ...] = ()
    counts: tuple[int, ...] = ()
    first: int = 0
    since: Moment | None = None
    last_ms: int = 0


class Span(Private, frozen=True):
    """A finished event, for the verdict's reasons; how long it lasted takes less room than when it ended."""

    start_ms: int
    lasted_ms: int


class History(Private, frozen=True):
    """The finished and open events of one rule. `ended_ms`: the end of the last one.

    `longest` and all sums but `suppressed` are of the events that count.
    """

    events: int = 0
    duration_ms: int = 0
    millipoints: int = 0
    ended_ms: int | None = None
    longest: tuple[Span, ...] = ()
    suppressed: int = 0
    suppressed_millipoints: int = 0
