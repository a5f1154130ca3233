"""Whether the worker gets on: the coordinator looks fine while partitions stand still, so their offsets are watched."""

from collections.abc import Mapping

NOT_STARTED = -1  # next offset of a partition that is assigned, but not yet taken over


class Progress:
    """What was last seen of each partition; times are seconds of any one clock."""

    def __init__(self, now_s: float) -> None:
        self._reached_s = now_s
        self._next: dict[int, int] = {}
        self._moved_s: dict[int, float] = {}
        self.lag: dict[int, int] = {}

    def see(self, now_s: float, next_offsets: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """The broker answered: `ends` of the log's partitions; `next_offsets` of those assigned to this worker."""
        self._reached_s = now_s
        self.lag = {partition: ends[partition] - max(offset, 0) for partition, offset in next_offsets.items()}
        for partition, offset in next_offsets.items():
            waits = offset == NOT_STARTED or self.lag[partition] > 0
            if not waits or self._next.get(partition) != offset:
                self._moved_s[partition] = now_s
        self._next = dict(next_offsets)

    def unreachable(self, now_s: float, limit_s: float) -> str | None:
        """Why the broker counts as unreachable, or None."""
        silent_s = now_s - self._reached_s
        return f"no answer from the broker for {silent_s:.0f} s" if silent_s > limit_s else None

    def unassigned(self) -> str | None:
        """Why the worker has nothing to do, or None."""
        if not self._next:
            return "no partitions assigned"
        waiting = sorted(partition for partition, offset in self._next.items() if offset == NOT_STARTED)
        return f"partitions {waiting} not yet taken over" if waiting else None

    def stalled(self, now_s: float, limit_s: float) -> str | None:
        """Why the worker counts as stalled, or None."""
        still = sorted(partition for partition in self._next if now_s - self._moved_s[partition] > limit_s)
        return f"records wait, but partitions {still} stand still" if still else None
