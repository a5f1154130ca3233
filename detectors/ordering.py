"""One partition's frames in input order: opened as read, finished in any order, published and committed contiguously.

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
UNKNOWN = -1


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one frame among its partition's results.

    `awaited` looks are to answer; `outcome` is what will be published, None while open. `ingested_ms` is 0 where the
    header could not be read; `refused`: found unreadable, its dead letter is on its way.
    """

    offset: int
    size: int = 0
    awaited: int = 0
    ingested_ms: int = 0
    refused: bool = False
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


class Lane:
    """The open frames of one partition, and how far it is done. Offsets may have holes (retention, transactions)."""

    def __init__(self) -> None:
        self.done = UNKNOWN
        """Everything below is acknowledged; UNKNOWN before anything is."""
        self.committed = UNKNOWN
        """What a restart would begin with: where this lane began, then its last commit."""
        self._next = UNKNOWN
        self._slots: deque[Slot] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read for now."""
        return len(self._slots) >= MOST_FRAMES or self._bytes >= MOST_BYTES

    @property
    def has_room(self) -> bool:
        """Whether reading should go on; lower than full, since a paused partition's read-ahead is thrown away."""
        return len(self._slots) <= MOST_FRAMES // 2 and self._bytes <= MOST_BYTES // 2

    @property
    def oldest(self) -> Slot | None:
        """The frame that everything behind it waits for."""
        return self._slots[0] if self._slots else None

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
        self._slots.append(slot)

    def take_finished(self, most: int) -> list[Slot]:
        """Remove the finished frames at the front, at least one, then up to `most` observations."""
        taken: list[Slot] = []
        observations = 0
        while self._slots and (outcome := self._slots[0].outcome) is not None:
            observations += len(outcome)
            if taken and observations > most:
                break
            taken.append(self._slots.popleft())
            self._bytes -= taken[-1].size
        return taken

    def abandon(self) -> None:
        """Nothing of it will be published: whoever still works on its frames need not."""
        for slot in self._slots:
            slot.settle()

    def acknowledge(self, published: list[Slot]) -> None:
        """The broker has the results of these frames, taken in order."""
        self.done = published[-1].offset + 1

    @property
    def to_commit(self) -> int | None:
        """The next offset to read after a restart, if it moved since the last commit."""
        return self.done if self.done > self.committed else None
