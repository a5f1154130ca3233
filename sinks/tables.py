"""The tables as ClickHouse keeps them: columns, keys, what wins among repeated rows, how long rows live.

Every key is deterministic, so a batch that is inserted again replaces itself (ReplacingMergeTree); `FINAL` or the views
read each row once. Rows are cut into partitions and expire by the time at which the log took their message, never by
capture time: a candidate's clock must not keep data for ever, nor make it vanish at once. Times are milliseconds since
the epoch. `packed` holds the message's exact bytes, for replay and proof.

`origin` tells what a verdict, its events and its timeline came from: "live" is what counts; "shadow" a policy on trial
over the same traffic; "replay" stored observations folded again. Rows of a replay stand nowhere in the log (partition
and offset -1): their `log_ms` is the time of the replay.
"""

from dataclasses import dataclass
from typing import Literal

Origin = Literal["live", "shadow", "replay"]

# Requirements: observations live for days, events and verdicts for months.
OBSERVATION_DAYS = 30
VERDICT_DAYS = 180

# A key's first delivery wins: a later delivery stands at a higher place in the log, and so has a lower version.
FIRST_WINS = "bitNot(bitShiftLeft(toUInt64(log_offset), 16) + position)"
# Of what was replayed twice the later replay stays.
LAST_WINS = "toUInt64(if(log_offset < 0, log_ms, log_offset))"
# A complete event replaces its own beginning, whatever the order of insertion; of replays again the later one stays.
CLOSED_WINS = (
    "if(log_offset < 0, toUInt64(log_ms) * 2 + closed, bitShiftLeft(toUInt64(closed), 62) + toUInt64(log_offset))"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, ClickHouse type, compression."""

    name: str
    kind: str
    codec: str = "ZSTD(1)"

    def __str__(self) -> str:
        return f"`{self.name}` {self.kind} CODEC({self.codec})"


@dataclass(frozen=True, slots=True)
class Table:
    """One table; among rows with the same `key` the one with the highest `version` (an expression) stays."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    version: str
    keep_days: int

    @property
    def column_names(self) -> tuple[str, ...]:
        """What is inserted, in order; the version is worked out by the server."""
        return tuple(column.name for column in self.columns)

    @property
    def create(self) -> str:
        """The statement that makes the table when it is missing."""
        columns = ",\n  ".join(str(c) for c in (*self.columns, _version(self.version)))
        stored_at = "fromUnixTimestamp64Milli(log_ms, 'UTC')"
        cut = "toYYYYMMDD" if self.keep_days <= OBSERVATION_DAYS else "toYYYYMM"
        return (
            f"CREATE TABLE IF NOT EXISTS {self.name} (\n  {columns}\n)\nENGINE = ReplacingMergeTree(version)\n"
            f"PARTITION BY {cut}({stored_at})\nORDER BY ({', '.join(self.key)})\n"
            f"TTL toDateTime({stored_at}) + INTERVAL {self.keep_days} DAY\nSETTINGS ttl_only_drop_parts = 1"
        )


def _version(expression: str) -> Column:
    return Column("version", f"UInt64 DEFAULT {expression}")


def _columns(kind: str, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, "Delta, ZSTD(1)" if kind == "Int64" else "ZSTD(1)") for name in names)


_NAME = "LowCardinality(String)"
_ORIGIN = _columns(_NAME, "origin")
_LOG = _columns("Int64", "log_partition", "log_offset", "log_ms")
_COUNTS = f"Map({_NAME}, Int64)"
_RULES = (
    "Array(Tuple(rule String, events Int64, duration_ms Int64, points Float64, coverage Float64, label String, "
    "suppressed Int64))"
)
_PERIODS = "Array(Tuple(start_ms Int64, end_ms Int64, alerts Int64, per_minute Float64))"
_FRAMES = tuple(f"{which}_{what}" for which in ("onset", "peak", "end") for what in ("seq", "partition", "offset"))

SESSIONS = Table(
    "sessions",
    (
        *_columns("String", "session"),
        *_columns("Enum8('started' = 1, 'ended' = 2)", "phase"),
        *_columns("Int64", "capture_ms"),
        *_columns("String", "source"),
        *_columns("Int64", "frame_interval_ms", "frames_sent"),
        *_columns(_NAME, "reason", "policy"),
        *_columns("String", "accommodations"),
        *_LOG,
        *_columns("UInt32", "position"),
        *_columns("String", "packed"),
    ),
    ("session", "phase"),
    FIRST_WINS,
    VERDICT_DAYS,
)

# Columns that a database made before them is given at the next start.
ADDED = (
    *_columns(
        "Nullable(Float64)", "sight_yaw_deg", "pose_confidence", "gaze_confidence", "openness_confidence", "person"
    ),
    *_columns("Nullable(Bool)", "looped", "framed", "covered"),
    *_columns("Nullable(Int64)", "knows"),
)
OBSERVATIONS = Table(
    "observations",
    (
        *_columns("String", "session"),
        *_columns(_NAME, "kind"),
        *_columns("Int64", "seq", "capture_ms", "ingested_ms", "frame_partition", "frame_offset"),
        *_columns(_NAME, "model"),
        *_columns("Nullable(Int32)", "face_count"),
        *_columns("Nullable(Float64)", "yaw_deg", "pitch_deg", "roll_deg", "gaze_x", "gaze_y"),
        *_columns("Nullable(Float64)", "eye_openness", "mouth_openness", "face_width_share", "brightness", "sharpness"),
        *_columns("Nullable(Bool)", "frozen"),
        *ADDED,
        *_columns("Array(Float64)", "face_width_shares"),
        *_columns(f"Array({_NAME})", "labels"),
        *_columns("Array(Float64)", "confidences"),
        *_columns("Nullable(Float64)", "hand_at_face", "hand_signal", "hand_holding"),
        *_columns("Nullable(Float64)", "speech", "other_voice", "level_dbfs", "similarity"),
        *_columns(_NAME, "sign"),
        *_columns("Nullable(Bool)", "sign_on"),
        *_columns("Int64", "dropped", "to_ms"),
        *_columns(_NAME, "reason"),
        *_LOG,
        *_columns("UInt32", "position"),
        *_columns("String", "packed"),
    ),
    ("session", "kind", "seq", "to_ms"),
    FIRST_WINS,
    OBSERVATION_DAYS,
)

RISK_EVENTS = Table(
    "risk_events",
    (
        *_columns("String", "event_id", "session"),
        *_ORIGIN,
        *_columns(_NAME, "policy", "rule", "label"),
        *_columns("Bool", "closed"),
        *_columns("Int64", "start_ms", "fired_ms", "end_ms"),
        *_columns("Float64", "points"),
        *_columns("Bool", "permanent"),
        *_columns(_NAME, "signal", "direction"),
        *_columns("Float64", "threshold", "peak", "confidence"),
        *_columns("Int64", "hold_ms", "held_ms", "repeats"),
        *_columns("String", "suppressed"),
        *_columns(_NAME, "unless_field"),
        *_columns("Nullable(Float64)", "unless_value"),
        *_columns("Int64", *_FRAMES, "ingested_ms"),
        *_LOG,
        *_columns("String", "packed"),
    ),
    ("session", "origin", "event_id"),
    CLOSED_WINS,
    VERDICT_DAYS,
)

TIMELINE = Table(
    "timeline",
    (
        *_columns("String", "session"),
        *_ORIGIN,
        *_columns(_NAME, "policy"),
        *_columns("Int64", "at_ms"),
        *_columns("Float64", "temporary", "permanent"),
        *_columns("Nullable(Float64)", "attention"),
        *_columns(_NAME, "state"),
        *_columns(f"Array({_NAME})", "active"),
        *_columns("Int64", "frames", "faces"),
        *_columns("Bool", "seen"),
        *_columns("Int64", "ingested_ms"),
        *_LOG,
    ),
    ("session", "origin", "policy", "at_ms"),
    LAST_WINS,
    VERDICT_DAYS,
)

CALIBRATIONS = Table(
    "calibrations",
    (
        *_columns("String", "session"),
        *_ORIGIN,
        *_columns(_NAME, "policy", "status"),
        *_columns("Int64", "start_ms", "end_ms", "frames", "needed"),
        *_columns("Bool", "extended"),
        *_columns(_COUNTS, "rejected"),
        *_columns(f"Map({_NAME}, Float64)", "baseline", "spread"),
        *_columns("Int64", "ingested_ms"),
        *_LOG,
        *_columns("String", "packed"),
    ),
    ("session", "origin", "policy"),
    LAST_WINS,
    VERDICT_DAYS,
)

VERDICTS = Table(
    "verdicts",
    (
        *_columns("String", "session"),
        *_ORIGIN,
        *_columns(_NAME, "policy", "policy_name", "engine"),
        *_columns("Int64", "revision", "start_ms", "end_ms"),
        *_columns(_NAME, "closed_by", "risk_class", "calibration"),
        *_columns("Float64", "confidence", "integrity", "temporary_peak", "permanent", "coverage"),
        *_columns("Nullable(Float64)", "attention"),
        *_columns("Int64", "frames_observed", "frames_dropped"),
        *_columns(_RULES, "rules"),
        *_columns(_COUNTS, "alerts", "anomalies"),
        *_columns(_PERIODS, "high_activity"),
        *_columns("Array(String)", "reasons", "accommodations"),
        *_columns(_NAME, "without_class"),
        *_columns("Nullable(Float64)", "without_confidence", "without_integrity"),
        *_columns(f"Array({_NAME})", "models"),
        *_columns("String", "observations", "proof"),
        *_columns("Int64", "ingested_ms"),
        *_LOG,
        *_columns("String", "packed"),
    ),
    ("session", "origin", "policy", "engine", "revision"),
    LAST_WINS,
    VERDICT_DAYS,
)

ADD_COLUMNS = f"ALTER TABLE {OBSERVATIONS.name} " + ", ".join(f"ADD COLUMN IF NOT EXISTS {one}" for one in ADDED)
TABLES = (SESSIONS, OBSERVATIONS, RISK_EVENTS, TIMELINE, CALIBRATIONS, VERDICTS)
