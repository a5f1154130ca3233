"""One partition of `observations` as it is folded: a bundle in, risk messages out, completely or not at all.

Pure: no clock, no broker. Log time is the timestamp of the record at hand, so that a replay of the log takes every
decision again. States are never changed in place; what a failed bundle touched is forgotten.

A session that another version of the fold has begun is never gone on with, since its verdict would be neither's: it is
folded again from its first record on. Until the partition is where that version was, only such sessions are folded.
Where the log no longer holds the first record, the verdict is INCONCLUSIVE and says so.
"""

from collections.abc import Iterable, Mapping

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import Notice, SessionStarted
from scoring.fold.holdings import NOTHING_AGAIN, Again, Changes, Folded, Held, Retention
from scoring.fold.notices import notices
from scoring.fold.session import SessionState, close_silent, fold, without_beginning
from scoring.messages import RiskMessage, SessionObservation, Tick, unpack_bundle
from scoring.rulebook.policy import Policy, accommodated, announced_policy


class Partition:
    """The sessions and policies of one partition, everything below `next_offset` folded in.

    `shadow`: a policy on trial, which every session is folded under instead of its own. `again`: sessions that are
    folded again; then `next_offset` lies before what is folded in.
    """

    def __init__(
        self,
        retention: Retention,
        next_offset: int,
        sessions: Mapping[str, Held] | None = None,
        policies: Mapping[str, Policy] | None = None,
        shadow: Policy | None = None,
        again: Again = NOTHING_AGAIN,
    ) -> None:
        self._retention, self.shadow, self.again = retention, shadow, again
        self.awaited = dict(again.sessions)
        self.sessions = dict(sessions or {})
        self.policies = dict(policies or {})
        self.next_offset = next_offset
        self.log_ms = 0
        self._changes = Changes()

    def fold(self, record: Record) -> Folded:
        """Fold one record.

        Raises: PoisonError when any observation of it cannot be folded; then only `next_offset` has moved.
        """
        assert record.offset == self.next_offset, f"offset {record.offset} delivered instead of {self.next_offset}"
        self.next_offset, self.log_ms = record.offset + 1, record.timestamp_ms
        step = _Step(self, record)
        try:
            for observation, packed in unpack_bundle(record.value):
                if isinstance(observation, Tick):
                    step.tick()
                else:
                    step.observe(observation, packed)
        except PoisonError:
            raise
        except Exception as error:
            raise PoisonError(f"cannot fold: {type(error).__name__}: {error}") from error
        self._apply(step.changes)
        return Folded(tuple(step.messages), step.observations, tuple(step.given_up), tuple(step.notices))

    def take_changes(self) -> Changes:
        """What changed since the last call, for a checkpoint."""
        changes, self._changes = self._changes, Changes()
        return changes

    @property
    def is_behind(self) -> bool:
        """Whether it is not yet where the version before was: what it holds is no checkpoint to go on from."""
        return self.next_offset < self.again.until

    @property
    def live(self) -> int:
        """Sessions that have not ended."""
        return sum(not held.state.closed for held in self.sessions.values())

    def quiet_for(self, held: Held, log_ms: int) -> bool:
        """Whether a live session has been silent long enough to be closed."""
        if held.state.closed:
            return False
        return log_ms - held.log_ms >= min(self.policies[held.policy].silence_ms, self._retention.silence_ms)

    def is_over(self, held: Held, log_ms: int) -> bool:
        """Whether a finished session need not be fenced any longer."""
        return held.state.closed and log_ms - held.log_ms >= self._retention.finished_ms

    def is_gone(self, session: str, log_ms: int) -> bool:
        """Whether of a session that is to be folded again nothing came for as long as any may be silent."""
        return not self.is_behind and log_ms - self.awaited[session].log_ms >= self._retention.silence_ms

    def _apply(self, changes: Changes) -> None:
        for session, held in changes.sessions.items():
            self.awaited.pop(session, None)
            if held is None:
                self.sessions.pop(session, None)
            else:
                self.sessions[session] = held
        self.policies |= {digest: policy for digest, policy in changes.policies.items() if policy is not None}
        if None in changes.sessions.values():
            changes.policies |= self._forget_unused_policies()
        self._changes.add(changes)

    def _forget_unused_policies(self) -> dict[str, None]:
        used = {held.policy for held in self.sessions.values()}
        unused = [digest for digest in self.policies if digest not in used]
        for digest in unused:
            del self.policies[digest]
        return dict.fromkeys(unused)


class _Step:
    """The folding of one record into a partition, until it is known to succeed."""

    def __init__(self, partition: Partition, record: Record) -> None:
        self._partition, self._offset, self._log_ms = partition, record.offset, record.timestamp_ms
        self._only = partition.again.sessions if record.offset < partition.again.until else None
        self.changes = Changes()
        self.messages: list[RiskMessage] = []
        self.given_up: list[str] = []
        self.notices: list[Notice] = []
        self.observations = 0

    def observe(self, observation: SessionObservation, packed: bytes) -> None:
        """Fold one observation of a session."""
        self.observations += 1
        session, changed = observation.session, self.changes.sessions
        if self._only is not None and session not in self._only:
            return  # folded before
        held = changed[session] if session in changed else self._partition.sessions.get(session)
        if held is None:
            self._begin(observation, packed)
        elif held.offset < self._offset or session in changed:  # else saved after the position was: contains it already
            self._go_on(held, observation, packed)

    def tick(self) -> None:
        """Time has passed: close what is silent, forget what is over."""
        self.observations += 1
        for session, held in list(self._partition.sessions.items()):
            if session in self.changes.sessions or held.offset >= self._offset:
                continue  # has just shown a sign of life
            if self._only is not None and session not in self._only:
                continue  # this tick has told it before
            if self._partition.is_over(held, self._log_ms):
                self.changes.sessions[session] = None
            elif self._partition.quiet_for(held, self._log_ms):
                policy = self._policy(held.policy)
                self._keep(session, policy, *close_silent(policy, held.state), held.first)
        for session in self._partition.awaited:
            if session not in self.changes.sessions and self._partition.is_gone(session, self._log_ms):
                self.changes.sessions[session] = None
                self.given_up.append(session)

    def _begin(self, first: SessionObservation, packed: bytes) -> None:
        policy = self._announced(first)
        state, messages = fold(policy, None, first, packed)
        if self._is_cut(first):
            state = without_beginning(state)
        self._keep(first.session, policy, state, messages, self._offset)
        self._tell(None, state)

    def _go_on(self, held: Held, observation: SessionObservation, packed: bytes) -> None:
        if held.state.closed_by == "end":
            return  # nothing follows, and its policy may be another version's
        policy = self._policy(held.policy)
        state, messages = fold(policy, held.state, observation, packed)
        if state is held.state:
            return  # a repetition: no sign of life, nothing to save
        self._keep(observation.session, policy, state, messages, held.first)
        if state.likeness is not None:
            self._tell(held.state, state)

    def _tell(self, before: SessionState | None, after: SessionState) -> None:
        if self._partition.shadow is None:
            self.notices += notices(before, after)

    def _keep(
        self, session: str, policy: Policy, state: SessionState, messages: Iterable[RiskMessage], first: int
    ) -> None:
        self.messages += messages
        self.changes.sessions[session] = Held(self._offset, self._log_ms, policy.key, state, first)
        if policy.key not in self._partition.policies:
            self.changes.policies[policy.key] = policy

    def _policy(self, key: str) -> Policy:
        return self.changes.policies.get(key) or self._partition.policies[key]

    def _announced(self, first: SessionObservation) -> Policy:
        """The policy of a session that begins with `first`: the one it brings, else the stage's default.

        Under a shadow policy: that one, with what the person is allowed. Of a session whose beginning has left the log:
        the one that it began under.
        """
        if self._is_cut(first) and (known := self._partition.again.cut[first.session]):
            return known
        start = first if isinstance(first, SessionStarted) else None
        allowed = start.accommodations if start else ""
        if self._partition.shadow is not None:
            return accommodated(self._partition.shadow, allowed)
        return announced_policy(start.policy if start else "", allowed)

    def _is_cut(self, first: SessionObservation) -> bool:
        """Whether the log no longer holds what came before `first`."""
        return first.session in self._partition.again.cut and not isinstance(first, SessionStarted)
