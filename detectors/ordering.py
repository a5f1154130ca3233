"""One partition's frames: opened as read, finished in any order, published in each session's order.

Sessions that share a partition do not wait for each other: one whose picture takes long, or ends the processes that
look at it, holds up nobody's results but its own. Commits wait: they go up to the first frame that is not published, so
that after a crash some results are published again, which counts once.

Eager rebalances start every partition again from its commit, also those that are kept. A lane knows offsets, so frames
that it still holds are not opened twice, and nothing has to be thrown away: only a partition that went to somebody else
is forgotten whole.
"""

from collections import deque
from dataclasses import dataclass, field

MOST_FRAMES = 64
"""Frames open in one partition: seconds of work for two cores, so that detectors never wait for the log."""
MOST_BYTES = 8 << 20
"""The same bound where frames are large."""
MOST_UNCOMMITTED = 4_096
"""Frames published behind one that is not: what a crash repeats at most."""
UNKNOWN = -1


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one frame among its partition's results.

    `awaited` looks are to answer; `outcome` is what will be published, None while open, nothing any more once it is
    `published`. `session` is empty and `ingested_ms` 0 where the header could not be read; `refused`: found unreadable,
    its dead letter is on its way.
    """

    offset: int
    size: int = 0
    session: str = ""
    awaited: int = 0
    ingested_ms: int = 0
    refused: bool = False
    published: bool = False
    outcome: tuple[object, ...] | None = None
    _looks: dict[int, tuple[object, ...]] = field(default_factory=dict)

    def answer(self, rank: int, *observations: object) -> None:
        """One look's observations; they are published by rising rank, whichever came first."""
        self._looks[rank] = observations
        if self.outcome is None and len(self._looks) == self.awaited:
            self.outcome = tuple(one for rank in sorted(self._looks) for one in self._looks[rank])

    def settle(self, *outcome: object) -> None:
        """Publish this instead of the looks; the first settlement stands."""
        if self.outcome is None:
            self.outcome = outcome

    def acknowledge(self) -> None:
        """The broker has its results; what was seen is not needed any more."""
        self.published, self.outcome = True, ()
        self._looks.clear()


class Lane:
    """The frames of one partition, and how far it is done. Offsets may have holes (retention, transactions)."""

    def __init__(self) -> None:
        self.done = UNKNOWN
        """Everything below is acknowledged; UNKNOWN before anything is."""
        self.committed = UNKNOWN
        """What a restart would begin with: where this lane began, then its last commit."""
        self._next = UNKNOWN
        self._open: list[Slot] = []
        self._uncommitted: deque[Slot] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        """The frames that are not yet handed out to be published."""
        return len(self._open)

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read for now."""
        return self._is_beyond(MOST_FRAMES, MOST_BYTES, MOST_UNCOMMITTED)

    @property
    def has_room(self) -> bool:
        """Whether reading should go on; lower than full, since a paused partition's read-ahead is thrown away."""
        return not self._is_beyond(MOST_FRAMES // 2 + 1, MOST_BYTES // 2 + 1, MOST_UNCOMMITTED // 2 + 1)

    def _is_beyond(self, frames: int, size: int, uncommitted: int) -> bool:
        return len(self._open) >= frames or self._bytes >= size or len(self._uncommitted) >= uncommitted

    @property
    def oldest(self) -> Slot | None:
        """The frame that every commit waits for."""
        return self._open[0] if self._open else None

    def holds(self, offset: int) -> bool:
        """Whether the record was opened before (and was read again after a rebalance)."""
        return self.committed <= offset < self._next

    def was_rewound(self, offset: int) -> bool:
        """Whether somebody moved the partition back behind our commit, to have it looked at again or made anew."""
        return offset < self.committed

    def open(self, slot: Slot) -> None:
        """Take the next frame. Raises: ValueError when it is not behind the last one."""
        if slot.offset < self._next:
            raise ValueError(f"offset {slot.offset} after {self._next - 1}")
        if self._next == UNKNOWN:
            self.committed = slot.offset
        self._next = slot.offset + 1
        self._bytes += slot.size
        self._open.append(slot)
        self._uncommitted.append(slot)

    def take_finished(self, most: int) -> list[Slot]:
        """Remove finished frames that wait for none of their session's, at least one, then up to `most` observations.

        Frames of unknown session are taken as one session's.
        """
        taken, kept, observations = list[Slot](), list[Slot](), 0
        waiting: set[str] = set()
        for slot in self._open:
            if slot.outcome is None or slot.session in waiting or (taken and observations + len(slot.outcome) > most):
                waiting.add(slot.session)
                kept.append(slot)
            else:
                observations += len(slot.outcome)
                taken.append(slot)
        if taken:
            self._open = kept
            self._bytes -= sum(slot.size for slot in taken)
        return taken

    def abandon(self) -> None:
        """Nothing of it will be published: whoever still works on its frames need not."""
        for slot in self._open:
            slot.settle()

    def acknowledge(self, published: list[Slot]) -> None:
        """The broker has the results of these frames."""
        for slot in published:
            slot.acknowledge()
        while self._uncommitted and self._uncommitted[0].published:
            self.done = self._uncommitted.popleft().offset + 1

    @property
    def to_commit(self) -> int | None:
        """The next offset to read after a restart, if it moved since the last commit."""
        return self.done if self.done > self.committed else None
