"""From a source to packed frames: read, chosen and encoded in a thread of the session's own, a few frames ahead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
from prometheus_client import Counter, Histogram

from ingest.errors import ProctorError
from ingest.picture import Jpeg, PicturePolicy, pack
from ingest.sampling import Sampler
from ingest.sources.source import Source

FRAMES_AHEAD = 8  # at 30 KB a frame a session holds a quarter of a megabyte that nobody has asked for yet

FRAMES_IN = Counter("proctor_ingest_frames_in_total", "Frames chosen from sources and encoded.", ["kind"])
ENCODE_TIME = Histogram(
    "proctor_ingest_encode_seconds",
    "Scaling and encoding of one frame.",
    buckets=(0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
)


class SourceError(ProctorError):
    """A source cannot be read any further."""


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """One frame on its way into the log."""

    offset_ms: int
    jpeg: Jpeg


def read_frames(source: Source, rate_fps: float, policy: PicturePolicy) -> Iterator[ReadFrame]:
    """The frames of a source at a rate. Work for a thread: it decodes, scales and encodes."""
    counted = FRAMES_IN.labels(source.kind)
    for picture in source.sampled(Sampler(rate_fps).wants):
        with ENCODE_TIME.time():
            jpeg = pack(picture, policy)
        counted.inc()
        yield ReadFrame(picture.capture_offset_ms, jpeg)


class FramesAhead:
    """Reads frames in a thread and keeps some ready.

    A recorded source waits while FRAMES_AHEAD are ready. A live one does not wait for anybody: its oldest ready frame
    is handed to `dropped` instead. Use as an asynchronous context manager; leaving it waits for the picture being
    read. What it yields raises SourceError when the source cannot be read any further.
    """

    def __init__(self, source: Source, frames: Iterator[ReadFrame], dropped: Callable[[ReadFrame], None]) -> None:
        self._source, self._frames, self._dropped = source, frames, dropped
        self._ready: asyncio.Queue[ReadFrame | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(FRAMES_AHEAD)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-source")
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> AsyncIterator[ReadFrame]:
        self._reading = asyncio.create_task(self._read())
        return self._iterate(self._reading)

    async def __aexit__(self, *_: object) -> None:
        assert self._reading is not None
        self._source.stop()
        self._reading.cancel()
        await asyncio.wait([self._reading])
        await asyncio.to_thread(self._thread.shutdown)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (frame := await loop.run_in_executor(self._thread, next, self._frames, None)) is not None:
                await self._make_room()
                self._ready.put_nowait(frame)
        finally:
            self._ready.put_nowait(None)

    async def _make_room(self) -> None:
        if self._source.live and self._room.locked():
            oldest = self._ready.get_nowait()
            if oldest is not None:
                self._dropped(oldest)
            self._room.release()
        await self._room.acquire()

    async def _iterate(self, reading: "asyncio.Task[None]") -> AsyncIterator[ReadFrame]:
        while (frame := await self._ready.get()) is not None:
            self._room.release()
            yield frame
        try:
            await reading
        except (cv2.error, OSError, ValueError) as error:
            raise SourceError(str(error)) from error
