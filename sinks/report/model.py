"""What a report holds. Times are milliseconds from the session's start, except where a name says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from scoring.messages import Verdict

BlindReason = Literal["calibrating", "unseen", "dropped", "unrecorded"]


class TruthEpisode(Protocol):
    """One behaviour that is known to be in a synthetic exam."""

    @property
    def kind(self) -> str: ...
    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """`sent` reached the log (None while the session has not ended); `observed` were looked at; `dropped` given up."""

    sent: int | None
    observed: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A frame that made an event: its number and its time."""

    seq: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEvent:
    """One event. When it never closed, it lasts to the session's end and its peak is not known (nan)."""

    event_id: str
    rule: str
    start_ms: int
    fired_ms: int
    end_ms: int
    closed: bool
    points: float
    permanent: bool
    signal: str
    threshold: float
    peak: float
    hold_ms: int
    onset: Evidence
    peak_frame: Evidence | None
    end_frame: Evidence | None


@dataclass(frozen=True, slots=True)
class ReportSample:
    """The risk at one second."""

    at_ms: int
    temporary: float
    permanent: float
    active: tuple[str, ...]
    frames: int
    faces: int
    seen: bool


@dataclass(frozen=True, slots=True)
class BlindSpan:
    """Where the rules could not see: never a sign of conduct. `detail` is a sentence for a person, or empty."""

    start_ms: int
    end_ms: int
    reason: BlindReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReportCalibration:
    """The person's own baseline (median) and spread by signal; `rejected` counts frames by reason."""

    status: str
    start_ms: int
    end_ms: int
    frames: int
    rejected: Mapping[str, int]
    baseline: Mapping[str, float]
    spread: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says of one session. `started_at_ms` is the capture time of its zero (epoch)."""

    session: str
    started_at_ms: int
    duration_ms: int
    frames: FrameCounts
    verdict: Verdict
    calibration: ReportCalibration | None
    events: tuple[ReportEvent, ...]
    timeline: tuple[ReportSample, ...]
    blind: tuple[BlindSpan, ...]
