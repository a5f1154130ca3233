"""The gateway of one session: a source runs into the log, from SessionStarted to SessionEnded.

A recorded source loses nothing: it waits for whoever looks at its frames, and for a broker that is away. A live source
waits for nobody: its oldest frames are given up, counted, and said so in the log. A source that breaks off midway
ends its session with the reason "source_failed", and what was read until then counts. Sound follows the pictures and
fails for itself: without it a session goes on.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator

import msgspec
from prometheus_client import Gauge

from ingest.delivery import FRAMES_DROPPED, PATIENCE_S, Delivery, persist
from ingest.errors import TransientError
from ingest.frames_read import FramesAhead, ReadFrame, SourceError, read_frames
from ingest.gaps import Gaps
from ingest.log import Acknowledgement, Writer
from ingest.messages import SessionEnded, SessionStarted, encode_bundle
from ingest.pacing import InFlight, Speed, wait_s
from ingest.picture import PicturePolicy
from ingest.progress import Progress, Reason, SessionSummary
from ingest.sampling import frame_interval_ms
from ingest.sound.record import Sound, sound_of
from ingest.sound.sending import SoundSending
from ingest.sources.source import Source
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, partition_of

MAX_AGE_MS = 10_000
FAREWELL_S = 10.0  # how long a cancelled session tries to say that it has ended
SLOW, LOST, UNREADABLE = "broker_slow", "broker_lost", "unreadable"

SESSIONS = Gauge("proctor_ingest_sessions", "Sessions that are being sent.")

log = logging.getLogger(__name__)


async def run_session(
    source: Source,
    writer_frames: Writer,
    writer_session: Writer,
    *,
    session: str,
    policy_document: str,
    rate_fps: float,
    speed: Speed,
    calibration_ms: int | None,
    in_flight: InFlight,
    progress: Progress,
    pictures: PicturePolicy | None = None,
    max_age_ms: int = MAX_AGE_MS,
    patience_s: float = PATIENCE_S,
    accommodations: str = "",
) -> SessionSummary:
    """Run `source` into the log as `session`, and close it. Several sessions may share the writers, side by side.

    `policy_document`, `accommodations` and `calibration_ms` go into SessionStarted. `speed` and `in_flight` concern
    recorded sources only. Cancelled, it says so in the log before it ends.
    Raises: TransientError when the broker stays away for `patience_s`.
    """
    interval_ms = frame_interval_ms(rate_fps)
    running = _Session(
        source, writer_frames, writer_session, session, interval_ms, in_flight, progress, max_age_ms, patience_s
    )
    sound = await asyncio.to_thread(sound_of, source)
    started = SessionStarted(
        session=session,
        capture_ms=running.start_ms,
        source=source.kind,  # a file's name may hold a person's
        policy=policy_document,
        calibration_ms=calibration_ms,
        frame_interval_ms=interval_ms,
        accommodations=accommodations,
        sound=sound is not None,
    )
    progress.expected_frames = expected_frames(source, rate_fps)
    try:
        with SESSIONS.track_inprogress():
            await running.publish(started)
            if sound is not None:
                running.listen(sound, speed, interval_ms)
            return await running.run(rate_fps, speed, pictures or PicturePolicy())
    finally:
        await running.close()
        if sound is not None:
            sound.close()
        source.close()


def expected_frames(source: Source, rate_fps: float) -> int | None:
    """How many frames a source will give at a rate, as far as it says."""
    if source.duration_ms is None:
        return source.expected_frames
    by_time = math.ceil(source.duration_ms * rate_fps / 1000)
    return by_time if source.expected_frames is None else min(by_time, source.expected_frames)


class _Session:
    def __init__(
        self,
        source: Source,
        writer_frames: Writer,
        writer_session: Writer,
        session: str,
        interval_ms: int,
        in_flight: InFlight,
        progress: Progress,
        max_age_ms: int,
        patience_s: float,
    ) -> None:
        self.start_ms = progress.start_ms = now_ms()
        self._source, self._writer, self._session = source, writer_session, session
        self._writer_frames = writer_frames
        self._in_flight, self._progress, self._patience_s = in_flight, progress, patience_s
        self._gaps = Gaps()
        self._sound: SoundSending | None = None
        self._delivery = Delivery(
            self._writer_frames,
            session,
            max_age_ms=max_age_ms if source.live else 0,
            interval_ms=interval_ms,
            progress=progress,
            acknowledged=self._acknowledged,
            given_up=self._lost if source.live else None,
            patience_s=patience_s,
        )

    def listen(self, sound: Sound, speed: Speed, interval_ms: int) -> None:
        """Send the source's sound, too."""
        self._sound = SoundSending(
            sound,
            self._writer_frames,
            self._session,
            self.start_ms,
            speed,
            interval_ms,
            self._progress,
            self._in_flight,
            self._patience_s,
        )
        self._sound.start()

    async def close(self) -> None:
        """Stop what may still be under way."""
        if self._sound is not None:
            await self._sound.close()

    async def run(self, rate_fps: float, speed: Speed, pictures: PicturePolicy) -> SessionSummary:
        frames = read_frames(self._source, rate_fps, pictures)
        try:
            async with FramesAhead(self._source, frames, self._too_slow) as ahead:
                failure = await self._send_all(ahead, speed)
        except asyncio.CancelledError:
            await self._say_farewell()
            raise
        return await self._end("completed" if failure is None else "source_failed", failure)

    async def _say_farewell(self) -> None:
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._end("cancelled", None)
        except (TimeoutError, TransientError):
            log.warning("the log does not know that the session was cancelled", extra={"session": self._session})

    async def _send_all(self, ahead: AsyncIterator[ReadFrame], speed: Speed) -> str | None:
        """Returns why the source failed, or None."""
        try:
            async for frame in ahead:
                if not self._source.live:
                    await asyncio.sleep(wait_s(speed, self.start_ms, frame.offset_ms, now_ms()))
                    await self._in_flight.acquire()
                await self._tell_gaps()
                await self._delivery.send(frame, self.start_ms + frame.offset_ms)
                self._progress.position_ms = frame.offset_ms
                if self._sound is not None:
                    self._sound.pictures.send(frame.offset_ms)
        except SourceError as error:
            return f"{self._source.name} cannot be read any further: {error}"
        if self._source.failure is None and self._delivery.next_seq == 0:
            return f"no picture of {self._source.name} could be decoded"
        return self._source.failure

    async def _end(self, reason: Reason, failure: str | None) -> SessionSummary:
        duration_ms = self._progress.position_ms if reason == "cancelled" else self._source.elapsed_ms
        end_ms = self.start_ms + duration_ms
        if failure is not None:
            log.warning("source failed", extra={"session": self._session, "reason": failure})
        if (bad := self._source.unreadable) is not None:
            from_ms, to_ms = self.start_ms + bad.from_offset_ms, self.start_ms + bad.to_offset_ms
            self._drop(UNREADABLE, from_ms, to_ms, bad.count)
        await self._delivery.finish(end_ms)
        await self._tell_gaps()
        trouble = await self._end_sound(duration_ms, at_once=reason == "cancelled")
        sent, sound_sent = self._progress.frames_sent, self._progress.sound_sent
        await self.publish(
            SessionEnded(
                session=self._session,
                capture_ms=end_ms,
                frames_sent=sent,
                reason=reason,
                audio_records=sound_sent,
            )
        )
        return SessionSummary(
            session=self._session,
            start_ms=self.start_ms,
            frames_sent=sent,
            frames_dropped=self._progress.frames_dropped,
            duration_ms=duration_ms,
            reason=reason,
            failure=failure,
            sound_sent=sound_sent,
            sound_trouble=trouble,
        )

    async def _end_sound(self, duration_ms: int, *, at_once: bool) -> str | None:
        """Returns what was wrong with the sound, if anything was."""
        if self._sound is None:
            return None
        await self._sound.finish(duration_ms, at_once=at_once)
        if self._sound.trouble is not None:
            log.warning("sound trouble", extra={"session": self._session, "reason": self._sound.trouble})
        return self._sound.trouble

    async def publish(self, *observations: msgspec.Struct) -> None:
        """Put observations on the session's partition and wait for the acknowledgement, with patience."""
        bundle = encode_bundle(observations)

        async def send() -> Acknowledgement:
            return await self._writer.send(OBSERVATIONS, partition_of(self._session), bundle)

        await persist(send, self._progress, self._patience_s)

    async def _tell_gaps(self) -> None:
        told = self._gaps.take(self._session, self._delivery.next_seq)
        if told:
            await self.publish(*told)

    def _acknowledged(self) -> None:
        if not self._source.live and not self._in_flight.watched:
            self._in_flight.release()

    def _too_slow(self, frame: ReadFrame) -> None:
        at_ms = self.start_ms + frame.offset_ms
        self._drop(SLOW, at_ms, at_ms)

    def _lost(self, capture_ms: int) -> None:
        self._drop(LOST, capture_ms, capture_ms)

    def _drop(self, reason: str, from_ms: int, to_ms: int, count: int = 1) -> None:
        FRAMES_DROPPED.labels(reason).inc(count)
        self._progress.frames_dropped += count
        self._gaps.add(reason, from_ms, to_ms, count)
