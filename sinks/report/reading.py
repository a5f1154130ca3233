"""Reads a session's report from the tables."""

from ingest.errors import InputError
from sinks.queries import (
    calibration,
    dropped_frames,
    risk_events,
    session_life,
    stored_counts,
    timeline,
    verdicts,
)
from sinks.report.assembly import Stored, assemble
from sinks.report.model import Report
from sinks.store import Store


def read_report(store: Store, session: str, policy: str = "") -> Report:
    """The report under `policy` (empty: the one under which the session was first judged), by its latest verdict.

    Raises: InputError when the session has no verdict; TransientError when the store does not answer.
    """
    given = [v for v in verdicts(store, session) if policy in ("", v.policy)]
    if not given:
        why = f"it has no verdict{f' under policy {policy}' if policy else ''} in database {store.database}"
        raise InputError(f"session {session}", why, "Wait until it ends, or check its name")
    verdict = max((v for v in given if v.policy == given[0].policy), key=lambda v: v.revision)
    return assemble(
        Stored(
            life=session_life(store, session),
            verdict=verdict,
            events=risk_events(store, session, verdict.policy),
            samples=timeline(store, session, verdict.policy),
            calibration=calibration(store, session, verdict.policy),
            dropped=dropped_frames(store, session),
            frames_observed=stored_counts(store, session).frames_observed,
        )
    )
