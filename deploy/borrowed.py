"""The stack that a command works on: the one that runs, or one of its own that ends with the command."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from deploy.addresses import Addresses
from deploy.stack.condition import status
from deploy.stack.lifecycle import down, silent, up
from ingest.errors import InputError

Say = Callable[[str], None]


@asynccontextmanager
async def borrowed_stack(say: Say) -> AsyncIterator[Addresses]:
    """Addresses of a ready stack; one that was started for this is stopped again.

    Raises: StackError when it cannot be had.
    """
    found = (await asyncio.to_thread(status)).running
    say("using the running stack" if found else "starting the local stack")
    tell = silent if found else (lambda part, message: say(f"  {part}: {message}"))
    addresses = await asyncio.to_thread(up, report=tell)
    try:
        yield _addresses(addresses)
    finally:
        if not found:
            await asyncio.to_thread(down)
            say("stopped the local stack (`proctor up` keeps one running)")


def running_stack() -> Addresses:
    """The addresses of the stack that runs.

    Raises: InputError when none does.
    """
    found = status()
    if not found.running:
        raise InputError("the local stack", "is not running", "Start it with `proctor up`")
    return _addresses({part.name: part.address for part in found.parts})


def _addresses(found: dict[str, str]) -> Addresses:
    return Addresses(found["kafka"], found["triton"], found["clickhouse"])
