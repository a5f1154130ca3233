"""What the worker asks about identity: which frames to embed, how alike faces are, and that a face be forgotten.

One task at a time for each partition, frames in their order. A reference is durable before the first comparison with it
leaves: after a crash, the next worker compares with the same face.
"""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from prometheus_client import Counter

from detectors.identity.references import Begun, Entry, Kept, Malformed, ReferenceLog
from detectors.identity.registration import (
    Identity,
    Registered,
    RegistrationRule,
    Seen,
    Unknown,
    Waiting,
    register,
    similarity,
)
from detectors.identity.sealing import NONCE_BYTES, SALT_BYTES, NotOpenedError, Sealed, seal, unseal
from ingest.topics import DAY_MS

CROWDED = 10_000
"""So many sessions of one partition are looked through for those that fell silent without an end."""
REGISTERED = Counter("proctor_identity_registered_total", "Sessions whose face was registered.")
UNKNOWN = Counter("proctor_identity_unknown_total", "Sessions whose identity stays unknown, by reason.", ["reason"])
COMPARED = Counter("proctor_identity_compared_total", "Faces compared with a reference.")
DELETED = Counter("proctor_identity_deleted_total", "References deleted at a session's end.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cadence:
    """How much capture time lies between two frames that are embedded, at least.

    While registering; later, since a look takes 8.5 ms of a core (0.4 % of one for each session); and after a face that
    was not clearly alike (below `doubt_below`), so that a stranger is seen several times within the seconds that a rule
    waits for.
    """

    registering_ms: int = 400
    verifying_ms: int = 2_000
    doubting_ms: int = 1_000
    doubt_below: float = 0.45


@dataclass(slots=True)
class _Share:
    """What is known of the sessions of one partition; `identities` None: not read from the log yet."""

    identities: dict[str, Identity] | None = None
    asked_ms: dict[str, int] = field(default_factory=dict)


class Desk:
    """For one run of a worker. `model`: the recogniser's digest; `master`: the secret that keys are derived from."""

    def __init__(
        self,
        references: ReferenceLog,
        master: bytes,
        model: str,
        rule: RegistrationRule | None = None,
        cadence: Cadence | None = None,
    ) -> None:
        self._references, self._master, self._model = references, master, model
        self._rule, self._cadence = rule or RegistrationRule(), cadence or Cadence()
        self._shares: dict[int, _Share] = {}

    def is_due(self, partition: int, session: str, capture_ms: int) -> bool:
        """Whether this frame's face should be embedded; a yes counts as asked."""
        share = self._shares.setdefault(partition, _Share())
        wait_ms = self._wait_ms((share.identities or {}).get(session))
        last_ms = share.asked_ms.get(session)
        if wait_ms is None or (last_ms is not None and 0 <= capture_ms - last_ms < wait_ms):
            return False
        share.asked_ms[session] = capture_ms
        return True

    async def compare(self, partition: int, seen: Sequence[Seen]) -> list[float | None]:
        """How alike each of `seen` is to its session's reference, in their order; None: nothing to be said.

        Reads the partition's references when it is new here, and waits until those that were registered now are
        durable. Raises: TransientError; the partition is then read anew.
        """
        share = self._shares.setdefault(partition, _Share())
        try:
            if share.identities is None:
                share.identities = self._opened(await self._references.read(partition))
            new: dict[str, Entry] = {}
            answers = [self._compare(share, share.identities, one, new) for one in seen]
            await asyncio.gather(*(self._references.write(partition, *entry) for entry in new.items()))
        except BaseException:
            self.leave(partition)  # what was registered may not be durable
            raise
        return answers

    async def end(self, partition: int, session: str) -> None:
        """The session is over: delete its reference; returns when that is durable. Raises: TransientError."""
        await self._references.delete(partition, session)
        DELETED.inc()
        share = self._shares.get(partition, _Share())
        share.asked_ms.pop(session, None)
        (share.identities or {}).pop(session, None)

    def leave(self, partition: int) -> None:
        """The partition belongs to somebody else now."""
        self._shares.pop(partition, None)

    def _wait_ms(self, identity: Identity | None) -> int | None:
        """None: this session's faces need not be embedded any more."""
        match identity:
            case Unknown():
                return None
            case Registered(doubted=doubted):
                return self._cadence.doubting_ms if doubted else self._cadence.verifying_ms
            case _:
                return self._cadence.registering_ms

    def _compare(
        self, share: _Share, identities: dict[str, Identity], seen: Seen, new: dict[str, Entry]
    ) -> float | None:
        """What the frame says; what must be kept of its session, if anything is new, comes into `new`."""
        before = identities.get(seen.session)
        if before is None:
            _drop_silent(share, identities, seen.capture_ms)
            before = Waiting(seen.capture_ms)
            new[seen.session] = Begun(seen.capture_ms)
        after, alike = self._after(before, seen)
        identities[seen.session] = after
        if isinstance(before, Waiting) and isinstance(after, Registered):
            new[seen.session] = self._sealed(after)
            REGISTERED.inc()
        elif isinstance(before, Waiting):
            _count_unknown(after)
        return alike

    def _after(self, identity: Identity, seen: Seen) -> tuple[Identity, float | None]:
        match identity:
            case Waiting():
                return register(self._rule, self._model, identity, seen), None
            case Registered(reference=reference):
                alike = similarity(reference, seen)
                if alike is None:
                    return identity, None
                COMPARED.inc()
                return Registered(reference, alike < self._cadence.doubt_below), alike
            case Unknown():
                return identity, None

    def _sealed(self, registered: Registered) -> Sealed:
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        return seal(self._master, registered.reference, salt, nonce)

    def _opened(self, kept: dict[str, Kept]) -> dict[str, Identity]:
        identities = {session: self._open(session, one) for session, one in kept.items()}
        for identity in identities.values():
            _count_unknown(identity)
        return identities

    def _open(self, session: str, kept: Kept) -> Identity:
        if isinstance(kept, Malformed):
            return Unknown("malformed")
        if isinstance(kept, Begun):
            return Waiting(kept.at_ms)
        try:
            return Registered(unseal(self._master, session, self._model, kept))
        except NotOpenedError as error:
            return Unknown(error.reason)


def _count_unknown(identity: Identity) -> None:
    if isinstance(identity, Unknown):
        UNKNOWN.labels(identity.reason).inc()


def _drop_silent(share: _Share, identities: dict[str, Identity], now_ms: int) -> None:
    """Forget what the topic has forgotten, too: sessions that said nothing for a day."""
    if len(identities) < CROWDED:
        return
    for session in [one for one in identities if share.asked_ms.get(one, now_ms) < now_ms - DAY_MS]:
        del identities[session]
        share.asked_ms.pop(session, None)
