"""A session from its source into the log. Without these, frames would be lost, doubled or unaccounted for unseen."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pytest

from ingest.errors import TransientError
from ingest.log import Acknowledgement, Record, TopicPartition
from ingest.memory_log import MemoryLog, MemoryWriter
from ingest.messages import FrameHeader, FramesDropped, Headers, SessionEnded, SessionStarted, read_frame_header
from ingest.pacing import InFlight, Speed
from ingest.progress import Progress, SessionSummary
from ingest.session import run_session
from ingest.sources.source import Kind, Picture, Unreadable, Wanted
from ingest.topics import FRAMES, OBSERVATIONS, partition_of

DEADLINE_S = 30
decode = msgspec.msgpack.Decoder(list[SessionStarted | SessionEnded | FramesDropped]).decode
ControlMessage = SessionStarted | SessionEnded | FramesDropped


@dataclass
class Scripted:
    """A source that gives grey pictures at a pace of 100 ms, waits at `gate_at` for the test, and ends as told."""

    frames: int = 10
    live: bool = False
    breaks_with: Exception | None = None
    failure: str | None = None
    unreadable: Unreadable | None = None
    gate_at: int = -1
    gate: threading.Event = field(default_factory=threading.Event)
    kind: Kind = "file"
    name: str = "scripted"
    elapsed_ms: int = 0
    closed: bool = False
    stopped: bool = False

    @property
    def expected_frames(self) -> int | None:
        return None if self.live else self.frames

    @property
    def duration_ms(self) -> int | None:
        return None if self.live else self.frames * 100

    def __iter__(self) -> Iterator[Picture]:
        return self.sampled(lambda _: True)

    def sampled(self, wanted: Wanted) -> Iterator[Picture]:
        for index in range(self.frames):
            if index == self.gate_at:
                assert self.gate.wait(DEADLINE_S)
            if self.stopped:
                return
            self.elapsed_ms = (index + 1) * 100
            if wanted(index * 100):
                yield Picture(index * 100, np.full((48, 64, 3), index, np.uint8))
        if self.breaks_with is not None:
            raise self.breaks_with

    def stop(self) -> None:
        self.stopped = True
        self.gate.set()

    def close(self) -> None:
        self.closed = True


class Unreliable(MemoryWriter):
    """A writer whose broker refuses the records in `refused` (counted from 0) and, while `held`, answers nobody."""

    def __init__(
        self, log: MemoryLog, refused: frozenset[int] = frozenset(), held: asyncio.Event | None = None
    ) -> None:
        super().__init__(log)
        self._refused, self._held, self.calls = refused, held, 0

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        call, self.calls = self.calls, self.calls + 1
        if call in self._refused:
            return self._refuse()
        acknowledged = await super().send(topic, partition, value, key=key, headers=headers)
        return self._late(acknowledged, self._held) if self._held else acknowledged

    async def _refuse(self) -> int:
        raise TransientError("the broker is away")

    async def _late(self, acknowledged: Acknowledgement, held: asyncio.Event) -> int:
        await held.wait()
        return await acknowledged


async def run(
    source: Scripted,
    log: MemoryLog,
    *,
    frames: MemoryWriter | None = None,
    observations: MemoryWriter | None = None,
    session: str = "s-1",
    rate_fps: float = 10,
    speed: Speed = "max",
    in_flight: InFlight | None = None,
    progress: Progress | None = None,
    patience_s: float = 5.0,
) -> SessionSummary:
    return await run_session(
        source,
        frames or MemoryWriter(log),
        observations or MemoryWriter(log),
        session=session,
        policy_document="{}",
        rate_fps=rate_fps,
        speed=speed,
        calibration_ms=0,
        in_flight=in_flight or InFlight(4, watched=False),
        progress=progress or Progress(),
        patience_s=patience_s,
        accommodations="[]",
    )


def frame_records(log: MemoryLog, session: str = "s-1") -> list[tuple[FrameHeader, Record]]:
    records = log.records(TopicPartition(FRAMES, partition_of(session)))
    return [(read_frame_header(record.headers), record) for record in records]


def control(log: MemoryLog, session: str = "s-1") -> list[ControlMessage]:
    records = log.records(TopicPartition(OBSERVATIONS, partition_of(session)))
    return [message for record in records for message in decode(record.value)]


async def until(condition: "asyncio.Task[SessionSummary] | None", what: object) -> None:
    """Wait until the predicate `what` holds, failing with the task when it ends before."""
    assert callable(what)
    async with asyncio.timeout(DEADLINE_S):
        while not what():
            if condition is not None and condition.done():
                condition.result()
            await asyncio.sleep(0.005)


async def test_session_as_the_log_sees_it() -> None:
    log, source, progress = MemoryLog(), Scripted(frames=10), Progress()
    summary = await run(source, log, progress=progress, rate_fps=5)
    frames = frame_records(log)
    headers = [header for header, _ in frames]
    assert [h.seq for h in headers] == [0, 1, 2, 3, 4, 5]
    assert [h.end for h in headers] == [False] * 5 + [True]
    assert [h.capture_ms - summary.start_ms for h in headers] == [0, 200, 400, 600, 800, 1000]
    assert {(h.width, h.height, h.max_age_ms) for h in headers[:-1]} == {(64, 48, 0)}
    assert {record.key for _, record in frames} == {b"s-1"}
    assert [record.value[:2] for _, record in frames] == [b"\xff\xd8"] * 5 + [b""]
    started, ended = control(log)
    assert started == SessionStarted(
        session="s-1",
        capture_ms=summary.start_ms,
        source="file",
        policy="{}",
        calibration_ms=0,
        frame_interval_ms=200,
        accommodations="[]",
    )
    assert ended == SessionEnded(session="s-1", capture_ms=summary.start_ms + 1000, frames_sent=5)
    assert (summary.frames_sent, summary.frames_dropped, summary.duration_ms) == (5, 0, 1000)
    assert (progress.expected_frames, progress.frames_sent, progress.position_ms) == (5, 5, 800)
    assert source.closed


async def test_start_is_acknowledged_before_the_first_frame() -> None:
    log, held = MemoryLog(), asyncio.Event()
    running = asyncio.create_task(run(Scripted(), log, observations=Unreliable(log, held=held)))
    await until(running, lambda: control(log))
    await asyncio.sleep(0.05)
    assert frame_records(log) == []
    held.set()
    await asyncio.wait_for(running, DEADLINE_S)
    assert len(frame_records(log)) == 11


@pytest.mark.parametrize("breaks", ["says so", "raises"])
async def test_source_that_breaks_midway_ends_the_session_with_what_was_read(breaks: str) -> None:
    log = MemoryLog()
    source = (
        Scripted(frames=3, failure="it broke")
        if breaks == "says so"
        else Scripted(frames=3, breaks_with=OSError("gone"))
    )
    summary = await run(source, log)
    assert (summary.reason, summary.frames_sent) == ("source_failed", 3)
    assert summary.failure
    assert control(log)[-1] == SessionEnded(
        session="s-1", capture_ms=summary.start_ms + 300, frames_sent=3, reason="source_failed"
    )


async def test_source_without_one_decodable_picture_fails() -> None:
    summary = await run(Scripted(frames=0), MemoryLog())
    assert (summary.reason, summary.frames_sent) == ("source_failed", 0)


async def test_unreadable_pictures_are_recorded_as_missing() -> None:
    log = MemoryLog()
    summary = await run(Scripted(frames=5, unreadable=Unreadable(2, 100, 300)), log)
    missing = control(log)[1]
    assert missing == FramesDropped(
        session="s-1",
        seq=5,
        from_ms=summary.start_ms + 100,
        to_ms=summary.start_ms + 300,
        count=2,
        stage="ingest",
        reason="unreadable",
    )
    assert summary.frames_dropped == 2


async def test_watched_session_waits_for_whoever_looks() -> None:
    log, in_flight = MemoryLog(), InFlight(3)
    running = asyncio.create_task(run(Scripted(frames=10), log, in_flight=in_flight))
    await until(running, lambda: len(frame_records(log)) == 3)
    await asyncio.sleep(0.05)
    assert len(frame_records(log)) == 3
    in_flight.release(2)
    await until(running, lambda: len(frame_records(log)) == 5)
    while not running.done():
        in_flight.release(3)
        await asyncio.sleep(0.005)
    assert (await running).frames_sent == 10


@pytest.mark.parametrize("refused", [{0}, {3}, {9}, {4, 5, 6}, {0, 1, 2, 3}, {10}, {5, 10, 11}])
async def test_recorded_source_loses_nothing_when_the_broker_refuses(refused: set[int]) -> None:
    log, progress = MemoryLog(), Progress()
    summary = await run(Scripted(frames=10), log, frames=Unreliable(log, frozenset(refused)), progress=progress)
    headers = [header for header, _ in frame_records(log)]
    assert {h.seq for h in headers if not h.end} == set(range(10))
    assert [h.seq for h in headers if h.end] == [10]
    assert headers[-1].end
    assert (summary.frames_sent, summary.frames_dropped, summary.reason) == (10, 0, "completed")
    assert progress.waiting == ""


@pytest.mark.parametrize("refused", [{0}, {1}, {0, 1}])
async def test_session_life_is_sent_until_it_is_taken(refused: set[int]) -> None:
    log = MemoryLog()
    await run(Scripted(frames=2), log, observations=Unreliable(log, frozenset(refused)))
    assert [type(m) for m in control(log)] == [SessionStarted, SessionEnded]


async def test_broker_that_stays_away_fails_this_session_alone() -> None:
    log, everything = MemoryLog(), frozenset(range(1000))
    lost = run(Scripted(frames=10), log, frames=Unreliable(log, everything), session="s-lost", patience_s=0.0)
    kept = run(Scripted(frames=10), log, session="s-kept")
    failed, summary = await asyncio.gather(lost, kept, return_exceptions=True)
    assert isinstance(failed, TransientError)
    assert isinstance(summary, SessionSummary)
    assert summary.frames_sent == 10


async def test_live_source_drops_the_oldest_frames_when_the_broker_is_slow() -> None:
    log, held = MemoryLog(), asyncio.Event()
    source = Scripted(frames=100, live=True, gate_at=99)
    progress = Progress()
    frames = Unreliable(log, held=held)
    running = asyncio.create_task(run(source, log, frames=frames, progress=progress, in_flight=InFlight(1)))
    await until(running, lambda: source.elapsed_ms == 9900 and progress.frames_dropped >= 50)
    held.set()
    source.gate.set()
    summary = await asyncio.wait_for(running, DEADLINE_S)
    assert summary.frames_sent + summary.frames_dropped == 100
    headers = [header for header, _ in frame_records(log)]
    assert [h.seq for h in headers] == list(range(summary.frames_sent + 1))
    assert headers[-2].capture_ms - summary.start_ms == 9900
    assert {h.max_age_ms for h in headers[:-1]} == {10_000}
    dropped = [m for m in control(log) if isinstance(m, FramesDropped)]
    assert sum(m.count for m in dropped) == summary.frames_dropped
    assert {(m.stage, m.reason) for m in dropped} == {("ingest", "broker_slow")}
    sent_at = {h.capture_ms for h in headers[:-1]}
    assert not any(m.from_ms in sent_at or m.to_ms in sent_at for m in dropped)


async def test_live_frames_that_the_broker_refuses_are_given_up_and_counted() -> None:
    log = MemoryLog()
    summary = await run(Scripted(frames=5, live=True), log, frames=Unreliable(log, frozenset({1, 2})))
    assert (summary.frames_sent, summary.frames_dropped) == (3, 2)
    dropped = [m for m in control(log) if isinstance(m, FramesDropped)]
    assert sum(m.count for m in dropped) == 2
    assert {m.reason for m in dropped} == {"broker_lost"}


async def test_cancelled_session_says_so_in_the_log() -> None:
    log, source = MemoryLog(), Scripted(frames=20, gate_at=10)
    running = asyncio.create_task(run(source, log))
    await until(running, lambda: len(frame_records(log)) == 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    ended = control(log)[-1]
    assert isinstance(ended, SessionEnded)
    assert (ended.reason, ended.frames_sent) == ("cancelled", 10)
    assert frame_records(log)[-1][0].end
    assert source.closed


async def test_real_time_is_kept() -> None:
    log = MemoryLog()
    before = asyncio.get_running_loop().time()
    await run(Scripted(frames=4), log, speed="1x")
    assert 0.3 <= asyncio.get_running_loop().time() - before < 3


async def test_many_sessions_side_by_side() -> None:
    log = MemoryLog()
    names = [f"s-{n}" for n in range(20)]
    summaries = await asyncio.gather(*(run(Scripted(frames=30), log, session=name) for name in names))
    assert {s.frames_sent for s in summaries} == {30}
    for name in names:
        mine = [h.seq for h, _ in frame_records(log, name) if h.session == name]
        assert mine == list(range(31))
