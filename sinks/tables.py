"""The tables as ClickHouse keeps them: columns, keys, what wins among repeated rows, how long rows live.

Every key is deterministic, so a batch that is inserted again replaces itself (ReplacingMergeTree); `FINAL` or the views
read each row once. Rows are cut into partitions and expire by the time at which the log took their message, never by
capture time: a candidate's clock must not keep data for ever, nor make it vanish at once. Times are milliseconds since
the epoch. `packed` holds the message's exact bytes, for replay and proof.
"""

from dataclasses import dataclass

# Requirements: observations live for days, events and verdicts for months.
OBSERVATION_DAYS = 30
VERDICT_DAYS = 180

# A key's first delivery wins: a later delivery stands at a higher place in the log, and so has a lower version.
FIRST_WINS = "bitNot(bitShiftLeft(toUInt64(log_offset), 16) + position)"
LAST_WINS = "toUInt64(log_offset)"
# A complete event replaces its own beginning, whatever the order of insertion.
CLOSED_WINS = "bitShiftLeft(toUInt64(closed), 62) + log_offset"


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
_LOG = _columns("Int64", "log_partition", "log_offset", "log_ms")
_RULES = "Array(Tuple(rule String, events Int64, duration_ms Int64, points Float64, coverage Float64))"

SESSIONS = Table(
    "sessions",
    (
        *_columns("String", "session"),
        *_columns("Enum8('started' = 1, 'ended' = 2)", "phase"),
        *_columns("Int64", "capture_ms"),
        *_columns("String", "source"),
        *_columns("Int64", "frame_interval_ms", "frames_sent"),
        *_columns(_NAME, "reason"),
        *_LOG,
        *_columns("UInt32", "position"),
        *_columns("String", "packed"),
    ),
    ("session", "phase"),
    FIRST_WINS,
    VERDICT_DAYS,
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
        *_columns(f"Array({_NAME})", "labels"),
        *_columns("Array(Float64)", "confidences"),
        *_columns("Int64", "dropped"),
        *_columns(_NAME, "reason"),
        *_LOG,
        *_columns("UInt32", "position"),
        *_columns("String", "packed"),
    ),
    ("session", "kind", "seq"),
    FIRST_WINS,
    OBSERVATION_DAYS,
)

RISK_EVENTS = Table(
    "risk_events",
    (
        *_columns("String", "event_id", "session"),
        *_columns(_NAME, "policy", "rule"),
        *_columns("Bool", "closed"),
        *_columns("Int64", "start_ms", "fired_ms", "end_ms"),
        *_columns("Float64", "points"),
        *_columns("Bool", "permanent"),
        *_columns(_NAME, "signal"),
        *_columns("Float64", "threshold", "peak"),
        *_columns("Int64", "hold_ms", "onset_seq", "peak_seq", "end_seq", "ingested_ms"),
        *_LOG,
        *_columns("String", "packed"),
    ),
    ("session", "event_id"),
    CLOSED_WINS,
    VERDICT_DAYS,
)

TIMELINE = Table(
    "timeline",
    (
        *_columns("String", "session"),
        *_columns(_NAME, "policy"),
        *_columns("Int64", "at_ms"),
        *_columns("Float64", "temporary", "permanent"),
        *_columns(f"Array({_NAME})", "active"),
        *_columns("Int64", "frames", "faces"),
        *_columns("Bool", "seen"),
        *_columns("Int64", "ingested_ms"),
        *_LOG,
    ),
    ("session", "policy", "at_ms"),
    LAST_WINS,
    VERDICT_DAYS,
)

CALIBRATIONS = Table(
    "calibrations",
    (
        *_columns("String", "session"),
        *_columns(_NAME, "policy", "status"),
        *_columns("Int64", "start_ms", "end_ms", "frames"),
        *_columns(f"Map({_NAME}, Int64)", "rejected"),
        *_columns(f"Map({_NAME}, Float64)", "baseline", "spread"),
        *_columns("Int64", "ingested_ms"),
        *_LOG,
        *_columns("String", "packed"),
    ),
    ("session", "policy"),
    LAST_WINS,
    VERDICT_DAYS,
)

VERDICTS = Table(
    "verdicts",
    (
        *_columns("String", "session"),
        *_columns(_NAME, "policy"),
        *_columns("Int64", "revision", "start_ms", "end_ms"),
        *_columns(_NAME, "closed_by", "risk_class", "calibration"),
        *_columns("Float64", "confidence", "integrity", "temporary_peak", "permanent", "coverage"),
        *_columns("Int64", "frames_observed", "frames_dropped"),
        *_columns(_RULES, "rules"),
        *_columns("Array(String)", "reasons"),
        *_columns("String", "observations"),
        *_columns("Int64", "ingested_ms"),
        *_LOG,
        *_columns("String", "packed"),
    ),
    ("session", "policy", "revision"),
    LAST_WINS,
    VERDICT_DAYS,
)

TABLES = (SESSIONS, OBSERVATIONS, RISK_EVENTS, TIMELINE, CALIBRATIONS, VERDICTS)
