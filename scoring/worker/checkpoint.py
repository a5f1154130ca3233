"""What a checkpoint of one partition says, and how it is read back.

A checkpoint is one transaction on the changelog: the changed sessions and policies, then the position, "everything
below this offset is folded in, and its messages are acknowledged". Keys: `position`, `session/NAME`, `policy/KEY`.
"""

from collections.abc import Iterator, Mapping

import msgspec

from ingest.errors import PoisonError
from scoring.fold.partition import Changes, Held, Partition, Retention
from scoring.fold.session import decode_state, encode_state
from scoring.rulebook.policy import Policy, parse_terms

POSITION, SESSION, POLICY = b"position", b"session/", b"policy/"
Entry = tuple[bytes, bytes | None]
"""Key and value of one changelog record; None forgets the key."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """`offset` is the first record that is not folded in."""

    offset: int


class SavedSession(msgspec.Struct, frozen=True, array_like=True):
    """`Held` with its state packed."""

    offset: int
    log_ms: int
    policy: str
    state: bytes


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
    return _encode(SavedSession(held.offset, held.log_ms, held.policy, encode_state(held.state)))


class View:
    """What the changelog of one partition says so far. The highest source offset wins, whatever comes later."""

    def __init__(self) -> None:
        self.sessions: dict[str, Held] = {}
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
        """The policies of the sessions, by key."""
        return {key: parse_terms(terms) for key, terms in self.documents.items()}

    def partition(self, retention: Retention, next_offset: int, shadow: Policy | None = None) -> Partition:
        """The partition as the changelog has it, to go on at `next_offset`; `shadow`: the policy on trial."""
        return Partition(retention, next_offset, self.sessions, self.policies(), shadow)

    def forget(self) -> Iterator[Entry]:
        """Forget everything, and the records that make the changelog forget it."""
        yield from ((SESSION + session.encode(), None) for session in self.sessions)
        yield from ((POLICY + digest.encode(), None) for digest in self.documents)
        yield POSITION, None
        self.sessions, self.documents, self.position = {}, {}, None

    def _apply_position(self, value: bytes | None) -> None:
        offset = _position(value).offset if value is not None else None
        if offset is None or self.position is None or offset > self.position:
            self.position = offset

    def _apply_session(self, session: str, value: bytes | None) -> None:
        if value is None:
            self.sessions.pop(session, None)
            return
        saved, old = _session(value), self.sessions.get(session)
        if old is None or saved.offset >= old.offset:
            self.sessions[session] = Held(saved.offset, saved.log_ms, saved.policy, decode_state(saved.state))

    def _apply_policy(self, digest: str, value: bytes | None) -> None:
        if value is None:
            self.documents.pop(digest, None)
        else:
            self.documents[digest] = value.decode()
