"""One row of each table, as the process holds it: its fields are the columns of `sinks.tables`, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from sinks.tables import CALIBRATIONS, OBSERVATIONS, RISK_EVENTS, SESSIONS, TIMELINE, VERDICTS, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session's start or its end."""

    session: str
    phase: str
    capture_ms: int
    source: str = ""
    frame_interval_ms: int = 0
    frames_sent: int = 0
    reason: str = ""
    log_partition: int
    log_offset: int
    log_ms: int
    position: int
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRow:
    """One observation. `kind` says what was observed, and by whom; the numbers of a face are the largest one's."""

    session: str
    kind: str
    seq: int
    capture_ms: int
    ingested_ms: int = 0
    frame_partition: int = -1
    frame_offset: int = -1
    model: str = ""
    face_count: int | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    gaze_x: float | None = None
    gaze_y: float | None = None
    eye_openness: float | None = None
    mouth_openness: float | None = None
    face_width_share: float | None = None
    brightness: float | None = None
    sharpness: float | None = None
    labels: tuple[str, ...] = ()
    confidences: tuple[float, ...] = ()
    dropped: int = 0
    reason: str = ""
    log_partition: int
    log_offset: int
    log_ms: int
    position: int
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A risk event; while `closed` is false only its beginning is known."""

    event_id: str
    session: str
    policy: str
    rule: str
    closed: bool
    start_ms: int
    fired_ms: int
    end_ms: int = 0
    points: float
    permanent: bool
    signal: str = ""
    threshold: float = 0.0
    peak: float = 0.0
    hold_ms: int = 0
    onset_seq: int
    peak_seq: int = -1
    end_seq: int = -1
    ingested_ms: int
    log_partition: int
    log_offset: int
    log_ms: int
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """The risk at one second of a session."""

    session: str
    policy: str
    at_ms: int
    temporary: float
    permanent: float
    active: tuple[str, ...]
    frames: int
    faces: int
    seen: bool
    ingested_ms: int
    log_partition: int
    log_offset: int
    log_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRow:
    """A person's own baseline under one policy."""

    session: str
    policy: str
    status: str
    start_ms: int
    end_ms: int
    frames: int
    rejected: Mapping[str, int]
    baseline: Mapping[str, float]
    spread: Mapping[str, float]
    ingested_ms: int
    log_partition: int
    log_offset: int
    log_ms: int
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """One revision of a session's verdict; `rules` holds (rule, events, duration_ms, points, coverage) of each rule."""

    session: str
    policy: str
    revision: int
    start_ms: int
    end_ms: int
    closed_by: str
    risk_class: str
    calibration: str
    confidence: float
    integrity: float
    temporary_peak: float
    permanent: float
    coverage: float
    frames_observed: int
    frames_dropped: int
    rules: tuple[tuple[str, int, int, float, float], ...]
    reasons: tuple[str, ...]
    observations: str
    ingested_ms: int
    log_partition: int
    log_offset: int
    log_ms: int
    packed: bytes


Row = SessionRow | ObservationRow | EventRow | SampleRow | CalibrationRow | VerdictRow

TABLE_OF: Mapping[type, Table] = {
    SessionRow: SESSIONS,
    ObservationRow: OBSERVATIONS,
    EventRow: RISK_EVENTS,
    SampleRow: TIMELINE,
    CalibrationRow: CALIBRATIONS,
    VerdictRow: VERDICTS,
}
