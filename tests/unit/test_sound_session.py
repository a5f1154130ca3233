"""A session's sound on its way into the log. Without these, it would run ahead of its pictures, or hold them up."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import msgspec
import numpy as np
import pytest

from ingest.errors import TransientError
from ingest.log import Acknowledgement, TopicPartition
from ingest.memory_log import MemoryLog, MemoryWriter
from ingest.messages import (
    Headers,
    SessionEnded,
    SessionStarted,
    SoundHeader,
    read_frame_header,
    read_sound_header,
)
from ingest.pacing import InFlight, Speed
from ingest.progress import Progress, SessionSummary
from ingest.session import run_session
from ingest.sound.record import RATE_HZ, SoundRecord
from ingest.sources.source import Kind, Picture, Unreadable, Wanted
from ingest.sources.video import VideoFile
from ingest.topics import AUDIO, FRAMES, OBSERVATIONS, partition_of
from tests.sound_files import Recording, write

DEADLINE_S = 30
SESSION = "s-1"
PLACE = partition_of(SESSION)
decode = msgspec.msgpack.Decoder(list[SessionStarted | SessionEnded]).decode


@dataclass
class Hum:
    """A sound of whole seconds that are given as they are asked for; breaks as told."""

    seconds: int
    trouble: str | None = None
    breaks_with: Exception | None = None
    closed: bool = False

    def records(self) -> Iterator[SoundRecord]:
        for second in range(self.seconds):
            yield SoundRecord(second * RATE_HZ, bytes((second % 250, 0)) * RATE_HZ)
        if self.breaks_with is not None:
            raise self.breaks_with

    def close(self) -> None:
        self.closed = True


@dataclass
class Filmed:
    """Pictures at 2 a second, with sound."""

    seconds: int
    hum: Hum
    kind: Kind = "file"
    name: str = "filmed"
    live: bool = False
    failure: str | None = None
    unreadable: Unreadable | None = None
    elapsed_ms: int = 0
    stopped: bool = False
    opened: list[Hum] = field(default_factory=list)

    @property
    def expected_frames(self) -> int | None:
        return 2 * self.seconds

    @property
    def duration_ms(self) -> int | None:
        return 1000 * self.seconds

    def sound(self) -> Hum:
        self.opened.append(self.hum)
        return self.hum

    def __iter__(self) -> Iterator[Picture]:
        return self.sampled(lambda _: True)

    def sampled(self, wanted: Wanted) -> Iterator[Picture]:
        for index in range(2 * self.seconds):
            if self.stopped:
                return
            self.elapsed_ms = (index + 1) * 500
            if wanted(index * 500):
                yield Picture(index * 500, np.full((48, 64, 3), index % 250, np.uint8))

    def stop(self) -> None:
        self.stopped = True

    def close(self) -> None: ...


class Faltering(MemoryWriter):
    """A writer whose broker refuses every third record of sound."""

    calls = 0

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        self.calls += topic == AUDIO
        if topic == AUDIO and self.calls % 3 == 1:
            raise TransientError("the broker is away")
        return await super().send(topic, partition, value, key=key, headers=headers)


async def run(
    source: Filmed | VideoFile,
    log: MemoryLog,
    *,
    frames: MemoryWriter | None = None,
    in_flight: InFlight | None = None,
    speed: Speed = "max",
) -> SessionSummary:
    return await run_session(
        source,
        frames or MemoryWriter(log),
        MemoryWriter(log),
        session=SESSION,
        policy_document="{}",
        rate_fps=2,
        speed=speed,
        calibration_ms=0,
        in_flight=in_flight or InFlight(4, watched=False),
        progress=Progress(),
    )


def heard(log: MemoryLog) -> list[tuple[SoundHeader, bytes]]:
    return [(read_sound_header(r.headers), r.value) for r in log.records(TopicPartition(AUDIO, PLACE))]


def life(log: MemoryLog) -> tuple[SessionStarted, SessionEnded]:
    messages = [m for record in log.records(TopicPartition(OBSERVATIONS, PLACE)) for m in decode(record.value)]
    started, ended = messages[0], messages[-1]
    assert isinstance(started, SessionStarted)
    assert isinstance(ended, SessionEnded)
    return started, ended


async def until(running: "asyncio.Task[SessionSummary]", done: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not done():
        assert not running.done(), running.result()
        assert monotonic() < deadline, "did not come in time"
        await asyncio.sleep(0.005)


async def test_sound_as_the_log_sees_it() -> None:
    log, hum = MemoryLog(), Hum(5)
    summary = await run(Filmed(5, hum), log)
    *records, (end, nothing) = heard(log)
    assert [header.seq for header, _ in records] == list(range(5))
    assert [header.capture_ms - summary.start_ms for header, _ in records] == [1000, 2000, 3000, 4000, 5000]
    assert [value[0] for _, value in records] == list(range(5))
    assert (end.end, end.seq, nothing) == (True, 5, b"")
    assert {record.key for record in log.records(TopicPartition(AUDIO, PLACE))} == {SESSION.encode()}
    started, ended = life(log)
    assert (started.sound, ended.audio_records, summary.sound_sent, summary.sound_trouble) == (True, 5, 5, None)
    assert hum.closed


async def test_sound_ends_with_the_pictures() -> None:
    log = MemoryLog()
    await run(Filmed(3, Hum(60)), log)
    assert [header.seq for header, _ in heard(log)] == [0, 1, 2, 3]
    assert heard(log)[-1][0].end


async def test_a_file_is_sent_with_its_sound(tmp_path: Path) -> None:
    path = write(tmp_path / "a.webm", Recording(codec="libopus", sample_format="flt", picture_codec="libvpx"))
    log = MemoryLog()
    summary = await run(VideoFile(path), log)
    assert (summary.frames_sent, summary.sound_sent, summary.reason) == (8, 4, "completed")
    loud = [np.abs(np.frombuffer(value, "<i2").astype(int)).mean() > 1_000 for _, value in heard(log)[:-1]]
    assert loud == [False, True, False, False]


async def test_a_file_without_sound_says_so(tmp_path: Path) -> None:
    log = MemoryLog()
    summary = await run(VideoFile(write(tmp_path / "a.mp4", Recording(has_sound=False))), log)
    started, ended = life(log)
    assert (started.sound, ended.audio_records, heard(log), summary.sound_trouble) == (False, 0, [], None)


async def test_sound_that_breaks_ends_no_session(tmp_path: Path) -> None:
    """The pictures of a file whose sound track is garbage all arrive, and what is wrong is said."""
    path = write(tmp_path / "a.mkv", Recording(codec="flac", sample_format="s16", bursts=((0, 4),)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5_000] = np.random.default_rng(5).bytes(5_000)
    path.write_bytes(data)
    log = MemoryLog()
    summary = await run(VideoFile(path), log)
    assert summary.reason == "completed"
    assert summary.sound_trouble is not None
    assert life(log)[1].audio_records == len(heard(log)) - 1


async def test_a_broker_that_falters_loses_no_sound_and_no_order() -> None:
    log = MemoryLog()
    summary = await run(Filmed(6, Hum(6)), log, frames=Faltering(log))
    assert [header.seq for header, _ in heard(log)] == list(range(7))
    assert summary.sound_sent == 6


async def test_sound_is_never_far_ahead_of_what_was_looked_at() -> None:
    """At full speed the pictures wait for whoever looks at them; the sound may be 16 s ahead of that, not a minute."""
    log, in_flight = MemoryLog(), InFlight(100)
    running = asyncio.create_task(run(Filmed(60, Hum(60)), log, in_flight=in_flight))
    await until(running, lambda: len(log.records(TopicPartition(FRAMES, PLACE))) >= 100)
    await until(running, lambda: len(heard(log)) >= 10)
    await asyncio.sleep(0.05)
    assert len(heard(log)) <= 17
    while not running.done():
        in_flight.release(10)
        await asyncio.sleep(0.005)
    assert (await running).sound_sent == 60


async def test_a_cancelled_session_says_how_much_sound_there_is() -> None:
    log, in_flight = MemoryLog(), InFlight(8)
    running = asyncio.create_task(run(Filmed(60, Hum(60)), log, in_flight=in_flight))
    await until(running, lambda: len(heard(log)) >= 3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    *records, (end, _) = heard(log)
    assert end.end
    assert life(log)[1].audio_records <= len(records) <= end.seq + 1


async def test_real_time_is_kept() -> None:
    log = MemoryLog()
    before = monotonic()
    await run(Filmed(2, Hum(2)), log, speed="1x")
    assert 1.4 <= monotonic() - before < 8
    assert len(heard(log)) == 3


async def test_pictures_and_sound_stand_on_one_clock(tmp_path: Path) -> None:
    """Sound that begins half a second behind the first picture is stamped so."""
    path = write(tmp_path / "a.mkv", Recording(codec="pcm_s16le", sample_format="s16", sound_at_s=0.5))
    log = MemoryLog()
    summary = await run(VideoFile(path), log)
    frames = [read_frame_header(record.headers) for record in log.records(TopicPartition(FRAMES, PLACE))]
    assert frames[0].capture_ms == summary.start_ms
    ends = [header.capture_ms - summary.start_ms for header, _ in heard(log)[:-1]]
    assert ends == pytest.approx([1500, 2500, 3500, 4000], abs=2)
    assert all(later > earlier for earlier, later in itertools.pairwise(ends))
