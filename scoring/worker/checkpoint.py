"""What a checkpoint of one partition says, and how it is read back.

A checkpoint is one transaction on the changelog: the changed sessions and policies, then the position, "everything
below this offset is folded in, and its messages are acknowledged". Keys: `position`, `session/NAME`, `policy/KEY`.

Each session names the version of the fold that made its state. What another version made is never unpacked: see
`scoring.fold.partition`.
"""

from collections.abc import Iterator, Mapping, Set
from itertools import chain

import msgspec

from ingest.errors import PoisonError
from scoring.fold.engine import ENGINE
from scoring.fold.holdings import Again, Changes, Foreign, Held, Retention
from scoring.fold.partition import Partition
from scoring.fold.session import decode_state, encode_state, over
from scoring.rulebook.policy import Policy, parse_terms

POSITION, SESSION, POLICY = b"position", b"session/", b"policy/"
Entry = tuple[bytes, bytes | None]
"""Key and value of one changelog record; None forgets the key."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """`offset` is the first record that is not folded in."""

    offset: int


class SavedSession(msgspec.Struct, frozen=True, array_like=True):
    """`Held` with its state packed, and the version of the fold that packed it (empty: one that did not say so)."""

    offset: int
    log_ms: int
    policy: str
    state: bytes
    engine: str = ""
    first: int = -1
    ended: bool = False


_encode = msgspec.msgpack.Encoder().encode
_position = msgspec.msgpack.Decoder(Position).decode
_session = msgspec.msgpack.Decoder(SavedSession).decode


def entries(changes: Changes, next_offset: int) -> Iterator[Entry]:
    """The records of one checkpoint, in order; the position comes last."""
    for digest, policy in changes.policies.items():
        yield POLICY + digest.encode(), policy.terms.encode() if policy else None
    for session, held in changes.sessions.items():
        yield SESSION + session.encode(), _pack(held) if held else None
    yield POSITION, _encode(Position(next_offset))


def _pack(held: Held) -> bytes:
    state, ended = encode_state(held.state), held.state.closed_by == "end"
    return _encode(SavedSession(held.offset, held.log_ms, held.policy, state, ENGINE, held.first, ended))


class View:
    """What the changelog of one partition says so far; of what one version made, the highest source offset wins,
    whatever comes later. `foreign`: sessions as another version left them."""

    def __init__(self) -> None:
        self.sessions: dict[str, Held] = {}
        self.foreign: dict[str, Foreign] = {}
        self.documents: dict[str, str] = {}
        self.position: int | None = None

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog.

        Raises: PoisonError when it is of another layout: the changelog cannot be used.
        """
        try:
            if key == POSITION:
                self._apply_position(value)
            elif key.startswith(SESSION):
                self._apply_session(key.removeprefix(SESSION).decode(), value)
            elif key.startswith(POLICY):
                self._apply_policy(key.removeprefix(POLICY).decode(), value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise PoisonError(f"unreadable record {key!r} in the changelog: {error}") from error

    def policies(self) -> Mapping[str, Policy]:
        """The policies of the sessions, by key; another version's may be unreadable.

        Raises: PoisonError when a policy of this version's is.
        """
        return dict(self._policies({held.policy for held in self.sessions.values()}))

    def partition(
        self, retention: Retention, position: int, shadow: Policy | None = None, log_start: int = 0
    ) -> Partition:
        """The partition as the changelog has it, to go on at `position`, or before it for another version's sessions.

        `shadow`: the policy on trial; `log_start`: the first record that the log holds.
        """
        policies = self.policies()
        ended = {
            session: Held(one.offset, one.log_ms, one.policy, over(session, one.policy), one.first)
            for session, one in self.foreign.items()
            if one.ended
        }
        again = {session: one for session, one in self.foreign.items() if not one.ended}
        cut = {session: policies.get(one.policy) for session, one in again.items() if max(one.first, 0) < log_start}
        start = min([position, *(max(one.first, log_start) for one in again.values())])
        return Partition(retention, start, self.sessions | ended, policies, shadow, Again(position, again, cut))

    @property
    def under_way(self) -> list[Held | Foreign]:
        """The sessions that have not ended, whichever version folded them."""
        own = (held for held in self.sessions.values() if not held.state.closed)
        return list(chain(own, (one for one in self.foreign.values() if not one.ended)))

    def forget(self) -> Iterator[Entry]:
        """Forget everything, and the records that make the changelog forget it."""
        yield from ((SESSION + session.encode(), None) for session in chain(self.sessions, self.foreign))
        yield from ((POLICY + digest.encode(), None) for digest in self.documents)
        yield POSITION, None
        self.sessions, self.foreign, self.documents, self.position = {}, {}, {}, None

    def _policies(self, needed: Set[str]) -> Iterator[tuple[str, Policy]]:
        for key, terms in self.documents.items():
            try:
                yield key, parse_terms(terms)
            except PoisonError:
                if key in needed:
                    raise

    def _apply_position(self, value: bytes | None) -> None:
        offset = _position(value).offset if value is not None else None
        if offset is None or self.position is None or offset > self.position:
            self.position = offset

    def _apply_session(self, session: str, value: bytes | None) -> None:
        saved = _session(value) if value is not None else None
        if saved is not None and saved.engine == ENGINE:
            old = self.sessions.get(session)
            if old is not None and saved.offset < old.offset:
                return
        self.sessions.pop(session, None)
        self.foreign.pop(session, None)
        if saved is not None:
            self._remember(session, saved)

    def _remember(self, session: str, saved: SavedSession) -> None:
        if saved.engine == ENGINE:
            state = decode_state(saved.state)
            self.sessions[session] = Held(saved.offset, saved.log_ms, saved.policy, state, saved.first)
        else:
            first, ended, engine = saved.first, saved.ended, saved.engine
            self.foreign[session] = Foreign(saved.offset, saved.log_ms, saved.policy, first, ended, engine)

    def _apply_policy(self, digest: str, value: bytes | None) -> None:
        if value is None:
            self.documents.pop(digest, None)
        else:
            self.documents[digest] = value.decode()
