"""The pool: as many processes as cores, each with its own networks, fed over pipes.

Processes of our own rather than an executor's: one that dies takes only its own picture with it, the picture is known,
and all of them end with the worker, however that ends. A picture is tried again in a new process; one that ends two is
poison.
"""

import asyncio
import logging

from prometheus_client import Counter

from detectors.looking.reading import Asked, Models, PictureReading
from detectors.looking.seat import Job, Seat
from ingest.errors import PoisonError

IN_PIPE = 2
"""The next picture waits in the pipe while one is looked at, so that a process never waits for the worker."""
MOST_DEATHS = 2
MOST_FAILED_STARTS = 3
DEATHS = Counter("proctor_looking_process_deaths_total", "Processes of the pool that ended by themselves.")

log = logging.getLogger(__name__)


class Pool:
    """Looks at pictures in `size` processes, started with `arguments`. `models`: what looks, once started."""

    def __init__(self, size: int, *arguments: str) -> None:
        self.size, self._arguments = size, arguments
        self.models = Models()
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._open: set[asyncio.Future[PictureReading]] = set()
        self._seats: set[Seat] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._failed_starts = 0
        self._failure: RuntimeError | None = None
        self._changed = asyncio.Condition()

    @property
    def pids(self) -> list[int]:
        """The processes that are ready now."""
        return [seat.process.pid for seat in self._seats]

    def ailing(self) -> str | None:
        """Why the pool is not well, or None."""
        missing = self.size - len(self._seats)
        return f"{missing} of {self.size} looking processes are not ready" if missing else None

    async def start(self) -> None:
        """Start every process and wait until all are ready.

        Raises: RuntimeError when they do not start.
        """
        self._keepers = [asyncio.create_task(self._keep()) for _ in range(self.size)]
        async with self._changed:
            await self._changed.wait_for(lambda: self._failure or not self.ailing())
        if self._failure:
            raise self._failure

    async def stop(self) -> None:
        """End every process."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def look(self, asked: Asked) -> PictureReading:
        """What the networks see in one JPEG.

        Raises: PoisonError when it cannot be decoded, or ends every process that looks at it; RuntimeError when
        processes cannot be started any more.
        """
        if self._failure:
            raise self._failure
        answer: asyncio.Future[PictureReading] = asyncio.get_running_loop().create_future()
        self._open.add(answer)
        try:
            self._jobs.put_nowait(Job(asked, answer))
            return await answer
        finally:
            self._open.discard(answer)

    async def _keep(self) -> None:
        """Keep one seat filled for as long as the pool lives."""
        while not self._failure:
            seat = await Seat.spawn(self._arguments)
            try:
                await self._greet(seat)
                async with asyncio.TaskGroup() as hands:
                    for _ in range(IN_PIPE):
                        hands.create_task(self._hand(seat))
            except* EOFError as error:
                self._mourn(seat, str(error.exceptions[0]))
            finally:
                self._seats.discard(seat)
                await seat.end()

    async def _greet(self, seat: Seat) -> None:
        self.models = (await seat.greeting()).models
        self._failed_starts = 0
        self._seats.add(seat)
        async with self._changed:
            self._changed.notify_all()

    async def _hand(self, seat: Seat) -> None:
        while True:
            job = await self._jobs.get()
            job.settle(await seat.look(job))

    def _mourn(self, seat: Seat, why: str) -> None:
        """A process ended: blame the picture it looked at, give the others to somebody else."""
        DEATHS.inc()
        log.warning("looking process ended", extra={"why": why, "said": list(seat.said)[-3:]})
        if seat not in self._seats:
            self._count_failed_start(seat)
        for place, job in enumerate(seat.given):
            job.deaths += place == 0
            if job.deaths < MOST_DEATHS:
                self._jobs.put_nowait(job)
            elif not job.answer.done():
                job.answer.set_exception(PoisonError(f"a picture that ended {job.deaths} processes that looked at it"))

    def _count_failed_start(self, seat: Seat) -> None:
        self._failed_starts += 1
        if self._failed_starts < MOST_FAILED_STARTS:
            return
        self._failure = RuntimeError(f"looking processes do not start: {' | '.join(seat.said)}")
        for answer in self._open:
            if not answer.done():
                answer.set_exception(self._failure)
