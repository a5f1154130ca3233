"""Which frame is looked at next, and which is given up: by age alone, evenly over sessions.

When more comes in than can be looked at, sessions take turns, oldest frame first, so that all get the same rate; what
has waited past its age is given up when its turn comes. Recorded sources (`max_age_ms` 0) are never given up.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

from ingest.messages import FrameHeader, FramesDropped

Item = TypeVar("Item")
TOO_OLD, UNREADABLE = "too_old", "unreadable"


def is_too_old(header: FrameHeader, now_ms: int) -> bool:
    """Whether a frame may be given up at `now_ms`."""
    return header.max_age_ms > 0 and now_ms - header.ingested_ms > header.max_age_ms


def is_due(seq: int, every: int) -> bool:
    """Whether a detector that looks at every n-th frame looks at this one: by number, the same after any restart.

    `every` 0: never.
    """
    return every > 0 and seq % every == 0


def given_up(header: FrameHeader, reason: str) -> FramesDropped:
    """One frame given up here: missing evidence."""
    return FramesDropped(
        session=header.session,
        seq=header.seq,
        from_ms=header.capture_ms,
        to_ms=header.capture_ms,
        count=1,
        stage="detectors",
        reason=reason,
    )


class Turns(Generic[Item]):
    """Waiting items of many sessions; each session in order, sessions in turn."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Item]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, session: str, item: Item) -> None:
        """Behind the session's other items."""
        self._waiting.setdefault(session, deque()).append(item)
        self._count += 1

    def take(self) -> Item:
        """The oldest item of the session whose turn it is.

        Raises: IndexError when nothing waits.
        """
        if not self._waiting:
            raise IndexError("nothing waits")
        session, items = self._waiting.popitem(last=False)
        item = items.popleft()
        if items:
            self._waiting[session] = items
        self._count -= 1
        return item
