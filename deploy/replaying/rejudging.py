"""A stored session under another policy: its messages, and what they change against what was said at the time."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.replaying.log_source import replay_log
from deploy.replaying.reading import StoredSession, read_session
from ingest.errors import InputError, PoisonError, ProctorError
from ingest.telemetry import now_ms
from scoring.fold.difference import PolicyDiff, compare_policies
from scoring.fold.replay import Another, replay, silences_of
from scoring.messages import RiskMessage
from scoring.rulebook.policy import Policy
from sinks.replayed import store_messages
from sinks.store import Store


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One session: `messages` of the other policy, `diff` against the live ones of its last verdict's policy."""

    session: str
    messages: tuple[RiskMessage, ...]
    diff: PolicyDiff
    start_ms: int


def rejudge(store: Store, session: str, another: Another) -> Rejudged:
    """Fold the stored observations of a session.

    Raises: InputError when they are not all there; see `read_session`.
    """
    stored = read_session(store, session)
    again = replay(stored.logged, silences_of(stored.verdicts), another)
    return _judged(stored, again.messages, "verify it with `proctor verify`")


def rejudge_log(
    store: Store, sessions: Sequence[str], policy: Policy, kafka: str, prefix: str
) -> Iterator[Rejudged | ProctorError]:
    """Fold the log's partitions of these sessions; one that cannot be judged is an error of its own.

    Raises: TransientError.
    """
    said = asyncio.run(replay_log(kafka, prefix, sessions, policy))
    mend = "the log keeps 24 hours; replay from the tables"
    for session in sessions:
        try:
            yield _judged(read_session(store, session), tuple(said[session]), mend)
        except (InputError, PoisonError) as error:
            yield error


def keep(store: Store, judged: Rejudged) -> int:
    """Store the messages beside the live ones, with origin `replay`; how many rows that made."""
    return store_messages(store, judged.messages, "replay", now_ms())


def _judged(stored: StoredSession, messages: tuple[RiskMessage, ...], mend: str) -> Rejudged:
    live = stored.verdicts[-1]
    diff = compare_policies(_of(stored, live.policy), messages)
    if diff.after is None or diff.after.observations != live.observations:
        raise InputError(f"session {stored.session}", "its observations are not those of its verdict", mend)
    return Rejudged(stored.session, messages, diff, live.start_ms)


def _of(stored: StoredSession, policy: str) -> list[RiskMessage]:
    return [message for message, _ in stored.said if message.policy == policy]
