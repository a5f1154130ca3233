"""Ends a worker that was frozen for so long that its partitions may belong to another one.

The broker fences its checkpoints anyway; this keeps it from publishing, and from ticking with an old clock.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

SHARE_OF_SESSION = 0.6  # of the session timeout: the group coordinator may be late in missing us, never early
BEAT_S = 0.2

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """Why a worker ended itself; its supervisor starts it again after each of them."""

    POISON = 65
    DEFECT = 70
    WRITE_FAILED = 71
    RECOVERY_FAILED = 72
    STALLED = 74
    FROZEN = 75
    FENCED = 76
    POSITION_LOST = 78


def end_process(status: Exit, reason: str, **fields: object) -> NoReturn:
    """End now, without clean-up: what is in memory may be ahead of the log; only the log is true."""
    log.critical(reason, extra={"status": int(status), **fields})
    sys.stderr.flush()
    os._exit(status)


class PauseGuard:
    """Knows when the process last ran."""

    def __init__(self, session_timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_s, self._clock = SHARE_OF_SESSION * session_timeout_s, clock
        self._beat_s = float("inf")  # before the first beat nothing is owned

    def was_frozen(self) -> bool:
        """Whether the time since the last beat is too long for anything to be published."""
        return self._clock() - self._beat_s > self._limit_s

    def check(self) -> None:
        """Go on, or end the process; called before everything that the outside could see."""
        if self.was_frozen():
            end_process(Exit.FROZEN, "frozen for too long: the partitions may belong to another worker by now")

    async def beat_forever(self) -> None:
        """Beat for as long as the event loop runs."""
        while True:
            self.check()
            self._beat_s = self._clock()
            await asyncio.sleep(BEAT_S)
