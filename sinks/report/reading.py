"""Reads a session's report from the tables."""

from ingest.errors import InputError
from sinks.observation_rows import policy_digest
from sinks.queries import (
    SessionLife,
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
from sinks.report.policy_text import PolicyText, read_policy_text
from sinks.store import Store
from sinks.tables import Origin


def read_report(store: Store, session: str, policy: str = "", origin: Origin = "live", document: str = "") -> Report:
    """The report under `policy` (empty: the one under which the session was first judged), by its latest verdict.

    `document`: the policy's canonical text, for its words; without it the text that the session started with, if that
    is the same policy.
    Raises: InputError when the session has no such verdict; TransientError when the store does not answer.
    """
    given = [v for v in verdicts(store, session, origin) if policy in ("", v.policy)]
    if not given:
        why = f"it has no verdict{f' under policy {policy}' if policy else ''} in database {store.database}"
        raise InputError(f"session {session}", why, "Wait until it ends, or check its name")
    of_policy = [v for v in given if v.policy == given[0].policy]
    verdict = max(of_policy, key=lambda v: v.revision) if origin != "replay" else of_policy[-1]
    life = session_life(store, session)
    return assemble(
        Stored(
            life=life,
            verdict=verdict,
            events=risk_events(store, session, verdict.policy, origin),
            samples=timeline(store, session, verdict.policy, origin),
            calibration=calibration(store, session, verdict.policy, origin),
            dropped=dropped_frames(store, session),
            frames_observed=stored_counts(store, session)[session].frames_observed,
            policy=read_policy_text(document) if document else _text_of(life, verdict.policy),
        )
    )


def _text_of(life: SessionLife, policy: str) -> PolicyText:
    """The words of the policy that the session brought, unless another one judged it."""
    brought = life.started.policy if life.started else ""
    return read_policy_text(brought if policy_digest(brought) == policy else "")
