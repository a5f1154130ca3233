"""A session as it is stored: its observations in log order, and what scoring said of it at the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from ingest.errors import InputError, PoisonError
from ingest.messages import encode_message
from ingest.telemetry import now_ms
from scoring.fold.replay import Logged
from scoring.messages import RiskMessage, Verdict, decode_risk_message
from sinks.queries import StoredObservation, StoredVerdict, all_verdicts, stored_observations, timeline
from sinks.store import Store
from sinks.tables import OBSERVATION_DAYS

DAY_MS = 86_400_000
Said = tuple[RiskMessage, bytes]
"""A message with the bytes that are stored of it; of samples, whose rows hold no bytes, those of the row's numbers."""

_PACKED = """SELECT packed FROM {table} FINAL WHERE session = {{session:String}} AND origin = 'live'
ORDER BY log_partition, log_offset"""
_SESSIONS = "SELECT DISTINCT session FROM verdicts WHERE origin = 'live' ORDER BY session"


@dataclass(frozen=True, slots=True)
class StoredSession:
    """`verdicts`: the live ones, in the order in which they were given."""

    session: str
    observations: tuple[StoredObservation, ...]
    verdicts: tuple[Verdict, ...]
    said: tuple[Said, ...]

    @property
    def logged(self) -> list[Logged]:
        """The observations as a replay takes them."""
        return [Logged(one.log_offset, one.packed) for one in self.observations]


def judged_sessions(store: Store) -> list[str]:
    """Every session that has a live verdict."""
    return [session for (session,) in store.rows(_SESSIONS)]


def read_session(store: Store, session: str) -> StoredSession:
    """Everything that is stored of a session.

    Raises: InputError when it is unknown, has no verdict yet, or when its observations have expired; PoisonError when
    what scoring said of it cannot be read.
    """
    try:
        return _read(store, session)
    except msgspec.MsgspecError as error:
        raise PoisonError(f"session {session}: a stored message cannot be read: {error}") from error


def _read(store: Store, session: str) -> StoredSession:
    observations = tuple(stored_observations(store, session))
    verdicts = [one for one in all_verdicts(store, session) if one.origin == "live"]
    if not verdicts:
        raise _no_verdict(session, bool(observations))
    if not observations:
        raise _no_observations(session, verdicts)
    said = (*_packed(store, session), *_samples(store, session, {one.verdict.policy for one in verdicts}))
    return StoredSession(session, observations, tuple(one.verdict for one in verdicts), said)


def _no_verdict(session: str, is_known: bool) -> InputError:
    if is_known:
        return InputError(f"session {session}", "has no verdict yet", "Wait until it has ended and is stored")
    return InputError(f"session {session}", "is not stored", "Check its name, PROCTOR_CLICKHOUSE and PROCTOR_DATABASE")


def _no_observations(session: str, verdicts: Sequence[StoredVerdict]) -> InputError:
    """Observations live for days, verdicts for months; young ones that are gone were taken away."""
    age_days = (now_ms() - max(one.log_ms for one in verdicts)) // DAY_MS
    if age_days >= OBSERVATION_DAYS - 1:
        why = f"observations of this session are no longer stored: {OBSERVATION_DAYS} days"
        return InputError(f"session {session}", why, "Its verdict stands, but can no longer be recomputed")
    why = f"its observations are missing, though its verdict is only {age_days} days old"
    return InputError(f"session {session}", why, f"They are kept for {OBSERVATION_DAYS} days: see who removed them")


def _packed(store: Store, session: str) -> Iterator[Said]:
    for table in ("calibrations", "risk_events", "verdicts"):
        for packed in store.blobs(_PACKED.format(table=table), session=session):
            yield decode_risk_message(packed), packed


def _samples(store: Store, session: str, policies: set[str]) -> Iterator[Said]:
    for policy in sorted(policies):
        for sample in timeline(store, session, policy):
            yield sample, encode_message(sample)
