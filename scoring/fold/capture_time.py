"""A session's clock: capture time, mended where the source's clock jumped, and the breaks on it."""

from collections.abc import Sequence

from scoring.fold.course import Looks
from scoring.messages import Seen

JUMP_BACK_MS = 5_000
JUMP_AHEAD_MS = 60_000


def shift_after(looks: Looks, shift_ms: int, seen: Seen, ingested_ms: int) -> int:
    """What to add to capture times from this look on.

    A clock that was set back would make everything after it simultaneous; one that was set ahead would leave a hole.
    A jump ahead is a clock's, not a pause, when no frame is missing and the log's time did not move along.
    """
    if not looks.frames:
        return shift_ms
    step_ms = seen.capture_ms + shift_ms - looks.at_ms
    if -JUMP_BACK_MS <= step_ms <= JUMP_AHEAD_MS:
        return shift_ms
    is_pause = seen.seq != looks.seq + 1 or 2 * (seen.ingested_ms - ingested_ms) >= step_ms
    if step_ms > 0 and is_pause:
        return shift_ms
    return shift_ms - step_ms + looks.usual_ms


def in_break(breaks: Sequence[tuple[int, int]], elapsed_ms: int) -> bool:
    """Whether this moment lies in one of the breaks."""
    return any(start <= elapsed_ms < end for start, end in breaks)


def outside_breaks(breaks: Sequence[tuple[int, int]], duration_ms: int) -> int:
    """How much of a session is no break."""
    return duration_ms - sum(max(0, min(end, duration_ms) - start) for start, end in breaks)
