"""Views for analysts. They read each row once and need no `FINAL` of their reader.

Unless its name says otherwise a view shows what counts: origin 'live', without the events that an accommodation covers.
"""

_LATEST_VERDICTS = """CREATE OR REPLACE VIEW latest_verdicts AS
SELECT * EXCEPT (version, packed, origin, log_partition, log_offset, log_ms)
FROM verdicts FINAL
WHERE origin = 'live'
ORDER BY revision DESC, log_ms DESC LIMIT 1 BY session, policy"""

_EXAM_OVERVIEW = """CREATE OR REPLACE VIEW exam_overview AS
SELECT
  life.session AS session, life.source AS source,
  fromUnixTimestamp64Milli(life.started_ms, 'UTC') AS started_at,
  if(life.has_ended, fromUnixTimestamp64Milli(life.ended_ms, 'UTC'), NULL) AS ended_at,
  if(life.has_ended, (life.ended_ms - life.started_ms) / 1000, NULL) AS duration_s,
  life.reason AS end_reason, life.frames_sent AS frames_sent,
  verdict.policy AS policy, verdict.policy_name AS policy_name, verdict.engine AS engine,
  verdict.revision AS revision, verdict.risk_class AS risk_class,
  verdict.confidence AS confidence, verdict.integrity AS integrity, verdict.coverage AS coverage,
  verdict.temporary_peak AS temporary_peak, verdict.permanent AS permanent, verdict.calibration AS calibration,
  verdict.attention AS attention, verdict.frames_observed AS frames_observed, verdict.frames_dropped AS frames_dropped,
  arraySum(verdict.rules.events) AS events, arraySum(verdict.rules.suppressed) AS suppressed, verdict.alerts AS alerts,
  length(verdict.high_activity) AS high_activity_periods, verdict.accommodations AS accommodations,
  if(verdict.without_class = '', NULL, verdict.without_class) AS class_without_accommodations,
  verdict.anomalies AS anomalies, verdict.reasons AS reasons
FROM (
  SELECT
    session, maxIf(source, phase = 'started') AS source, minIf(capture_ms, phase = 'started') AS started_ms,
    maxIf(capture_ms, phase = 'ended') AS ended_ms, max(phase = 'ended') AS has_ended,
    maxIf(reason, phase = 'ended') AS reason, maxIf(frames_sent, phase = 'ended') AS frames_sent
  FROM sessions FINAL GROUP BY session
) AS life
LEFT JOIN latest_verdicts AS verdict ON verdict.session = life.session"""

_EVENT = """SELECT
  event_id, session, policy, rule, label, closed, points, permanent, signal, direction, threshold, peak, confidence,
  hold_ms, held_ms, repeats,
  fromUnixTimestamp64Milli(start_ms, 'UTC') AS started_at,
  if(closed, fromUnixTimestamp64Milli(end_ms, 'UTC'), NULL) AS ended_at,
  if(closed, (end_ms - start_ms) / 1000, NULL) AS duration_s,
  unless_field, unless_value, suppressed, start_ms, fired_ms, end_ms,
  onset_seq, onset_partition, onset_offset, peak_seq, peak_partition, peak_offset, end_seq, end_partition, end_offset
FROM risk_events FINAL WHERE origin = 'live'"""

_SESSION_EVENTS = f"CREATE OR REPLACE VIEW session_events AS\n{_EVENT} AND suppressed = ''"

_SUPPRESSED_EVENTS = f"CREATE OR REPLACE VIEW suppressed_events AS\n{_EVENT} AND suppressed != ''"

_SESSION_TIMELINE = """CREATE OR REPLACE VIEW session_timeline AS
SELECT
  session, policy, fromUnixTimestamp64Milli(at_ms, 'UTC') AS at, at_ms, temporary, permanent,
  temporary + permanent AS risk, attention, state, active, frames, if(faces < 0, NULL, faces) AS face_count, seen
FROM timeline FINAL
WHERE origin = 'live'
ORDER BY session, policy, at_ms"""

_RULE_COVERAGE = """CREATE OR REPLACE VIEW rule_coverage AS
SELECT
  session, policy, one.rule AS rule, one.label AS label, one.events AS events, one.suppressed AS suppressed,
  one.coverage AS coverage, one.duration_ms / 1000 AS duration_s, one.points AS points, risk_class
FROM latest_verdicts ARRAY JOIN rules AS one"""

# The other side is the last verdict of each policy on trial, and of each policy and engine that was replayed.
_POLICY_COMPARISON = """CREATE OR REPLACE VIEW policy_comparison AS
SELECT
  live.session AS session, other.origin AS origin,
  live.policy AS policy, live.policy_name AS policy_name, live.engine AS engine,
  other.policy AS other_policy, other.policy_name AS other_policy_name, other.engine AS other_engine,
  live.risk_class AS risk_class, other.risk_class AS other_class, live.risk_class != other.risk_class AS changed,
  live.confidence AS confidence, other.confidence AS other_confidence,
  live.integrity AS integrity, other.integrity AS other_integrity,
  live.coverage AS coverage, other.coverage AS other_coverage,
  arraySum(live.rules.events) AS events, arraySum(other.rules.events) AS other_events,
  live.observations = other.observations AS same_observations, live.proof = other.proof AS same_proof
FROM latest_verdicts AS live
INNER JOIN (
  SELECT * EXCEPT (version, packed) FROM verdicts FINAL
  WHERE origin != 'live'
  ORDER BY revision DESC, log_ms DESC LIMIT 1 BY session, origin, policy, engine
) AS other ON other.session = live.session"""

_FRAME_SIGNALS = """CREATE OR REPLACE VIEW frame_signals AS
SELECT
  session, seq, fromUnixTimestamp64Milli(capture_ms, 'UTC') AS at, capture_ms, face_count, yaw_deg, pitch_deg, roll_deg,
  gaze_x, gaze_y, eye_openness, mouth_openness, face_width_share, brightness, sharpness, frozen,
  sight_yaw_deg, pose_confidence, gaze_confidence, openness_confidence, person, looped, framed, covered
FROM observations FINAL WHERE kind = 'face'"""

VIEWS = (
    _LATEST_VERDICTS,
    _EXAM_OVERVIEW,
    _SESSION_EVENTS,
    _SUPPRESSED_EVENTS,
    _SESSION_TIMELINE,
    _RULE_COVERAGE,
    _POLICY_COMPARISON,
    _FRAME_SIGNALS,
)
