"""What the report and the command ask of the tables, answered in the messages that scoring and ingest published.

`origin`: of which verdict; see `sinks.tables`. Of a policy that was replayed several times the last replay is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ingest.messages import FramesDropped, SessionEnded, SessionStarted
from scoring.messages import CalibrationFinished, RiskClosed, RiskOpened, ScoreSample, Verdict
from sinks.store import Store
from sinks.tables import Origin

_started = msgspec.msgpack.Decoder(SessionStarted).decode
_ended = msgspec.msgpack.Decoder(SessionEnded).decode
_dropped = msgspec.msgpack.Decoder(FramesDropped).decode
_event = msgspec.msgpack.Decoder(RiskOpened | RiskClosed).decode
_calibration = msgspec.msgpack.Decoder(CalibrationFinished).decode
_verdict = msgspec.msgpack.Decoder(Verdict).decode

RiskEvent = RiskOpened | RiskClosed


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """How much of a session is stored, of its verdicts and events the live ones.

    `frames_observed` counts frames that at least one detector looked at, `events` also those that are suppressed.
    """

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


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """One observation's exact bytes with its place in the log; `log_ms`: when the log took it."""

    packed: bytes
    log_offset: int
    position: int
    log_ms: int


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """One verdict with what it came from; `log_ms`: when the log took it, or when it was replayed."""

    origin: Origin
    log_ms: int
    verdict: Verdict


_COUNTED = {
    "observations": "count() AS n FROM observations FINAL WHERE true",
    "frames_observed": "uniqExact(seq) AS n FROM observations WHERE kind IN ('face', 'objects')",
    "frames_dropped": "toUInt64(sum(dropped)) AS n FROM observations FINAL WHERE true",
    "events": "uniqExact(event_id) AS n FROM risk_events WHERE origin = 'live'",
    "samples": "uniqExact(policy, at_ms) AS n FROM timeline WHERE origin = 'live'",
    "verdicts": "uniqExact(policy, engine, revision) AS n FROM verdicts WHERE origin = 'live'",
}
_COUNTS = " UNION ALL ".join(
    f"SELECT session, '{name}' AS counted, {what} AND session IN {{sessions:Array(String)}} GROUP BY session"
    for name, what in _COUNTED.items()
)

_JUDGED = """FINAL WHERE session = {session:String} AND origin = {origin:String} AND policy = {policy:String}"""
# An engine of another version may find other events: of several replays only the last one's rows belong together.
_OF_ONE = f"""{_JUDGED} AND (origin != 'replay' OR log_ms = (SELECT max(log_ms) FROM verdicts {_JUDGED}))"""


def stored_counts(store: Store, *sessions: str) -> dict[str, StoredCounts]:
    """Counts that repeated rows cannot change, of each session, by one query: a query takes 35 ms of a core."""
    found: dict[str, dict[str, int]] = {session: dict.fromkeys(_COUNTED, 0) for session in sessions}
    for session, counted, count in store.rows(_COUNTS, sessions=list(sessions)):
        found[session][counted] = count
    return {session: StoredCounts(**counts) for session, counts in found.items()}


def session_life(store: Store, session: str) -> SessionLife:
    """Start and end."""
    sql = "SELECT packed FROM sessions FINAL WHERE session = {session:String} AND phase = {phase:String}"
    started = store.blobs(sql, session=session, phase="started")
    ended = store.blobs(sql, session=session, phase="ended")
    return SessionLife(_started(started[0]) if started else None, _ended(ended[0]) if ended else None)


def verdicts(store: Store, session: str, origin: Origin = "live") -> Sequence[Verdict]:
    """All revisions under all policies and engines, in the order in which they were given."""
    return [stored.verdict for stored in all_verdicts(store, session) if stored.origin == origin]


def all_verdicts(store: Store, session: str) -> Sequence[StoredVerdict]:
    """All revisions of all origins, policies and engines, in the order in which they were given."""
    sql = """SELECT toString(origin), log_ms, packed FROM verdicts FINAL WHERE session = {session:String}
    ORDER BY verdicts.log_ms, log_offset, verdicts.origin, policy, engine, revision"""
    return [
        StoredVerdict(origin.decode(), log_ms, _verdict(packed))
        for origin, log_ms, packed in store.raw_rows(sql, session=session)
    ]


def risk_events(store: Store, session: str, policy: str, origin: Origin = "live") -> Sequence[RiskEvent]:
    """The events under one policy by onset, suppressed ones too; one that never closed comes as it opened."""
    sql = f"SELECT packed FROM risk_events {_OF_ONE} ORDER BY start_ms, rule, event_id"
    return [_event(packed) for packed in store.blobs(sql, session=session, policy=policy, origin=origin)]


def timeline(store: Store, session: str, policy: str, origin: Origin = "live") -> Sequence[ScoreSample]:
    """The risk of each second under one policy, in order of time."""
    names = [name for name in ScoreSample.__struct_fields__ if name not in ("session", "policy")]
    sql = f"SELECT {', '.join(names)} FROM timeline {_OF_ONE} ORDER BY at_ms"
    whose = {"session": session, "policy": policy}
    return [
        msgspec.convert(whose | dict(zip(names, row, strict=True)), ScoreSample)
        for row in store.rows(sql, **whose, origin=origin)
    ]


def calibration(store: Store, session: str, policy: str, origin: Origin = "live") -> CalibrationFinished | None:
    """The calibration under one policy, when there was one."""
    found = store.blobs(f"SELECT packed FROM calibrations {_OF_ONE}", session=session, policy=policy, origin=origin)
    return _calibration(found[0]) if found else None


def dropped_frames(store: Store, session: str) -> Sequence[FramesDropped]:
    """What was given up and why, by time; empty when the observations have expired."""
    sql = """SELECT packed FROM observations FINAL WHERE session = {session:String} AND startsWith(kind, 'dropped-')
    ORDER BY capture_ms, kind, seq"""
    return [_dropped(packed) for packed in store.blobs(sql, session=session)]


def packed_observations(store: Store, session: str) -> Sequence[bytes]:
    """The exact bytes of each observation of the session, once, in the order of the log: what a replay folds."""
    return [stored.packed for stored in stored_observations(store, session)]


def stored_observations(store: Store, session: str) -> Sequence[StoredObservation]:
    """The same with their places and the log's times, by which a partition's owner knows when a session fell silent."""
    sql = """SELECT packed, log_offset, position, log_ms FROM observations FINAL WHERE session = {session:String}
    ORDER BY log_offset, position"""
    return [StoredObservation(*row) for row in store.raw_rows(sql, session=session)]
