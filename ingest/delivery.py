"""Frames into the log: in order, a bounded number unacknowledged, and what happens when the broker is away.

A frame that the broker did not take is sent again for as long as `patience_s` (recorded sources), or given up and
counted (live ones). Sent again it may stand twice in the log: its number tells, and the second is ignored downstream.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Counter

from ingest.errors import TransientError
from ingest.frames_read import ReadFrame
from ingest.log import Writer
from ingest.messages import FrameHeader, frame_headers
from ingest.progress import Progress
from ingest.sampling import spacing_ms
from ingest.telemetry import ERRORS, STAGE_LATENCY, now_ms
from ingest.topics import FRAMES, partition_of

UNACKNOWLEDGED = 32
RETRY_S = (0.05, 1.0)  # the first pause, doubled each time, and the longest
PATIENCE_S = 600.0

FRAMES_SENT = Counter("proctor_ingest_frames_sent_total", "Frames that the log has acknowledged.")
BYTES_SENT = Counter("proctor_ingest_sent_bytes_total", "JPEG bytes that the log has acknowledged.")
FRAMES_DROPPED = Counter("proctor_ingest_frames_dropped_total", "Frames given up, by reason.", ["reason"])
LATENCY = STAGE_LATENCY.labels("ingest")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sent:
    header: FrameHeader
    data: bytes
    acknowledged: "asyncio.Future[int]"


class Delivery:
    """Sends one session's frames.

    `interval_ms`: the time that is meant between two frames. `acknowledged` hears of each frame in the log, `given_up`
    of the time of each lost one; without it none is lost.
    """

    def __init__(
        self,
        writer: Writer,
        session: str,
        *,
        max_age_ms: int,
        interval_ms: int,
        progress: Progress,
        acknowledged: Callable[[], None],
        given_up: Callable[[int], None] | None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.next_seq = 0
        self._writer, self._session, self._max_age_ms = writer, session, max_age_ms
        self._interval_ms, self._last_ms = interval_ms, 0
        self._progress, self._acknowledged, self._given_up = progress, acknowledged, given_up
        self._patience_s = patience_s
        self._waiting: deque[_Sent] = deque()

    async def send(self, frame: ReadFrame, capture_ms: int) -> None:
        """Send a frame; waits while UNACKNOWLEDGED are.

        Raises: TransientError when the broker stays away for too long.
        """
        while len(self._waiting) >= UNACKNOWLEDGED or (self._waiting and self._waiting[0].acknowledged.done()):
            await self._confirm_oldest()
        jpeg, since_ms = frame.jpeg, capture_ms - self._last_ms if self.next_seq else 0
        header = FrameHeader(
            session=self._session,
            seq=self.next_seq,
            capture_ms=capture_ms,
            ingested_ms=now_ms(),
            width=jpeg.width,
            height=jpeg.height,
            max_age_ms=self._max_age_ms,
            spacing_ms=spacing_ms(self._interval_ms, since_ms),
        )
        self.next_seq += 1
        self._last_ms = capture_ms
        self._waiting.append(await self._post(header, jpeg.data))

    async def finish(self, capture_ms: int) -> None:
        """Wait for all acknowledgements, then mark the end of the session's frames in the log."""
        while self._waiting:
            await self._confirm_oldest()
        await asyncio.sleep(0)  # what was acknowledged at once is counted by then
        end = FrameHeader(
            session=self._session,
            seq=self.next_seq,
            capture_ms=capture_ms,
            ingested_ms=now_ms(),
            width=0,
            height=0,
            end=True,
        )
        await persist(lambda: self._write(end, b""), self._progress, self._patience_s)

    async def _post(self, header: FrameHeader, data: bytes) -> _Sent:
        """Hand a frame to the writer. That the writer refuses it, too, shows in the acknowledgement."""
        try:
            acknowledged: asyncio.Future[int] = asyncio.ensure_future(await self._write(header, data))
        except TransientError as error:
            acknowledged = asyncio.get_running_loop().create_future()
            acknowledged.set_exception(error)
        acknowledged.add_done_callback(lambda done: self._count(header, len(data), done))
        return _Sent(header, data, acknowledged)

    async def _write(self, header: FrameHeader, data: bytes) -> Awaitable[int]:
        session = self._session
        return await self._writer.send(
            FRAMES, partition_of(session), data, key=session.encode(), headers=frame_headers(header)
        )

    def _count(self, header: FrameHeader, size: int, done: "asyncio.Future[int]") -> None:
        if done.cancelled() or done.exception() is not None:
            return
        LATENCY.observe(max(0, now_ms() - header.ingested_ms) / 1000)
        FRAMES_SENT.inc()
        BYTES_SENT.inc(size)
        self._progress.frames_sent += 1
        self._progress.bytes_sent += size
        self._acknowledged()

    async def _confirm_oldest(self) -> None:
        oldest = self._waiting[0]
        try:
            await asyncio.shield(oldest.acknowledged)
        except TransientError as error:
            await self._failed(error)
        else:
            self._waiting.popleft()

    async def _failed(self, error: TransientError) -> None:
        ERRORS.labels("ingest", "transient").inc()
        if self._given_up is not None:
            self._given_up(self._waiting.popleft().header.capture_ms)
            return
        log.warning("frames are sent again", extra={"session": self._session, "reason": str(error)})
        await persist(self._send_again, self._progress, self._patience_s)

    async def _send_again(self) -> Awaitable[int]:
        """Send what was not acknowledged, in order. Returns what becomes done with the oldest of it."""
        await asyncio.wait([sent.acknowledged for sent in self._waiting])
        lost = [sent for sent in self._waiting if sent.acknowledged.exception() is not None]
        self._waiting = deque([await self._post(sent.header, sent.data) for sent in lost])
        return asyncio.shield(self._waiting[0].acknowledged)


async def persist(send: Callable[[], Awaitable[Awaitable[int]]], progress: Progress, patience_s: float) -> int:
    """Send until acknowledged. Raises: TransientError after `patience_s` of failures."""
    give_up_at = time.monotonic() + patience_s
    pause_s, longest_s = RETRY_S
    while True:
        try:
            offset = await (await send())
        except TransientError as error:
            if time.monotonic() >= give_up_at:
                raise
            progress.waiting = str(error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)
        else:
            progress.waiting = ""
            return offset
