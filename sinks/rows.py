"""One row of each table, as the process holds it: its fields are the columns of `sinks.tables`, by name.

They are Structs since thousands are made in a second: one of fifty fields takes 1 us, as a frozen dataclass 7.
"""

from collections.abc import Mapping

import msgspec

from sinks.tables import CALIBRATIONS, OBSERVATIONS, RISK_EVENTS, SESSIONS, TIMELINE, VERDICTS, Origin, Table


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """Whose session it is; where the row's message stands in the log (-1: not there) and when the log took it."""

    session: str
    log_partition: int
    log_offset: int
    log_ms: int


class SessionRow(Logged, frozen=True, kw_only=True):
    """A session's start or its end. `policy`: the digest of the document that it brought; empty: it brought none."""

    phase: str
    capture_ms: int
    source: str = ""
    frame_interval_ms: int = 0
    frames_sent: int = 0
    reason: str = ""
    policy: str = ""
    accommodations: str = ""
    position: int
    packed: bytes


class ObservationRow(Logged, frozen=True, kw_only=True):
    """One observation. `kind` says what was observed, and by whom; the numbers of a face are the largest one's.

    `frame_partition`, `frame_offset`: its record in `frames`, of speech in `audio`. `to_ms`: the end of what was lost.
    """

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
    frozen: bool | None = None
    sight_yaw_deg: float | None = None
    pose_confidence: float | None = None
    gaze_confidence: float | None = None
    openness_confidence: float | None = None
    person: float | None = None
    looped: bool | None = None
    framed: bool | None = None
    covered: bool | None = None
    knows: int | None = None
    face_width_shares: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    confidences: tuple[float, ...] = ()
    hand_at_face: float | None = None
    hand_signal: float | None = None
    hand_holding: float | None = None
    speech: float | None = None
    other_voice: float | None = None
    level_dbfs: float | None = None
    similarity: float | None = None
    sign: str = ""
    sign_on: bool | None = None
    dropped: int = 0
    to_ms: int = 0
    reason: str = ""
    position: int
    packed: bytes


class EventRow(Logged, frozen=True, kw_only=True):
    """A risk event; while `closed` is false only its beginning is known. A `suppressed` one does not count."""

    event_id: str
    origin: Origin
    policy: str
    rule: str
    label: str
    closed: bool
    start_ms: int
    fired_ms: int
    end_ms: int = 0
    points: float
    permanent: bool
    signal: str = ""
    direction: str = ""
    threshold: float = 0.0
    peak: float = 0.0
    confidence: float = 0.0
    hold_ms: int = 0
    held_ms: int = 0
    repeats: int = 0
    suppressed: str = ""
    unless_field: str = ""
    unless_value: float | None = None
    onset_seq: int
    onset_partition: int
    onset_offset: int
    peak_seq: int = -1
    peak_partition: int = -1
    peak_offset: int = -1
    end_seq: int = -1
    end_partition: int = -1
    end_offset: int = -1
    ingested_ms: int
    packed: bytes


class SampleRow(Logged, frozen=True, kw_only=True):
    """The risk at one second of a session."""

    origin: Origin
    policy: str
    at_ms: int
    temporary: float
    permanent: float
    attention: float | None
    state: str
    active: tuple[str, ...]
    frames: int
    faces: int
    seen: bool
    ingested_ms: int


class CalibrationRow(Logged, frozen=True, kw_only=True):
    """A person's own baseline under one policy."""

    origin: Origin
    policy: str
    status: str
    start_ms: int
    end_ms: int
    frames: int
    needed: int
    extended: bool
    rejected: Mapping[str, int]
    baseline: Mapping[str, float]
    spread: Mapping[str, float]
    ingested_ms: int
    packed: bytes


class VerdictRow(Logged, frozen=True, kw_only=True):
    """One revision of a session's verdict. `rules` and `high_activity` hold what RuleTotal and Activity have, in order.

    `without_*`: the verdict if the suppressed events counted; empty and None when nothing was allowed.
    """

    origin: Origin
    policy: str
    policy_name: str
    engine: str
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
    attention: float | None
    frames_observed: int
    frames_dropped: int
    rules: tuple[tuple[str, int, int, float, float, str, int], ...]
    alerts: Mapping[str, int]
    anomalies: Mapping[str, int]
    high_activity: tuple[tuple[int, int, int, float], ...]
    reasons: tuple[str, ...]
    accommodations: tuple[str, ...]
    without_class: str = ""
    without_confidence: float | None = None
    without_integrity: float | None = None
    models: tuple[str, ...]
    observations: str
    proof: str
    ingested_ms: int
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
