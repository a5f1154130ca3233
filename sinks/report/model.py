"""What a report holds. Times are milliseconds from the session's start, except where a name says otherwise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from scoring.messages import Counterfactual, Verdict

SAMPLE_MS = 1_000  # scoring samples the risk once in each full second

BlindReason = Literal["unseen", "dropped", "unrecorded"]


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
    """A frame that made an event: its number, its time, and where its record stood in the log (-1: it had none)."""

    seq: int
    at_ms: int
    partition: int = -1
    offset: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEvent:
    """One event. When it never closed, it lasts to the session's end and its peak is not known (nan).

    `kind`, `says`, `asks`: the rule in the words of its policy, empty when the policy's text is not known. `held_ms`:
    how much of the event was really seen. `confidence` 0-1, nan when it never closed. `suppressed`: the accommodation
    that keeps it from counting. `window_ms`: the rule's window, 0 when it has none or it is not known.
    """

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
    label: str = ""
    direction: str = ""
    held_ms: int = 0
    repeats: int = 0
    confidence: float = math.nan
    suppressed: str = ""
    unless: Counterfactual | None = None
    kind: str = ""
    says: str = ""
    asks: str = ""
    window_ms: int = 0


@dataclass(frozen=True, slots=True)
class ReportSample:
    """The risk at one second; `attention` 0-100, None while it is not known, `state` its name."""

    at_ms: int
    temporary: float
    permanent: float
    active: tuple[str, ...]
    frames: int
    faces: int
    seen: bool
    attention: float | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class BlindSpan:
    """Where the rules could not see: never a sign of conduct. `detail` is a sentence for a person, or empty."""

    start_ms: int
    end_ms: int
    reason: BlindReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReportCalibration:
    """The person's own baseline (median) and spread by signal; `rejected` counts frames by reason.

    `needed` good frames would have been enough; `extended`: the first try failed and a second one was made.
    """

    status: str
    start_ms: int
    end_ms: int
    frames: int
    rejected: Mapping[str, int]
    baseline: Mapping[str, float]
    spread: Mapping[str, float]
    needed: int = 0
    extended: bool = False


@dataclass(frozen=True, slots=True)
class BusyPeriod:
    """A period in which alerts came thick, `per_minute` of them."""

    start_ms: int
    end_ms: int
    alerts: int
    per_minute: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says of one session. `started_at_ms` is the capture time of its zero (epoch).

    `events` count; `suppressed` is the ledger of those that an accommodation covers. `thresholds`: by rule and signal,
    what was applied to this person; empty when the policy's text is not known.
    """

    session: str
    started_at_ms: int
    duration_ms: int
    frames: FrameCounts
    verdict: Verdict
    calibration: ReportCalibration | None
    events: tuple[ReportEvent, ...]
    timeline: tuple[ReportSample, ...]
    blind: tuple[BlindSpan, ...]
    suppressed: tuple[ReportEvent, ...] = ()
    busy: tuple[BusyPeriod, ...] = ()
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
