"""What becomes of records that cannot be looked at: a dead letter each, counted among the good ones."""

import asyncio
from collections.abc import Callable

from detectors.bad_messages import BadMessages
from detectors.ordering import Slot
from ingest.dead_letters import send_dead_letter
from ingest.errors import PoisonError
from ingest.log import Record, Writer

STAGE = "detectors"
MOST_SESSION_LETTERS = 256


class Burial:
    """Sends dead letters for one worker; `settle` hears of slots that are done with nothing to publish."""

    def __init__(self, writer: Writer, settle: Callable[[Slot], None]) -> None:
        self._writer, self._settle = writer, settle
        self._bad = BadMessages()
        self._headless: asyncio.Queue[tuple[Record, Slot, str]] = asyncio.Queue()

    def add_headless(self, record: Record, slot: Slot, reason: str) -> None:
        """A record of which not even the session is known."""
        self._headless.put_nowait((record, slot, reason))

    async def bury_headless_forever(self) -> None:
        """Raises: TooManyBadMessagesError."""
        while True:
            record, slot, reason = await self._headless.get()
            await self.bury(record, reason)
            self._settle(slot)

    async def bury(self, record: Record, reason: str) -> None:
        """Send a dead letter and wait until it is durable. Raises: TooManyBadMessagesError."""
        await (await send_dead_letter(self._writer, STAGE, record, reason))
        self._bad.count(bad=True)

    def count_good(self) -> None:
        """A record that could be looked at."""
        self._bad.count(bad=False)


def check_session(session: str) -> None:
    """Raises: PoisonError when the name would make observations too large for their topic."""
    if len(session) > MOST_SESSION_LETTERS:
        raise PoisonError(f"a session's name of {len(session)} letters; at most {MOST_SESSION_LETTERS} are taken")
