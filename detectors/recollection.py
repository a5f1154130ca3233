"""What a frame's observations need of its session's past: whether the picture lives, and who sat there at the start.

Frames come in the order of the log, as they leave their lane. What is remembered is lost with the process: whether a
picture stood still is then known again after seconds; the registered face is read again from `references`.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from detectors.frame import Frame, Glance, observations_of
from detectors.identity.desk import Desk
from detectors.identity.registration import Seen
from detectors.liveness.watch import Liveness, Watched, watch
from detectors.messages import FramesEnded, Look

MOST_SESSIONS = 2_000
"""Remembered at once, the latest; each takes up to 150 KB."""


class Recollection:
    """For one run of a worker. Without a desk nothing is said of identity."""

    def __init__(self, desk: Desk | None = None) -> None:
        self._desk = desk
        self._watched: OrderedDict[str, Watched] = OrderedDict()

    def wants_likeness(self, frame: Frame) -> bool:
        """Whether the frame's face should be compared, or registered."""
        header = frame.header
        return self._desk is not None and self._desk.is_due(frame.record.partition, header.session, header.capture_ms)

    async def complete(self, partition: int, outcomes: Sequence[object]) -> list[Any]:
        """The observations of frames of one partition, in their order.

        Returns when what they rest on is durable. Raises: TransientError.
        """
        alike = iter(await self._compared(partition, [one for one in outcomes if isinstance(one, Glance)]))
        complete: list[Any] = []
        for one in outcomes:
            if isinstance(one, Glance):
                complete += self.recalled(one, next(alike))
            else:
                complete.append(one)
        return complete

    async def settle(self, partition: int, observations: Sequence[object]) -> None:
        """Their observations are published: forget the sessions that ended; returns when that is durable.

        Raises: TransientError.
        """
        for one in observations:
            if isinstance(one, FramesEnded):
                await self._forget(partition, one.session)

    def leave(self, partition: int) -> None:
        """The partition is another worker's, or begins again."""
        if self._desk is not None:
            self._desk.leave(partition)

    def recalled(self, glance: Glance, alike: float | None = None) -> Iterator[Look]:
        """The observations of one frame, after those of its session's earlier ones. `alike`: to the registered face."""
        return observations_of(glance, self._live(glance), alike)

    async def _compared(self, partition: int, glances: Sequence[Glance]) -> list[float | None]:
        if self._desk is None:
            return [None] * len(glances)
        return await self._desk.compare(partition, [_seen(one) for one in glances])

    def _live(self, glance: Glance) -> Liveness:
        header = glance.frame.header
        before = self._watched.pop(header.session, Watched())
        self._watched[header.session], live = watch(before, header.capture_ms, glance.reading.thumbnail)
        while len(self._watched) > MOST_SESSIONS:
            self._watched.popitem(last=False)
        return live

    async def _forget(self, partition: int, session: str) -> None:
        self._watched.pop(session, None)
        if self._desk is not None:
            await self._desk.end(partition, session)


def _seen(glance: Glance) -> Seen:
    header, likeness = glance.frame.header, glance.reading.likeness
    embedding = np.frombuffer(likeness.embedding, "<f4") if likeness else None
    registrable = likeness is not None and likeness.registrable
    return Seen(header.session, header.seq, header.capture_ms, embedding, registrable)
