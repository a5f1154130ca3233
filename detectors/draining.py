"""How a worker ends: it reads until it is told to stop, then lets what is under way finish."""

import asyncio
import contextlib
from typing import NoReturn

from detectors.intake import Intake
from detectors.outbox import Outbox
from ingest.errors import TransientError

DRAIN_S = 5.0


class Stopped(Exception):  # noqa: N818  (ends a task group from within, as asyncio's documentation shows; no error)
    """Told to stop, and stopped."""


async def read_until_stopped(intake: Intake, outbox: Outbox, stop: asyncio.Event) -> NoReturn:
    """Read until told to stop; let records under way finish, for DRAIN_S at most; a restart repeats the others.

    Raises: Stopped at the end; what ends the reader.
    """
    while not stop.is_set():
        await intake.read()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(outbox.idle(), DRAIN_S)
    with contextlib.suppress(TimeoutError, TransientError):  # then the broker is away, and a restart repeats more
        await asyncio.wait_for(outbox.commit(), DRAIN_S)
    raise Stopped
