"""The worker for sound, on the log in memory. Without these, sound would be lost, doubled or unheard unseen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from time import monotonic

import pytest

from detectors.messages import SoundEnded, SpeechObserved
from detectors.sound.voice import SoundReading, VoiceFinder
from detectors.sound.worker import SoundWorker
from ingest.errors import PoisonError
from ingest.log import Record, TopicPartition
from ingest.memory_log import MemoryLog, MemoryReader, MemoryWriter
from ingest.messages import SoundDropped, SoundHeader, sound_headers
from ingest.sound.record import RATE_HZ
from ingest.telemetry import now_ms
from ingest.topics import AUDIO, DEAD_LETTERS, OBSERVATIONS
from scoring.messages import Observation, decode_bundle
from tests.sound_made import noise, pcm, voice

DEADLINE_S = 20
GROUP = "detectors-sound"
SPOKEN = [pcm(voice(3.0)[at : at + RATE_HZ]) for at in range(0, 3 * RATE_HZ, RATE_HZ)]
NOISE = pcm(noise(1.0, "white"))
START_MS = 1_700_000_000_000


class Loudness:
    """A voice finder that takes no time: the first byte is the share of speech in hundredths, 255 is no sound."""

    digest = "loudness 1"

    def look(self, pcm: bytes) -> SoundReading:
        if pcm[:1] == b"\xff":
            raise PoisonError("no sound")
        return SoundReading(pcm[0] / 100, -30.0)


def put(
    log: MemoryLog, session: str, seq: int, value: bytes, *, end: bool = False, max_age_ms: int = 0, age_ms: int = 0
) -> None:
    header = SoundHeader(
        session=session,
        seq=seq,
        capture_ms=START_MS + (seq + 1) * 1000,
        ingested_ms=now_ms() - age_ms,
        max_age_ms=max_age_ms,
        end=end,
    )
    log.append(AUDIO, 0, value, session.encode(), sound_headers(header))


def said(log: MemoryLog) -> list[Observation]:
    return [one for record in log.records(TopicPartition(OBSERVATIONS, 0)) for one in decode_bundle(record.value)]


def letters(log: MemoryLog) -> list[Record]:
    return log.records(TopicPartition(DEAD_LETTERS, 0))


@contextlib.asynccontextmanager
async def working(log: MemoryLog, voice: VoiceFinder | Loudness) -> AsyncIterator[asyncio.Event]:
    """A worker from the group's commits on; told to stop at the end."""
    stop = asyncio.Event()
    async with MemoryReader(log, GROUP, AUDIO) as reader:
        running = asyncio.create_task(SoundWorker(reader, MemoryWriter(log), voice).run(stop))
        yield stop
        stop.set()
        await asyncio.wait_for(running, DEADLINE_S)


async def until(done: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not done():
        assert monotonic() < deadline, "did not come in time"
        await asyncio.sleep(0.005)


async def listened(log: MemoryLog, count: int, voice: VoiceFinder | Loudness | None = None) -> list[Observation]:
    async with working(log, voice or Loudness()):
        await until(lambda: len(said(log)) >= count)
    return said(log)


async def test_speech_and_noise_come_out_in_order_with_their_places() -> None:
    log = MemoryLog(1)
    for seq, value in enumerate([*SPOKEN, NOISE]):
        put(log, "s", seq, value)
    put(log, "s", 4, b"", end=True)
    finder = VoiceFinder()
    heard = await listened(log, 5, finder)
    *looks, end = heard
    assert all(isinstance(one, SpeechObserved) for one in looks)
    places = [(one.seq, one.offset, one.partition, one.capture_ms) for one in looks if isinstance(one, SpeechObserved)]
    assert places == [(n, n, 0, START_MS + (n + 1) * 1000) for n in range(4)]
    assert [one.speech >= 0.6 for one in looks if isinstance(one, SpeechObserved)] == [True, True, True, False]
    assert {(one.model, one.other) for one in looks if isinstance(one, SpeechObserved)} == {(finder.digest, 0.0)}
    assert isinstance(end, SoundEnded)
    assert end.seq == 4
    assert log.commits[GROUP] == {TopicPartition(AUDIO, 0): 5}


@pytest.mark.parametrize("bad", [b"\xff", b"\xff\xff", b"\xff" * 70_000])
async def test_a_bad_record_is_buried_with_its_place_and_nothing_else_is_lost(bad: bytes) -> None:
    log = MemoryLog(1)
    put(log, "s", 0, b"\x10")
    put(log, "s", 1, bad)
    log.append(AUDIO, 0, b"\x10", b"s", ())
    put(log, "s", 2, b"\x20")
    heard = await listened(log, 3)
    assert [type(one) for one in heard] == [SpeechObserved, SoundDropped, SpeechObserved]
    assert [one.seq for one in heard if isinstance(one, SpeechObserved | SoundDropped)] == [0, 1, 2]
    keys = sorted(record.key or b"" for record in letters(log))
    assert keys == [b"detectors/audio/0/1", b"detectors/audio/0/2"]


async def test_what_is_too_old_is_given_up_and_said() -> None:
    log = MemoryLog(1)
    put(log, "s", 0, bytes(2 * RATE_HZ), max_age_ms=10_000, age_ms=20_000)
    put(log, "s", 1, b"\x20", max_age_ms=10_000)
    put(log, "s", 2, b"\x20", age_ms=90_000)
    first, *others = await listened(log, 3)
    assert first == SoundDropped(session="s", seq=0, from_ms=START_MS, to_ms=START_MS + 1000, count=1, reason="too_old")
    assert [type(one) for one in others] == [SpeechObserved] * 2


async def test_a_restart_repeats_the_same_bytes_and_loses_none() -> None:
    """Killed before its commit, the next one says the same again: scoring knows the numbers."""
    log = MemoryLog(1)
    for seq in range(30):
        put(log, "s", seq, bytes((seq,)))
    first = await listened(log, 30)
    log.commits[GROUP].clear()
    again = await listened(log, 60)
    assert again[:30] == first == again[30:]


async def test_sessions_take_turns() -> None:
    """Forty records of one session do not hold up what another one says behind them."""
    log, order = MemoryLog(1), list[bytes]()

    class Noting(Loudness):
        def look(self, pcm: bytes) -> SoundReading:
            order.append(pcm[1:])
            return super().look(pcm)

    for seq in range(40):
        put(log, "long", seq, b"\x10long")
    put(log, "short", 0, b"\x10short")
    async with working(log, Noting()):
        await until(lambda: len(said(log)) == 41)
    assert order.index(b"short") <= 2


async def test_mostly_bad_records_stop_the_worker() -> None:
    log = MemoryLog(1)
    for seq in range(300):
        put(log, "s", seq, b"\xff")
    async with MemoryReader(log, GROUP, AUDIO) as reader:
        running = SoundWorker(reader, MemoryWriter(log), Loudness()).run(asyncio.Event())
        with pytest.raises(ExceptionGroup) as raised:
            await asyncio.wait_for(running, DEADLINE_S)
    assert "unreadable" in str(raised.value.exceptions[0])
