"""What the report and the command ask of the tables, answered in the messages that scoring and ingest published."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ingest.messages import FramesDropped, SessionEnded, SessionStarted
from scoring.messages import CalibrationFinished, RiskClosed, RiskOpened, ScoreSample, Verdict
from sinks.store import Store

_started = msgspec.msgpack.Decoder(SessionStarted).decode
_ended = msgspec.msgpack.Decoder(SessionEnded).decode
_dropped = msgspec.msgpack.Decoder(FramesDropped).decode
_event = msgspec.msgpack.Decoder(RiskOpened | RiskClosed).decode
_calibration = msgspec.msgpack.Decoder(CalibrationFinished).decode
_verdict = msgspec.msgpack.Decoder(Verdict).decode

RiskEvent = RiskOpened | RiskClosed


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """How much of a session is stored. `frames_observed` counts frames that at least one detector looked at."""

    observations: int
    frames_observed: int
    frames_dropped: int
    events: int
    samples: int
    verdicts: int


@dataclass(frozen=True, slots=True)
class SessionLife:
    """A session's start and end, as far as they are stored."""

    started: SessionStarted | None
    ended: SessionEnded | None


_COUNTS = """SELECT
  (SELECT count() FROM observations FINAL WHERE session = {session:String}),
  (SELECT uniqExact(seq) FROM observations WHERE session = {session:String} AND kind IN ('face', 'objects')),
  (SELECT toInt64(sum(dropped)) FROM observations FINAL WHERE session = {session:String}),
  (SELECT uniqExact(event_id) FROM risk_events WHERE session = {session:String}),
  (SELECT uniqExact(policy, at_ms) FROM timeline WHERE session = {session:String}),
  (SELECT uniqExact(policy, revision) FROM verdicts WHERE session = {session:String})"""


def stored_counts(store: Store, session: str) -> StoredCounts:
    """Counts that repeated rows cannot change."""
    ((observations, observed, dropped, events, samples, verdicts),) = store.rows(_COUNTS, session=session)
    return StoredCounts(observations, observed, dropped, events, samples, verdicts)


def session_life(store: Store, session: str) -> SessionLife:
    """Start and end."""
    sql = "SELECT packed FROM sessions FINAL WHERE session = {session:String} AND phase = {phase:String}"
    started = store.blobs(sql, session=session, phase="started")
    ended = store.blobs(sql, session=session, phase="ended")
    return SessionLife(_started(started[0]) if started else None, _ended(ended[0]) if ended else None)


def verdicts(store: Store, session: str) -> Sequence[Verdict]:
    """All revisions under all policies, in the order in which they were given."""
    sql = "SELECT packed FROM verdicts FINAL WHERE session = {session:String} ORDER BY log_offset"
    return [_verdict(packed) for packed in store.blobs(sql, session=session)]


def risk_events(store: Store, session: str, policy: str) -> Sequence[RiskEvent]:
    """The events under one policy by onset; one that never closed comes as it opened."""
    sql = """SELECT packed FROM risk_events FINAL WHERE session = {session:String} AND policy = {policy:String}
    ORDER BY start_ms, rule, event_id"""
    return [_event(packed) for packed in store.blobs(sql, session=session, policy=policy)]


def timeline(store: Store, session: str, policy: str) -> Sequence[ScoreSample]:
    """The risk of each second under one policy, in order of time."""
    sql = """SELECT at_ms, temporary, permanent, active, frames, faces, seen, ingested_ms FROM timeline FINAL
    WHERE session = {session:String} AND policy = {policy:String} ORDER BY at_ms"""
    return [
        ScoreSample(
            session=session,
            policy=policy,
            at_ms=at_ms,
            temporary=temporary,
            permanent=permanent,
            active=tuple(active),
            frames=frames,
            faces=faces,
            seen=seen,
            ingested_ms=ingested_ms,
        )
        for at_ms, temporary, permanent, active, frames, faces, seen, ingested_ms in store.rows(
            sql, session=session, policy=policy
        )
    ]


def calibration(store: Store, session: str, policy: str) -> CalibrationFinished | None:
    """The calibration under one policy, when there was one."""
    sql = "SELECT packed FROM calibrations FINAL WHERE session = {session:String} AND policy = {policy:String}"
    found = store.blobs(sql, session=session, policy=policy)
    return _calibration(found[0]) if found else None


def dropped_frames(store: Store, session: str) -> Sequence[FramesDropped]:
    """What was given up and why, by time; empty when the observations have expired."""
    sql = """SELECT packed FROM observations FINAL WHERE session = {session:String} AND startsWith(kind, 'dropped-')
    ORDER BY capture_ms, kind, seq"""
    return [_dropped(packed) for packed in store.blobs(sql, session=session)]


def packed_observations(store: Store, session: str) -> Sequence[bytes]:
    """The exact bytes of each observation of the session, once, in the order of the log: what a replay folds."""
    sql = "SELECT packed FROM observations FINAL WHERE session = {session:String} ORDER BY log_offset, position"
    return store.blobs(sql, session=session)
