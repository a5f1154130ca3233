"""What a database of ours holds besides its tables: views for analysts, and the number that says which schema it is.

Migration is dead simple: everything is created when missing, and a database of another schema version is refused, with
the way out. The views read each row once and need no `FINAL` of their reader.
"""

from collections.abc import Sequence

from ingest.errors import InputError
from sinks.tables import TABLES

SCHEMA_VERSION = 1

VERSION_TABLE = """CREATE TABLE IF NOT EXISTS schema_version (version UInt32, made_at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY version"""
READ_VERSION = "SELECT max(version) FROM schema_version"
WRITE_VERSION = f"INSERT INTO schema_version (version) VALUES ({SCHEMA_VERSION})"

_LATEST_VERDICTS = """CREATE OR REPLACE VIEW latest_verdicts AS
SELECT * EXCEPT (version, packed, log_partition, log_offset, log_ms)
FROM verdicts FINAL
ORDER BY revision DESC LIMIT 1 BY session, policy"""

_EXAM_OVERVIEW = """CREATE OR REPLACE VIEW exam_overview AS
SELECT
  life.session AS session, life.source AS source,
  fromUnixTimestamp64Milli(life.started_ms, 'UTC') AS started_at,
  if(life.has_ended, fromUnixTimestamp64Milli(life.ended_ms, 'UTC'), NULL) AS ended_at,
  if(life.has_ended, (life.ended_ms - life.started_ms) / 1000, NULL) AS duration_s,
  life.reason AS end_reason, life.frames_sent AS frames_sent,
  verdict.policy AS policy, verdict.revision AS revision, verdict.risk_class AS risk_class,
  verdict.confidence AS confidence, verdict.integrity AS integrity, verdict.coverage AS coverage,
  verdict.temporary_peak AS temporary_peak, verdict.permanent AS permanent, verdict.calibration AS calibration,
  verdict.frames_observed AS frames_observed, verdict.frames_dropped AS frames_dropped,
  arraySum(verdict.rules.events) AS events, verdict.reasons AS reasons
FROM (
  SELECT
    session, maxIf(source, phase = 'started') AS source, minIf(capture_ms, phase = 'started') AS started_ms,
    maxIf(capture_ms, phase = 'ended') AS ended_ms, max(phase = 'ended') AS has_ended,
    maxIf(reason, phase = 'ended') AS reason, maxIf(frames_sent, phase = 'ended') AS frames_sent
  FROM sessions FINAL GROUP BY session
) AS life
LEFT JOIN latest_verdicts AS verdict ON verdict.session = life.session"""

_SESSION_EVENTS = """CREATE OR REPLACE VIEW session_events AS
SELECT
  event_id, session, policy, rule, closed, points, permanent, signal, threshold, peak, hold_ms,
  fromUnixTimestamp64Milli(start_ms, 'UTC') AS started_at,
  if(closed, fromUnixTimestamp64Milli(end_ms, 'UTC'), NULL) AS ended_at,
  if(closed, (end_ms - start_ms) / 1000, NULL) AS duration_s,
  start_ms, fired_ms, end_ms, onset_seq, peak_seq, end_seq
FROM risk_events FINAL"""

_SESSION_TIMELINE = """CREATE OR REPLACE VIEW session_timeline AS
SELECT
  session, policy, fromUnixTimestamp64Milli(at_ms, 'UTC') AS at, at_ms, temporary, permanent,
  temporary + permanent AS risk, active, frames, if(faces < 0, NULL, faces) AS face_count, seen
FROM timeline FINAL
ORDER BY session, policy, at_ms"""

_FRAME_SIGNALS = """CREATE OR REPLACE VIEW frame_signals AS
SELECT
  session, seq, fromUnixTimestamp64Milli(capture_ms, 'UTC') AS at, capture_ms, face_count, yaw_deg, pitch_deg, roll_deg,
  gaze_x, gaze_y, eye_openness, mouth_openness, face_width_share, brightness, sharpness
FROM observations FINAL WHERE kind = 'face'"""

VIEWS = (_LATEST_VERDICTS, _EXAM_OVERVIEW, _SESSION_EVENTS, _SESSION_TIMELINE, _FRAME_SIGNALS)


def create_statements() -> Sequence[str]:
    """Everything that a database needs, in order; each may run again."""
    return (*(table.create for table in TABLES), *VIEWS)


def check_version(found: int, database: str) -> None:
    """Nothing when `found` is this program's schema or 0 (a new database).

    Raises: InputError for a database that another version of the program made.
    """
    if found not in (0, SCHEMA_VERSION):
        raise InputError(
            f"database {database}",
            f"its schema is version {found}, this program writes version {SCHEMA_VERSION}",
            "Run the program that made it, or set PROCTOR_DATABASE to a new name",
        )
