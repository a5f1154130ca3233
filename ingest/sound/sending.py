"""A session's sound into the log: in order, each record acknowledged before the next, never ahead of the pictures."""

import asyncio
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from prometheus_client import Counter

from ingest.delivery import PATIENCE_S, persist
from ingest.log import Acknowledgement, Writer
from ingest.messages import SoundHeader, sound_headers
from ingest.pacing import InFlight, Speed, wait_s
from ingest.progress import Progress
from ingest.sound.record import Sound, SoundRecord
from ingest.telemetry import now_ms
from ingest.topics import AUDIO, partition_of

AHEAD_MS = 16_000
"""Half of what scoring keeps waiting for its pictures (32 records); enough that sound is never what is waited for."""
RECORDS_SENT = Counter("proctor_ingest_sound_records_total", "Records of sound that the log has acknowledged.")


class Pictures:
    """How far a session's pictures have come, for what follows them. Offsets in ms since the first picture.

    `in_flight`: the pictures sent that nobody has looked at yet. Sound may be AHEAD_MS ahead of what was looked at.
    """

    def __init__(self, in_flight: InFlight) -> None:
        self.end_ms: int | None = None
        self._in_flight = in_flight
        self._sent: deque[int] = deque()
        self._looked_ms = self._reached_ms = 0
        self._moved = asyncio.Event()

    def send(self, offset_ms: int) -> None:
        """A picture was sent."""
        self._sent.append(offset_ms)
        self._follow()

    async def looked_at(self) -> None:
        """Wait until the pictures not yet looked at are few enough to be caught up with."""
        while self._sent and self._in_flight.watched and self._follow():
            if self._sent[-1] <= self._looked_ms + AHEAD_MS:
                return
            await self._in_flight.freed()

    def _follow(self) -> int:
        """Forget the pictures that were looked at. Returns how many were not."""
        waiting = self._in_flight.outstanding
        latest_ms = self._sent[-1]
        while len(self._sent) > max(waiting, 1):
            self._looked_ms = self._sent.popleft()
        self._looked_ms = self._looked_ms if waiting else latest_ms
        self._reached_ms = min(latest_ms, self._looked_ms + AHEAD_MS)
        self._moved.set()
        return waiting

    def finish(self, end_ms: int) -> None:
        """No picture comes any more."""
        self.end_ms = end_ms
        self._moved.set()

    async def wait(self, offset_ms: int) -> None:
        """Return when the pictures have come as far, or have ended."""
        while self._reached_ms < offset_ms and self.end_ms is None:
            self._moved.clear()
            await self._moved.wait()


class SoundSending:
    """Sends one session's sound from a thread and a task of its own. `interval_ms`: between two pictures.

    A session ends with its pictures: of sound that goes on behind them nothing is sent.
    """

    def __init__(
        self,
        sound: Sound,
        writer: Writer,
        session: str,
        start_ms: int,
        speed: Speed,
        interval_ms: int,
        progress: Progress,
        in_flight: InFlight,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.pictures = Pictures(in_flight)
        self.sent = 0
        self._sound, self._writer, self._session = sound, writer, session
        self._start_ms, self._speed, self._interval_ms = start_ms, speed, interval_ms
        self._progress, self._patience_s = progress, patience_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-sound")
        self._task: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str | None:
        """What was wrong with the track."""
        return self._sound.trouble

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send_all())

    async def finish(self, end_ms: int, *, at_once: bool = False) -> None:
        """Send what is left before `end_ms` (`at_once`: nothing more), then mark the end.

        Raises: TransientError when the broker stays away for too long.
        """
        if not at_once:
            await self.pictures.looked_at()
        self.pictures.finish(end_ms)
        if self._task is not None:
            if at_once:
                self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()
        await self._post(end_ms, b"", end=True)

    async def close(self) -> None:
        """Stop reading and sending; waits for the record being read."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._thread.shutdown)

    async def _send_all(self) -> None:
        loop, records = asyncio.get_running_loop(), self._sound.records()
        while (record := await loop.run_in_executor(self._thread, _next, records)) is not None:
            await self.pictures.wait(record.end_ms - self._interval_ms)
            ended_ms = self.pictures.end_ms
            part = record if ended_ms is None else record.until(ended_ms)
            if part is None:
                return
            await asyncio.sleep(wait_s(self._speed, self._start_ms, part.end_ms, now_ms()))
            await self._post(part.end_ms, part.pcm)
            self._count()

    def _count(self) -> None:
        self.sent += 1
        self._progress.sound_sent = self.sent
        RECORDS_SENT.inc()

    async def _post(self, end_ms: int, pcm: bytes, *, end: bool = False) -> None:
        """One record, until the log has it. A record that was taken unheard stands twice: its number tells."""
        header = SoundHeader(
            session=self._session,
            seq=self.sent,
            capture_ms=self._start_ms + end_ms,
            ingested_ms=now_ms(),
            end=end,
        )
        key, partition = self._session.encode(), partition_of(self._session)

        async def send() -> Acknowledgement:
            return await self._writer.send(AUDIO, partition, pcm, key=key, headers=sound_headers(header))

        await persist(send, self._progress, self._patience_s)


def _next(records: Iterator[SoundRecord]) -> SoundRecord | None:
    return next(records, None)
