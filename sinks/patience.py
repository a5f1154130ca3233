"""How this stage waits for outside systems: again and again with growing pauses, until they answer or it must stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ingest.errors import TransientError
from ingest.telemetry import ERRORS

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

T = TypeVar("T")
log = logging.getLogger(__name__)


def pause_s(failures: int) -> float:
    """How long to wait after the given number of failures in a row (1 or more): 0.1 s, doubled up to 5 s."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))


class Patience:
    """Tries actions until they succeed. `trouble` says what is being waited for now; `stop` ends the waiting."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self.trouble: str | None = None

    async def until_done(self, action: Callable[[], Awaitable[T]]) -> T:
        """The action's result.

        Raises: TransientError when it still fails and `stop` is set; whatever else the action raises.
        """
        failures = 0
        while True:
            try:
                result = await action()
            except TransientError as error:
                failures += 1
                self._note(error, failures)
                if self._stop.is_set():
                    raise
                await self._pause(failures)
            else:
                self.trouble = None
                return result

    def _note(self, error: TransientError, failures: int) -> None:
        ERRORS.labels("sinks", "transient").inc()
        self.trouble = str(error)
        log.warning("trying again", extra={"reason": str(error), "failures": failures})

    async def _pause(self, failures: int) -> None:
        try:
            async with asyncio.timeout(pause_s(failures)):
                await self._stop.wait()
        except TimeoutError:
            return
