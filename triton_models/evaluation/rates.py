"""Shares and rates over frames of video, as pure functions."""

from collections.abc import Sequence

MS_PER_HOUR = 3_600_000


def share_at(best: Sequence[float], floor: float) -> float:
    """Share of pictures whose best box reaches a confidence; 0 for none."""
    return sum(value >= floor for value in best) / max(1, len(best))


def per_hour(count: float, duration_ms: float) -> float:
    """A count as a rate per hour of video."""
    return count * MS_PER_HOUR / duration_ms if duration_ms else 0.0


def runs(flags: Sequence[bool], gap: int) -> int:
    """How many separate runs of True there are when up to `gap` False in between do not end one."""
    count, since = 0, gap + 1
    for flag in flags:
        count += flag and since > gap
        since = 0 if flag else since + 1
    return count
