"""A session folded again from the bytes that the log held of it: the same messages, or those of another policy.

Pure. `Logged` is what a store keeps of the log: each observation's exact bytes and the record that brought it. Sessions
that were closed by silence are closed again at the same place: no tick is stored, but every verdict names the digest of
the observations before it. Of a bundle that could not be folded nothing counts, as in the worker; what another session
of that bundle did cannot be seen here (the log itself can: `LogReplay`).
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import SessionStarted
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.fold.session import SessionState, close_silent, fold
from scoring.messages import RiskMessage, SessionObservation, Tick, Verdict, unpack_bundle
from scoring.rulebook.policy import Policy, accommodated, announced_policy

_BUNDLE_OF_ONE = b"\x91"  # msgpack: an array of one


@dataclass(frozen=True, slots=True)
class Logged:
    """One observation as it is stored: the offset of its record, its exact bytes."""

    offset: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """An observation that cannot be decoded or folded, and why."""

    logged: Logged
    reason: str


@dataclass(frozen=True, slots=True)
class Another:
    """A policy to replay under; what the person is allowed stays, unless `accommodations` is false."""

    policy: Policy
    accommodations: bool = True


@dataclass(frozen=True, slots=True)
class Replayed:
    """A session folded again. `ignored`: observations that the fold left out: repetitions, what came after the end.

    `policy` and `state` are None when nothing could be folded.
    """

    messages: tuple[RiskMessage, ...] = ()
    policy: Policy | None = None
    state: SessionState | None = None
    ignored: int = 0
    refused: tuple[Refused, ...] = ()

    @property
    def digest(self) -> str:
        """Over all observations that were folded, 32 hexadecimal digits; empty: none were."""
        return self.state.observations.hex() if self.state else ""


def decode_logged(packed: bytes) -> SessionObservation:
    """One stored observation.

    Raises: PoisonError when the bytes are not exactly one observation of a session.
    """
    ((observation, _),) = unpack_bundle(_BUNDLE_OF_ONE + packed)
    if isinstance(observation, Tick):
        raise PoisonError("a tick belongs to no session")
    return observation


def replay(logged: Iterable[Logged], silences: Set[str] = frozenset(), another: Another | None = None) -> Replayed:
    """Fold one session's observations, in log order, as a worker did.

    `silences`: the observations' digests of the verdicts that silence brought about. `another`: a policy in place of
    the one that the session began with.
    """
    folding = _Folding(silences, another)
    for _, bundle in groupby(logged, key=lambda one: one.offset):
        folding.take(tuple(bundle))
    return folding.result


class _Folding:
    """A replay under way."""

    def __init__(self, silences: Set[str], another: Another | None) -> None:
        self._silences, self._another = silences, another
        self._policy: Policy | None = None
        self._state: SessionState | None = None
        self._messages: list[RiskMessage] = []
        self._ignored = 0
        self._refused: list[Refused] = []

    @property
    def result(self) -> Replayed:
        return Replayed(tuple(self._messages), self._policy, self._state, self._ignored, tuple(self._refused))

    def take(self, bundle: Sequence[Logged]) -> None:
        """Fold all observations of one record, or none."""
        before = self._policy, self._state, len(self._messages), self._ignored
        for one in bundle:
            try:
                self._fold(decode_logged(one.packed), one.packed)
            except PoisonError as error:
                self._policy, self._state, told, self._ignored = before
                del self._messages[told:]
                why = "its bundle cannot be folded"
                self._refused += [Refused(each, str(error) if each is one else why) for each in bundle]
                return

    def _fold(self, observation: SessionObservation, packed: bytes) -> None:
        if self._policy is None:
            self._policy = _policy(observation, self._another)
        try:
            state, messages = fold(self._policy, self._state, observation, packed)
            self._ignored += state is self._state
            if state.observations.hex() in self._silences:
                state, closing = close_silent(self._policy, state)
                messages += closing
        except Exception as error:
            raise PoisonError(f"cannot fold: {type(error).__name__}: {error}") from error
        self._state = state
        self._messages += messages


def _policy(first: SessionObservation, another: Another | None) -> Policy:
    """The policy of a session that begins with `first`."""
    start = first if isinstance(first, SessionStarted) else None
    allowed = start.accommodations if start else ""
    if another is None:
        return announced_policy(start.policy if start else "", allowed)
    return accommodated(another.policy, allowed) if another.accommodations else another.policy


def silences_of(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Where silence closed a session, for `replay`."""
    return frozenset(verdict.observations for verdict in verdicts if verdict.closed_by == "silence")


class LogReplay:
    """A whole partition of `observations` folded from its first record, ticks included; `said`: what sessions said.

    `another`: a policy in place of every session's own. Records that a worker would bury are passed by.
    """

    def __init__(self, sessions: Iterable[str], another: Policy | None = None) -> None:
        self.said: dict[str, list[RiskMessage]] = {session: [] for session in sessions}
        self._another = another
        self._partition: Partition | None = None

    def take(self, record: Record) -> None:
        """One record further; a log may leave offsets out."""
        if self._partition is None:
            self._partition = Partition(Retention(), record.offset, shadow=self._another)
        self._partition.next_offset = record.offset
        try:
            messages = self._partition.fold(record).messages
        except PoisonError:
            return
        self._partition.take_changes()
        for message in messages:
            if message.session in self.said:
                self.said[message.session].append(message)


def replay_partition(
    records: Iterable[Record], sessions: Iterable[str], another: Policy | None = None
) -> dict[str, list[RiskMessage]]:
    """All that `sessions` said in these records of one partition."""
    replay = LogReplay(sessions, another)
    for record in records:
        replay.take(record)
    return replay.said
