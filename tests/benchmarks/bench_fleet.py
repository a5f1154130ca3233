"""Thousands of sessions with recorded detections through the broker, scoring and ClickHouse, in real time.

Run: `proctor bench fleet`, or `python tests/benchmarks/bench_fleet.py --sessions 3000 --minutes 10`. Every session
plays one of ten rendered exams, again and again, one frame a second: what the shipped detectors saw of them, with times
of now. No detector runs. Reported every half a minute: how far scoring and the tables are behind. At the end: latencies
from an observation's entry into the log to the event that follows from it and to its queryable row, and the CPU of
each part. The baseline, in the same run: a tenth of the sessions for a minute, which is what the parts take when they
are not loaded.
"""

import argparse
import asyncio
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct
from msgspec.structs import replace

from deploy.stack.local import LocalStack
from detectors.messages import FaceObserved, FramesEnded, ObjectsObserved
from ingest.kafka_log import KafkaWriter
from ingest.messages import SessionEnded, SessionStarted, encode_bundle
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, PARTITIONS, RISK_EVENTS, partition_of
from scoring.messages import RiskOpened, decode_bundle, decode_risk_message
from tests.benchmarks.stage_latency import read_histogram
from tests.golden.rendered_exams import EXAMS, recorded

PARTS = ("kafka", "clickhouse", "scoring", "sinks")
SLICES = 10  # a second's sessions are sent in this many bundles of each partition
REPORT_S = 30.0
WARM_UP_S = 10.0
FRAME_MS = 1000

Look = FaceObserved | ObjectsObserved


def detections(name: str) -> list[list[Look]]:
    """What was seen in an exam, frame by frame: recorded at 5 frames a second, every fifth is kept."""
    frames: dict[int, list[Look]] = {}
    for one in decode_bundle(recorded(name)):
        if (isinstance(one, FaceObserved) and one.seq % 5 == 0) or (
            isinstance(one, ObjectsObserved) and one.seq % 10 == 0
        ):
            frames.setdefault(one.seq // 5, []).append(one)
    return [frames[number] for number in sorted(frames)]


@dataclass(slots=True)
class Session:
    """One candidate: plays its exam from its own place on."""

    name: str
    frames: Sequence[Sequence[Look]]
    seq: int = 0

    def start(self, at_ms: int) -> SessionStarted:
        return SessionStarted(session=self.name, capture_ms=at_ms, frame_interval_ms=FRAME_MS)

    def step(self, at_ms: int) -> Iterator[Look]:
        """The next frame's observations, as of now."""
        for look in self.frames[self.seq % len(self.frames)]:
            yield replace(look, session=self.name, seq=self.seq, capture_ms=at_ms, ingested_ms=at_ms, offset=self.seq)
        self.seq += 1

    def end(self, at_ms: int) -> tuple[FramesEnded, SessionEnded]:
        """The last words."""
        passed = FramesEnded(session=self.name, seq=self.seq, capture_ms=at_ms, ingested_ms=at_ms)
        return passed, SessionEnded(session=self.name, capture_ms=at_ms, frames_sent=self.seq)


@dataclass(slots=True)
class Sent:
    """What was sent, and how late the sender itself was."""

    observations: int = 0
    late_ms: int = 0


async def play(writer: KafkaWriter, sessions: Sequence[Session], seconds: float, sent: Sent) -> None:
    """Every session one frame a second, its slice of the second always the same."""
    slices = [sessions[number::SLICES] for number in range(SLICES)]
    began = time.monotonic()
    for turn in range(int(seconds * SLICES)):
        due = began + turn / SLICES
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        sent.late_ms = max(sent.late_ms, round((time.monotonic() - due) * 1000))
        at_ms = now_ms()
        await _send(writer, ((one, one.step(at_ms)) for one in slices[turn % SLICES]), sent)


async def _send(writer: KafkaWriter, said: Iterable[tuple[Session, Iterable[Struct]]], sent: Sent) -> None:
    bundles: dict[int, list[Struct]] = {}
    for session, observations in said:
        bundles.setdefault(partition_of(session.name), []).extend(observations)
    for number, bundle in bundles.items():
        await writer.send(OBSERVATIONS, number, encode_bundle(bundle))
        sent.observations += len(bundle)


class Listener:
    """Reads risk-events beside the sinks: how long after its cause each event's record was made."""

    def __init__(self, kafka: str) -> None:
        self._kafka, self.events_ms = kafka, list[int]()

    async def listen(self) -> None:
        reader = AIOKafkaConsumer(bootstrap_servers=self._kafka, auto_offset_reset="latest")
        await reader.start()
        reader.assign([TopicPartition(RISK_EVENTS, number) for number in range(PARTITIONS)])
        try:
            async for record in reader:
                if b"risk-opened" in record.value[:24]:
                    message = decode_risk_message(record.value)
                    if isinstance(message, RiskOpened):
                        self.events_ms.append(record.timestamp - message.ingested_ms)
        finally:
            await reader.stop()


def gauge(telemetry: str, name: str, total: bool) -> float:
    """The sum of one gauge over its labels, or the highest of them."""
    with urllib.request.urlopen(f"{telemetry}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + " ", name + "{"))]
    return sum(values) if total else max(values, default=0.0)


@dataclass(frozen=True, slots=True)
class Behind:
    """How far the stages are behind, in records and in seconds of the oldest that waits."""

    scoring: int
    sinks: int
    scoring_s: float
    sinks_s: float


def behind(telemetry: dict[str, str]) -> Behind:
    """As the stages' own metrics say."""
    return Behind(
        int(gauge(telemetry["scoring"], "proctor_scoring_lag_records", True)),
        int(gauge(telemetry["sinks"], "proctor_sinks_lag_records", True)),
        gauge(telemetry["scoring"], "proctor_scoring_oldest_unread_seconds", False),
        gauge(telemetry["sinks"], "proctor_sinks_oldest_unstored_age_seconds", False),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """One load: sessions, observations/s, p50 and p95 in seconds of events and of rows, the worst lag, CPU by part."""

    sessions: int
    per_s: float
    event_s: tuple[float, float]
    row_s: tuple[float, float]
    worst: Behind
    last: Behind
    late_ms: int
    cores: dict[str, float]

    def line(self) -> str:
        used = ", ".join(f"{part} {cores:.2f}" for part, cores in self.cores.items())
        return (
            f"{self.sessions} sessions: {self.per_s:,.0f} observations/s; to the event p50 {self.event_s[0]:.2f} s, "
            f"p95 {self.event_s[1]:.2f} s; to the row p50 {self.row_s[0]:.2f} s, p95 {self.row_s[1]:.2f} s; oldest "
            f"unread at worst {self.worst.scoring_s:.1f} s (scoring), {self.worst.sinks_s:.1f} s (sinks); at the end "
            f"{self.last.scoring} and {self.last.sinks} records behind; sender late by {self.late_ms} ms at most; "
            f"cores used: {used}"
        )


async def load(stack: LocalStack, sessions: int, seconds: float) -> Figures:
    """Play so many sessions for so long and measure from WARM_UP_S on."""
    telemetry = {part.name: part.address for part in stack.status().parts if part.address}
    processes = {part.name: psutil.Process(part.pid) for part in stack.status().parts if part.pid}
    plays = [detections(name) for name in EXAMS]
    tag = uuid4().hex[:6]
    fleet = [Session(f"{tag}-{n}", plays[n % len(plays)], seq=0) for n in range(sessions)]
    sent, heard = Sent(), Listener(stack.kafka)
    async with KafkaWriter(stack.kafka) as writer:
        listening = asyncio.create_task(heard.listen())
        await _send(writer, ((one, [one.start(now_ms())]) for one in fleet), sent)
        await play(writer, fleet, WARM_UP_S, sent)
        sent.observations = sent.late_ms = 0
        heard.events_ms.clear()
        rows, cpu, began = read_histogram(telemetry["sinks"], "sinks"), _cpu(processes), time.monotonic()
        playing = asyncio.create_task(play(writer, fleet, seconds, sent))
        seen = [at async for at in _watch(playing, telemetry)]
        took = time.monotonic() - began
        used = {part: round((after - cpu[part]) / took, 2) for part, after in _cpu(processes).items()}
        stored = read_histogram(telemetry["sinks"], "sinks").since(rows)
        observations = sent.observations
        await _send(writer, ((one, one.end(now_ms())) for one in fleet), sent)
        listening.cancel()
    worst = Behind(*(max(getattr(at, name) for at in seen) for name in ("scoring", "sinks", "scoring_s", "sinks_s")))
    return Figures(
        sessions,
        observations / took,
        _quantiles(heard.events_ms),
        (stored.quantile_s(0.5), stored.quantile_s(0.95)),
        worst,
        seen[-1],
        sent.late_ms,
        used,
    )


async def _watch(playing: "asyncio.Task[None]", telemetry: dict[str, str]) -> AsyncIterator[Behind]:
    """Every REPORT_S, and once at the end."""
    while not playing.done():
        await asyncio.wait({playing}, timeout=REPORT_S)
        at = await asyncio.to_thread(behind, telemetry)
        print(f"  behind: scoring {at.scoring} records, {at.scoring_s:.1f} s; sinks {at.sinks}, {at.sinks_s:.1f} s")
        yield at
    await playing


def _cpu(processes: dict[str, psutil.Process]) -> dict[str, float]:
    return {part: sum(process.cpu_times()[:2]) for part, process in processes.items()}


def _quantiles(events_ms: Sequence[int]) -> tuple[float, float]:
    """p50 and p95 in seconds; nan without any."""
    if len(events_ms) < 2:
        return float("nan"), float("nan")
    cuts = quantiles(events_ms, n=20)
    return cuts[9] / 1000, cuts[18] / 1000


def main() -> int:
    """Print a line for each load."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=3000)
    arguments.add_argument("--minutes", type=float, default=10.0)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder), PARTS) as stack:
        for sessions, minutes in ((asked.sessions // 10, min(1.0, asked.minutes)), (asked.sessions, asked.minutes)):
            print(asyncio.run(load(stack, sessions, minutes * 60)).line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
