"""What scoring remembers of one session: frozen, small (under 2 KB), private to this stage and packed as arrays.

A field may be added at the end with a default; anything else makes old checkpoints unreadable. Points are integers in
thousandths, so that sums do not depend on their order.
"""

from typing import Literal

import msgspec

from ingest.errors import PoisonError
from scoring.messages import CalibrationStatus, FrameRef


class Private(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of the state."""


class Moment(Private, frozen=True):
    """One frame: its number, its time on the session's clock, its place in `frames`."""

    seq: int
    capture_ms: int
    partition: int
    offset: int

    def ref(self) -> FrameRef:
        """The same as a message says it."""
        return FrameRef(seq=self.seq, capture_ms=self.capture_ms, partition=self.partition, offset=self.offset)


class Beyond(Private, frozen=True):
    """How far test number `test` was beyond its threshold; `excess` is relative to it, so that signals compare."""

    test: int
    threshold: float
    value: float
    excess: float


class Interval(Private, frozen=True):
    """A condition that holds since `onset` and was last true at `last`; `fired_ms` None: not yet for long enough.

    `peak` is the frame that was furthest `beyond`. `latched`: bit n is set while test n is true. `held_ms` counts the
    time that was really looked at.
    """

    onset: Moment
    last: Moment
    peak: Moment
    beyond: Beyond
    latched: int
    held_ms: int = 0
    fired_ms: int | None = None


class Span(Private, frozen=True):
    """A finished event, for the verdict's reasons."""

    start_ms: int
    end_ms: int


class RuleState(Private, frozen=True):
    """One rule in one session. `known_ms`: time in which it could judge; `ended_ms`: the end of its last event."""

    interval: Interval | None = None
    known_ms: int = 0
    events: int = 0
    duration_ms: int = 0
    ended_ms: int = 0
    longest: tuple[Span, ...] = ()

    @property
    def is_open(self) -> bool:
        """An event of the rule is going on."""
        return self.interval is not None and self.interval.fired_ms is not None


class Looks(Private, frozen=True):
    """How one detector has looked so far: last frame's `seq` and time, number of frames, last steps between frames.

    `usual_ms` is the upper quartile of `steps`: uneven sampling (1, 2, 1, 2 frames) is usual, an outage is not.
    """

    seq: int = -1
    at_ms: int = 0
    frames: int = 0
    usual_ms: int = 0
    steps: tuple[int, ...] = ()


class Calibrating(Private, frozen=True):
    """Calibration under way: samples as packed bytes, at most one in each of 96 slots of its time."""

    duration_ms: int
    start_ms: int = -1
    slot: int = -1
    samples: bytes = b""
    rejected: tuple[int, ...] = ()


class Baseline(Private, frozen=True):
    """The end of calibration: the person's own middle (None: not calibrated yet) in the order of signals.MEASURES."""

    status: CalibrationStatus
    frames: int
    needed: int
    middle: tuple[float, ...]


class Risk(Private, frozen=True):
    """Points in thousandths; `temporary` is as of `at_ms` and has been fading since then, unless an event is open."""

    temporary: int = 0
    permanent: int = 0
    peak: int = 0
    at_ms: int = 0


class View(Private, frozen=True):
    """What the last look for faces found: their number (-1: not known), the largest one's width, a clear picture."""

    faces: int = -1
    face_share: float = 0.0
    clear: bool = True


class Drops(Private, frozen=True):
    """Frames given up; (`seq`, `to_ms`) of the last report of each stage tells repetitions."""

    count: int = 0
    ingest: tuple[int, int] = (-1, -1)
    detectors: tuple[int, int] = (-1, -1)


class Ending(Private, frozen=True):
    """What is known of the end: the source's last word; how many frames have passed the detectors (-1: not known)."""

    capture_ms: int = -1
    frames_sent: int = -1
    frames_passed: int = -1

    @property
    def is_complete(self) -> bool:
        """Everything that the source sent has been looked at or given up."""
        return 0 <= self.frames_sent <= max(self.frames_passed, 0)


class SessionState(Private, frozen=True):
    """Everything scoring remembers of one session; `observations` digests what was folded, `policy` is a digest."""

    session: str
    policy: str
    start_ms: int
    frame_interval_ms: int
    calibrating: Calibrating | None
    thresholds: tuple[tuple[float, ...], ...]
    rules: tuple[RuleState, ...]
    observations: bytes
    clock_ms: int
    ingested_ms: int
    baseline: Baseline | None = None
    faces: Looks = Looks()
    objects: Looks = Looks()
    view: View = View()
    risk: Risk = Risk()
    drops: Drops = Drops()
    ending: Ending = Ending()
    samples: int = 0
    revision: int = 0
    closed_by: Literal["", "end", "silence"] = ""

    @property
    def closed(self) -> bool:
        """A verdict was given, and nothing has come since."""
        return self.closed_by != ""


encode_state = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SessionState).decode


def decode_state(value: bytes) -> SessionState:
    """The state that `encode_state` packed.

    Raises: PoisonError when the bytes are of another layout.
    """
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable session state: {error}") from error
