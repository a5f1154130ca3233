"""The worker's side of one process of the pool."""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from detectors.looking.reading import Asked, PictureReading
from detectors.looking.wire import LENGTH, Ready, Reply, decode_reply, encode_asked
from ingest.errors import PoisonError

READY_DEADLINE_S = 90.0
"""Importing MediaPipe takes 2-5 s, on a busy machine several times that."""
REPLY_DEADLINE_S = 30.0
"""A picture takes 10 ms; a process that says nothing for so long is stuck and is ended."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """One picture to look at; `deaths` counts the processes that ended over it."""

    asked: Asked
    answer: "asyncio.Future[PictureReading]"
    deaths: int = 0

    def settle(self, reply: Reply) -> None:
        """Hand the reply to whoever still waits for it."""
        if self.answer.done():
            return
        if isinstance(reply, PictureReading):
            self.answer.set_result(reply)
        else:
            self.answer.set_exception(PoisonError(getattr(reply, "reason", f"unexpected reply {reply!r}")))


@dataclass(slots=True, eq=False)
class Seat:
    """One process, the pictures it holds in the order they were given, and the last lines it said."""

    process: asyncio.subprocess.Process
    given: deque[Job] = field(default_factory=deque)
    said: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _listener: "asyncio.Task[None] | None" = None

    @classmethod
    async def spawn(cls, arguments: Sequence[str]) -> Self:
        """Start a process by exec, so that neither gRPC's threads nor the event loop are forked."""
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "detectors.looking", *arguments)
        seat = cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe))
        seat._listener = asyncio.create_task(seat._listen())
        return seat

    async def greeting(self) -> Ready:
        """Its first words. Raises: EOFError when it ended or is stuck."""
        reply = await self._reply(READY_DEADLINE_S)
        assert isinstance(reply, Ready)
        return reply

    async def look(self, job: Job) -> Reply:
        """Give it one picture and await its reply; replies come in the order of the calls.

        Raises: EOFError when it ended or is stuck; `given` then starts with the picture it was looking at.
        """
        assert self.process.stdin is not None
        self.given.append(job)
        self.process.stdin.write(encode_asked(job.asked))
        async with self._turn:  # an asyncio.Lock is fair: replies are read in the order of the writes
            reply = await self._reply(REPLY_DEADLINE_S)
            self.given.popleft()
        return reply

    async def end(self) -> None:
        """End it by force: it holds nothing that could be lost."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        if self._listener is not None:
            await self._listener

    async def _reply(self, deadline_s: float) -> Reply:
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(deadline_s):
                head = await self.process.stdout.readexactly(LENGTH.size)
                return decode_reply(await self.process.stdout.readexactly(LENGTH.unpack(head)[0]))
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
            raise EOFError(f"looking process {self.process.pid} ended or is stuck") from error

    async def _listen(self) -> None:
        """Libraries chat on standard error; its last lines explain a death."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.said.append(line.decode(errors="replace").rstrip())
            log.debug("looking process: %s", self.said[-1])
