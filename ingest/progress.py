"""What whoever runs a session can watch of it and gets at its end."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["completed", "source_failed", "cancelled"]


@dataclass(slots=True)
class Progress:
    """Moves while a session runs. `expected_frames` is an estimate of the frames to be sent, None when unknown.

    `frames_sent` and `sound_sent` count frames and records of sound that the broker acknowledged, `frames_dropped`
    frames given up; `start_ms` is the session's zero, 0 until it has started. `waiting` says in a sentence what the
    session waits for when something holds it up.
    """

    expected_frames: int | None = None
    start_ms: int = 0
    position_ms: int = 0
    frames_sent: int = 0
    frames_dropped: int = 0
    bytes_sent: int = 0
    sound_sent: int = 0
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """How a session ended: `reason` as in SessionEnded, `failure` says in words why the source failed.

    `sound_sent`: records of sound; `sound_trouble`: what was wrong with the sound track, which ends no session.
    """

    session: str
    start_ms: int
    frames_sent: int
    frames_dropped: int
    duration_ms: int
    reason: Reason
    failure: str | None = None
    sound_sent: int = 0
    sound_trouble: str | None = None
