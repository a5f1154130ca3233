"""How fast a source is sent: by the wall clock, or as fast as whoever looks at the frames can follow."""

import asyncio
from typing import Literal

from prometheus_client import Gauge

Speed = Literal["max", "1x"]

IN_FLIGHT = Gauge(
    "proctor_ingest_frames_in_flight", "Frames sent and not yet looked at (or, unwatched, not acknowledged)."
)


class InFlight:
    """Bounds the frames that are on their way: `acquire` before a frame is sent, `release` when it has been dealt with.

    When somebody watches the observations, that somebody releases each frame that was observed or given up. When nobody
    does (`watched=False`), the session releases a frame as soon as the broker has acknowledged it. Not for threads.
    """

    def __init__(self, most: int, *, watched: bool = True) -> None:
        if most < 1:
            raise ValueError("at least one frame must be allowed in flight")
        self.watched = watched
        self._most, self._outstanding = most, 0
        self._room = asyncio.Event()
        self._room.set()
        self._freed = asyncio.Event()

    @property
    def outstanding(self) -> int:
        return self._outstanding

    async def acquire(self) -> None:
        """Wait until another frame may be sent."""
        while self._outstanding >= self._most:
            self._room.clear()
            await self._room.wait()
        self._outstanding += 1
        IN_FLIGHT.inc()

    def release(self, n: int = 1) -> None:
        """`n` frames have been dealt with; more than are outstanding (repeated observations) count once."""
        freed = min(max(n, 0), self._outstanding)
        self._outstanding -= freed
        IN_FLIGHT.dec(freed)
        self._freed.set()
        if self._outstanding < self._most:
            self._room.set()

    async def freed(self) -> None:
        """Wait until something is released."""
        self._freed.clear()
        await self._freed.wait()


def wait_s(speed: Speed, started_ms: int, offset_ms: int, now_ms: int) -> float:
    """Seconds until the frame at `offset_ms` of a recorded source is due, 0.0 or more."""
    if speed == "max":
        return 0.0
    return max(0, started_ms + offset_ms - now_ms) / 1000
