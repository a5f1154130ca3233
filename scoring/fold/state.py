"""What scoring remembers of one session: small, private to this stage and packed as arrays.

Under 2 KB; a session with sound may take a quarter more. A field may be added at the end with a default; anything else
makes old checkpoints unreadable. Points are integers in thousandths, so that sums do not depend on their order. Parts
are frozen; a session's state itself is changed only by the fold, and only in a copy of its own. What is as it is for
most people most of the time takes no room.
"""

from typing import Literal

import msgspec

from ingest.errors import PoisonError
from scoring.messages import CalibrationStatus, FrameRef
from scoring.rulebook.signals import Stream


class Private(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of the state."""


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


class Passing(msgspec.Struct, frozen=True, gc=False):
    """What passes from one function of the fold to the next; made many times a look, so a Struct: quick to make."""


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


class Looks(Private, frozen=True):
    """How one detector has looked so far: last frame's `seq` and time, number of frames, last steps between frames.

    `usual_ms` is the upper quartile of `steps`: uneven sampling (1, 2, 1, 2 frames) is usual, an outage is not.
    """

    seq: int = -1
    at_ms: int = 0
    frames: int = 0
    usual_ms: int = 0
    steps: tuple[int, ...] = ()


NEVER = Looks()


class Calibrating(Private, frozen=True):
    """Calibration under way: samples as packed bytes, at most one in each of 96 slots of its time.

    `first`, `last`: the frames taken or refused so far. `pose`: of the last frame, to see movement.
    """

    duration_ms: int
    start_ms: int = -1
    slot: int = -1
    samples: bytes = b""
    rejected: tuple[int, ...] = ()
    first: Moment | None = None
    last: Moment | None = None
    pose: tuple[float, ...] = ()
    extended: bool = False


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
    """What the last look for faces found: their number (-1: not known), the largest one's width, a clear picture.

    `mouth`: the mean opening of the mouth in the last moments (None: not known). `face_ms`: when a face was seen last.
    """

    faces: int = -1
    face_share: float = 0.0
    clear: bool = True
    mouth: float | None = None
    face_ms: int = 0


class Waiting(Private, frozen=True):
    """A record of sound that waits for the faces of its time, which is capture time here, and its signals."""

    here: Moment
    speech: float | None = None
    other: float | None = None
    level_dbfs: float | None = None


class Hearing(Private, frozen=True):
    """A session with sound: the mouth's smallest and largest opening, two bytes for each half second from `first` on
    (255 and 0: not seen well), the number of the last record and those that wait, in order."""

    mouths: bytes = b""
    first: int = 0
    heard: int = -1
    waiting: tuple[Waiting, ...] = ()


class Attention(Private, frozen=True):
    """Attention in thousandths as of `at_ms`, and its sum over the milliseconds in which it was known."""

    now: int = 0
    at_ms: int = 0
    sum: int = 0
    known_ms: int = 0


class Alerts(Private, frozen=True):
    """The starts of the last events that count, and the periods in which they came thick, with how many."""

    recent: tuple[int, ...] = ()
    periods: tuple[tuple[int, int, int], ...] = ()


class Drops(Private, frozen=True):
    """Frames given up; (`seq`, `to_ms`) of the last report of each stage tells repetitions."""

    count: int = 0
    ingest: tuple[int, int] = (-1, -1)
    detectors: tuple[int, int] = (-1, -1)


class Ending(Private, frozen=True):
    """What is known of the end: the source's last word; how many frames have passed the detectors (-1: not known).

    `sound_sent`, `sound_passed`: the same of records of sound.
    """

    capture_ms: int = -1
    frames_sent: int = -1
    frames_passed: int = -1
    sound_sent: int = 0
    sound_passed: int = -1

    @property
    def is_complete(self) -> bool:
        """Everything that the source sent has been looked at, listened to or given up."""
        return 0 <= self.frames_sent <= max(self.frames_passed, 0) and self.sound_sent <= max(self.sound_passed, 0)


class SessionState(msgspec.Struct, array_like=True, omit_defaults=True):
    """Everything scoring remembers of one session; `observations` digests what was folded, `policy` is a digest.

    `own`: what widens thresholds, by measure. `known`: milliseconds by group of the plan. `held`, `memories`,
    `histories`: by place of a rule or variant. `standing`: what the candidate's page says, as bits. `shift_ms`: what
    is added to capture times since a clock jumped. `odd`: what was odd about the log, counted. `announcements`: digests
    of the starts that were seen. `knows`: the labels, as bits, that an object model of the session knew. `hearing`:
    None in a session without sound. `phone_ms`: when a phone was last in view.
    """

    session: str
    policy: str
    start_ms: int
    frame_interval_ms: int
    calibrating: Calibrating | None
    observations: bytes
    clock_ms: int
    ingested_ms: int
    known: tuple[int, ...]
    baseline: Baseline | None = None
    own: tuple[float, ...] = ()
    looks: dict[Stream, Looks] = {}
    held: dict[int, Interval] = {}
    memories: dict[int, Memory] = {}
    histories: dict[int, History] = {}
    view: View = View()
    risk: Risk = Risk()
    attention: Attention | None = None
    alerts: Alerts = Alerts()
    standing: int = 0
    drops: Drops = Drops()
    ending: Ending = Ending()
    models: tuple[str, ...] = ()
    odd: dict[str, int] = {}
    announced: bool = False
    announcements: tuple[bytes, ...] = ()
    shift_ms: int = 0
    samples: int = 0
    revision: int = 0
    closed_by: Literal["", "end", "silence"] = ""
    knows: int = 0
    hearing: Hearing | None = None
    sound_drops: Drops = Drops()
    phone_ms: int = 0

    @property
    def closed(self) -> bool:
        """A verdict was given, and nothing has come since."""
        return self.closed_by != ""

    def count(self, oddity: str) -> None:
        """Something odd about the log, once more; for the fold's own copy."""
        self.odd = {**self.odd, oddity: self.odd.get(oddity, 0) + 1}

    def looks_of(self, stream: Stream) -> Looks:
        """How the stream's detector has looked; a stream that was never seen: NEVER."""
        return self.looks.get(stream, NEVER)

    def is_open(self, place: int) -> bool:
        """An event of the rule is going on, counting or not."""
        return place in self.held and self.held[place].is_open

    @property
    def frames(self) -> int:
        """Frames that at least one detector looked at."""
        return max(self.looks_of("faces").frames, self.looks_of("objects").frames)


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
