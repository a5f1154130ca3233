"""The fold: one session's observations in log order become its risk events, score samples and verdicts.

`fold` and `close_silent` are pure: the same policy, state and observation give the same state and the same messages,
live, in replay and in tests. No clock, no randomness; time is the capture time of the observations.
"""

import msgspec

from ingest.errors import PoisonError
from scoring.messages import RiskMessage, SessionObservation
from scoring.policy import Policy


class SessionState(msgspec.Struct, frozen=True, array_like=True):
    """Everything scoring remembers of one session."""

    session: str
    policy: str
    start_ms: int
    closed: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SessionState).decode


def fold(
    policy: Policy, state: SessionState | None, observation: SessionObservation
) -> tuple[SessionState, tuple[RiskMessage, ...]]:
    """The next state and what follows from one observation; `state` None: the session's first."""
    start = getattr(observation, "capture_ms", 0)
    return state or SessionState(observation.session, policy.digest, start), ()


def close_silent(policy: Policy, state: SessionState, at_ms: int) -> tuple[SessionState, tuple[RiskMessage, ...]]:
    """End a session that was silent for `policy.silence_ms` of log time, noticed at `at_ms`."""
    return msgspec.structs.replace(state, closed=at_ms > 0 and policy.silence_ms > 0), ()


def encode_state(state: SessionState) -> bytes:
    """A state as private bytes for a checkpoint."""
    return _encode(state)


def decode_state(value: bytes) -> SessionState:
    """The state that `encode_state` packed.

    Raises: PoisonError when the bytes are of another layout.
    """
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable session state: {error}") from error
