"""What is known of the candidate: calibration and the baseline that it gave, the last look, mouth, attention."""

from scoring.fold.evidence import Moment
from scoring.fold.packing import Private
from scoring.messages import CalibrationStatus


class Measured(Private, frozen=True):
    """One look at faces before it is held against anybody's baseline.

    `faces`: their number (None: not known); `scene`: the signals of the picture and of who is in it, in the order of
    their slots. `measures` (order of MEASURES; empty: no face was measured), `mouth` and `width_share` are the largest
    face's; `sure`: whether its pose, gaze and lids may be told; `has_sight`: whether the detector says where it looks.
    """

    faces: float | None
    scene: tuple[float | None, ...]
    measures: tuple[float, ...] = ()
    mouth: float | None = None
    width_share: float = 0.0
    sure: tuple[bool, bool, bool] = (False, False, False)
    has_sight: bool = False


class Unjudged(Private, frozen=True):
    """A look at faces that waits for the baseline, and the time since the look before it: all, seen, bridged."""

    here: Moment
    step_ms: int
    seen_ms: int
    bridge_ms: int
    measured: Measured


class Calibrating(Private, frozen=True):
    """Calibration under way: samples as packed bytes, at most one in each of 96 slots of its time.

    `first`, `last`: the frames taken or refused so far. `pose`: of the last frame, to see movement. `unjudged`: the
    looks of its whole time, both tries, to be judged when the baseline is known.
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
    unjudged: tuple[Unjudged, ...] = ()


class Baseline(Private, frozen=True):
    """The end of calibration: the person's own middle (None: not calibrated yet) in the order of signals.MEASURES."""

    status: CalibrationStatus
    frames: int
    needed: int
    middle: tuple[float, ...]


class View(Private, frozen=True):
    """What the last look for faces found: their number (-1: not known), whether the picture was clear.

    `small`: how many times in a row the candidate's face was too small to be read (`face_signals.small_after`).
    `mouth`: the mean opening of the mouth in the last moments (None: not known). `face_ms`: when a face was seen last,
    `place`: and where, in pixels.
    """

    faces: int = -1
    small: int = 0
    clear: bool = True
    mouth: float | None = None
    face_ms: int = 0
    place: tuple[float, float] | None = None


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
