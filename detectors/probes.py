"""Health that means something: outside systems are asked every few seconds, and the answer is kept for `/healthz`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

PROBE_S = 5.0
DEADLINE_S = 3.0

log = logging.getLogger(__name__)

Ask = Callable[[], Awaitable[str | None]]


class Probe:
    """Asks again and again. `trouble` is the last reason, or None."""

    def __init__(self, name: str, ask: Ask) -> None:
        self._name, self._ask = name, ask
        self._last: str | None = f"{name} was not asked yet"

    def trouble(self) -> str | None:
        """Why the system is not well, or None."""
        return self._last

    async def ask_forever(self) -> None:
        """Keep the answer fresh."""
        while True:
            now = await self._ask()
            if (now is None) != (self._last is None):
                log.info("health changed", extra={"of": self._name, "trouble": now or "none"})
            self._last = now
            await asyncio.sleep(PROBE_S)


async def ask_broker(bootstrap: str) -> str | None:
    """Whether any of the brokers takes connections."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            async with asyncio.timeout(DEADLINE_S):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, ValueError, TimeoutError):
            continue
        writer.close()
        return None
    return f"no broker takes connections at {bootstrap}"
