"""Looks at frames: so many hands a kind, each takes the frame whose session's turn it is and asks its detector."""

import asyncio
from collections.abc import Awaitable, Callable

from detectors.admission import Turns, is_too_old
from detectors.frame import KINDS, Frame
from detectors.metrics import IN_FLIGHT, LOOK_SECONDS
from ingest.errors import PoisonError, TransientError
from ingest.telemetry import now_ms

Look = Callable[[Frame], Awaitable[None]]
"""Asks a detector and answers the frame's slot."""


class Looks:
    """One kind of look. `too_old` and `unreadable` hear of frames that this kind gave up."""

    def __init__(
        self,
        rank: int,
        hands: int,
        look: Look,
        too_old: Callable[[Frame], None],
        unreadable: Callable[[Frame, str], Awaitable[None]],
    ) -> None:
        self._hands, self._look, self._too_old, self._unreadable = hands, look, too_old, unreadable
        self._turns: Turns[Frame] = Turns()
        self._waiting = asyncio.Semaphore(0)
        self._in_flight = IN_FLIGHT.labels(KINDS[rank])
        self._seconds = LOOK_SECONDS.labels(KINDS[rank])

    def put(self, frame: Frame) -> None:
        """Let the frame be looked at when its session's turn comes."""
        self._turns.put(frame.header.session, frame)
        self._waiting.release()

    def start(self, group: asyncio.TaskGroup) -> None:
        """Set the hands to work."""
        for _ in range(self._hands):
            group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._waiting.acquire()
            frame = self._turns.take()
            if frame.slot.outcome is not None:
                continue  # given up by the other kind, or its partition is somebody else's now
            if is_too_old(frame.header, now_ms()):
                self._too_old(frame)
                continue
            with self._in_flight.track_inprogress(), self._seconds.time():
                await self._try(frame)

    async def _try(self, frame: Frame) -> None:
        try:
            await self._look(frame)
        except PoisonError as error:
            await self._unreadable(frame, str(error))
        except TransientError:
            self._too_old(frame)
