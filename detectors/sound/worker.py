"""The worker for sound: records from the log to the voice finder and what was heard back, in order, losing nothing.

As `detectors.worker` does with frames: each record has a slot in its partition's lane, sessions take turns, finished
records leave their lane in their session's order, and what is published is committed behind. One thread listens: a
second of sound takes milliseconds. A crash repeats what was not committed, with the same bytes.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from detectors.admission import TOO_OLD, UNREADABLE, Turns
from detectors.burying import Burial, check_session
from detectors.draining import Stopped, read_until_stopped
from detectors.intake import Intake, Lanes
from detectors.messages import SoundEnded, SpeechObserved
from detectors.metrics import IN_FLIGHT, LOOK_SECONDS, SOUND_METERS
from detectors.ordering import Slot
from detectors.outbox import Outbox
from detectors.sound.voice import SoundReading
from ingest.errors import PoisonError
from ingest.log import Reader, Record, Writer
from ingest.messages import SoundDropped, SoundHeader, read_sound_header
from ingest.sound.record import RATE_HZ, SAMPLE_BYTES
from ingest.telemetry import now_ms

KIND = "speech"

log = logging.getLogger(__name__)


class Voice(Protocol):
    """Listens to one record: a function of its bytes. `digest` names the model."""

    @property
    def digest(self) -> str: ...

    def look(self, pcm: bytes) -> SoundReading:
        """Raises: PoisonError for what is no sound."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SoundFrame:
    """A record of `audio`, what its header says, and the place of its result."""

    record: Record
    header: SoundHeader
    slot: Slot


class SoundWorker:
    """One run between a start of the reader and its stop; a new one begins from the commits."""

    def __init__(self, reader: Reader, writer: Writer, voice: Voice) -> None:
        self._voice = voice
        self._lanes: Lanes = {}
        self._burial = Burial(writer, self._settle)
        self._turns: Turns[SoundFrame] = Turns()
        self._waiting = asyncio.Semaphore(0)
        self._intake = Intake(reader, self._lanes, self._accept, SOUND_METERS)
        self._outbox = Outbox(writer, reader, self._lanes, SOUND_METERS)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="detectors-sound")

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what was read and commit.

        Raises: ExceptionGroup of what ended it; if all in it is transient, a new run may go on from the commits.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = (
                    self._outbox.publish_forever,
                    self._outbox.commit_forever,
                    self._listen,
                    self._burial.bury_headless_forever,
                )
                for forever in tasks:
                    group.create_task(forever())
                await read_until_stopped(self._intake, self._outbox, stop)
        except* Stopped:
            log.info("sound stopped", extra={"open_records": sum(len(lane) for lane in self._lanes.values())})
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _accept(self, record: Record, slot: Slot) -> None:
        """Decide what becomes of a record that was just read."""
        try:
            header = _read_header(record)
        except PoisonError as error:
            self._burial.add_headless(record, slot, str(error))
            return
        slot.session, slot.ingested_ms = header.session, header.ingested_ms
        if header.end:
            self._settle(slot, _ended(header))
        else:
            self._turns.put(header.session, SoundFrame(record, header, slot))
            self._waiting.release()

    async def _listen(self) -> None:
        """One record after the other, each session in turn."""
        in_flight, seconds = IN_FLIGHT.labels(KIND), LOOK_SECONDS.labels(KIND)
        while True:
            await self._waiting.acquire()
            frame = self._turns.take()
            if frame.slot.outcome is not None:
                continue  # its partition is somebody else's now
            if is_too_old(frame.header, now_ms()):
                self._settle(frame.slot, _given_up(frame, TOO_OLD))
                continue
            with in_flight.track_inprogress(), seconds.time():
                await self._look(frame)

    async def _look(self, frame: SoundFrame) -> None:
        loop = asyncio.get_running_loop()
        try:
            reading = await loop.run_in_executor(self._thread, self._voice.look, frame.record.value)
        except PoisonError as error:
            await self._burial.bury(frame.record, str(error))
            self._settle(frame.slot, _given_up(frame, UNREADABLE))
            return
        self._burial.count_good()
        self._settle(frame.slot, speech_observed(frame, reading, self._voice.digest))

    def _settle(self, slot: Slot, *outcome: SpeechObserved | SoundEnded | SoundDropped) -> None:
        slot.settle(*outcome)
        self._outbox.nudge()


def is_too_old(header: SoundHeader, at_ms: int) -> bool:
    """Whether a record may be given up at `at_ms`."""
    return header.max_age_ms > 0 and at_ms - header.ingested_ms > header.max_age_ms


def speech_observed(frame: SoundFrame, reading: SoundReading, model: str) -> SpeechObserved:
    """What was heard, as published: a function of the record and the model. Whose voice it is, scoring finds out."""
    header, record = frame.header, frame.record
    return SpeechObserved(
        session=header.session,
        seq=header.seq,
        capture_ms=header.capture_ms,
        ingested_ms=header.ingested_ms,
        partition=record.partition,
        offset=record.offset,
        model=model,
        speech=reading.speech,
        other=0.0,
        level_dbfs=reading.level_dbfs,
    )


def _given_up(frame: SoundFrame, reason: str) -> SoundDropped:
    """One record given up here: missing evidence."""
    header = frame.header
    length_ms = len(frame.record.value) // SAMPLE_BYTES * 1000 // RATE_HZ
    return SoundDropped(
        session=header.session,
        seq=header.seq,
        from_ms=header.capture_ms - length_ms,
        to_ms=header.capture_ms,
        count=1,
        reason=reason,
    )


def _read_header(record: Record) -> SoundHeader:
    """Raises: PoisonError when it cannot be read, or would make observations too large for their topic."""
    header = read_sound_header(record.headers)
    check_session(header.session)
    return header


def _ended(header: SoundHeader) -> SoundEnded:
    return SoundEnded(
        session=header.session, seq=header.seq, capture_ms=header.capture_ms, ingested_ms=header.ingested_ms
    )
