"""Asks the outside systems now and then whether they answer, for `/healthz`."""

import asyncio
from collections.abc import Awaitable, Callable

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from ingest.errors import ProctorError, TransientError

EVERY_S = 5.0
DEADLINE_S = 4.0


class Probe:
    """One question, asked every few seconds; `trouble` is the latest answer, None when all is well."""

    def __init__(self, name: str, ask: Callable[[], Awaitable[object]]) -> None:
        self._name, self._ask = name, ask
        self._trouble: str | None = f"{name} has not been asked yet"

    def trouble(self) -> str | None:
        """Why the system is not well."""
        return self._trouble

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            await self.ask()
            await asyncio.sleep(EVERY_S)

    async def ask(self) -> None:
        """Ask once."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._ask()
        except TimeoutError:
            self._trouble = f"{self._name} did not answer within {DEADLINE_S:.0f} s"
        except ProctorError as error:
            self._trouble = str(error)
        else:
            self._trouble = None


async def ask_broker(bootstrap: str) -> None:
    """Nothing when a broker gives its metadata.

    Raises: TransientError.
    """
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=int(DEADLINE_S * 1000))
    try:
        await client.bootstrap()
    except (KafkaError, OSError) as error:
        raise TransientError(f"no broker answers at {bootstrap}: {error}") from error
    finally:
        await client.close()
