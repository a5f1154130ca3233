"""A scoring worker of another version: another engine, states of another layout, points without a fraction."""

from scoring.fold import engine

vars(engine)["ENGINE"] = "0"  # before anything else has read it

from scoring.__main__ import main  # noqa: E402
from scoring.fold import score  # noqa: E402
from scoring.fold.session import decode_state, encode_state  # noqa: E402
from scoring.fold.state import SessionState  # noqa: E402
from scoring.worker import checkpoint  # noqa: E402


def encode(state: SessionState) -> bytes:
    """The state backwards."""
    return encode_state(state)[::-1]


def decode(value: bytes) -> SessionState:
    """What `encode` packed."""
    return decode_state(value[::-1])


def points(thousandths: int) -> float:
    """Rounded down."""
    return float(thousandths // 1000)


if __name__ == "__main__":
    vars(checkpoint).update(encode_state=encode, decode_state=decode)
    vars(score)["points"] = points
    main()
