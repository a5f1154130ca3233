"""Throughput at full speed beside bare inference on the same frames, and latencies at a rated load.

Run: `proctor bench pipeline`. Bare inference is what the detectors must do at least: the same JPEG frames, the same
models and rates, one process a core and nothing else; its frame rate is 1.00. Each is measured twice, turn about.
Latencies come from the stages' own histograms while RATED sessions play in real time.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import sched_getaffinity

from rich.console import Console
from rich.table import Table

from deploy.addresses import Addresses
from deploy.borrowed import borrowed_stack
from deploy.demo import EXAM, render_demo
from deploy.run import Job, Options, run_sources
from deploy.stack.condition import status
from detectors.admission import is_due
from detectors.identity.desk import Cadence
from detectors.identity.recogniser import open_recogniser
from detectors.looking.eyes import Eyes
from detectors.plan import LookPlan, frames_apart
from ingest.messages import FrameHeader
from ingest.picture import PicturePolicy, pack
from ingest.sampling import frame_interval_ms
from ingest.sources.opening import open_source
from scoring.rulebook.policy import load_policy
from tests.benchmarks.bench_sessions import OBJECTS, hold_sessions
from tests.benchmarks.stage_latency import read_histogram
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector

RATE_FPS = 5.0
SESSIONS = 4
ROUNDS = 2
RATED = 16  # sessions at 2 frames/s
RATED_S = 30.0
STAGES = {
    "detectors": "frame to observation, acknowledged",
    "scoring": "frame to what scoring says of it, acknowledged",
    "sinks": "capture to queryable row",
}


def jpeg_frames() -> list[bytes]:
    """The exam's frames as ingest sends them at RATE_FPS."""
    source = open_source(EXAM)
    pictures = [picture for number, picture in enumerate(source) if number % round(10 / RATE_FPS) == 0]
    source.close()
    return [pack(picture, PicturePolicy()).data for picture in pictures]


def look_at(frames: Sequence[bytes]) -> float:
    """Look at all frames with the networks that the detectors ask; seconds, without loading the models."""
    eyes = Eyes(open_recogniser(None))
    objects = ObjectDetector(OBJECTS / "1" / "model.onnx", read_card(OBJECTS / "model.json"))
    plan, likeness_every = LookPlan(), frames_apart(Cadence().verifying_ms, frame_interval_ms(RATE_FPS))

    def look(seq: int) -> None:
        header, jpeg = _header(seq), frames[seq]
        eyes.look(plan.asked(header, jpeg, likeness=is_due(seq, likeness_every)))
        if plan.takes_objects(header):
            objects.look(jpeg)

    look(0)
    began = time.monotonic()
    for seq in range(len(frames)):
        look(seq)
    return time.monotonic() - began


def _header(seq: int) -> FrameHeader:
    """Of a frame of a session at RATE_FPS."""
    spacing_ms = frame_interval_ms(RATE_FPS)
    return FrameHeader(
        session="bare",
        seq=seq,
        capture_ms=seq * spacing_ms,
        ingested_ms=0,
        width=640,
        height=480,
        spacing_ms=spacing_ms,
    )


def bare_rate() -> float:
    """Frames a second of one bare process a core."""
    frames, cores = jpeg_frames(), len(sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        times = list(pool.map(look_at, [frames] * cores))
    return cores * len(frames) / max(times)


async def pipeline_rate(addresses: Addresses) -> float:
    """Frames a second from the first frame sent to the last verdict, SESSIONS side by side."""
    began = 0.0

    async def await_first(jobs: Sequence[Job]) -> None:
        nonlocal began
        while not any(job.progress.frames_sent for job in jobs):
            await asyncio.sleep(0.005)
        began = time.monotonic()

    jobs = await run_sources(
        [EXAM] * SESSIONS, Options(load_policy("default"), "max", RATE_FPS), addresses, await_first
    )
    ended = max(job.followed.finished_at for job in jobs)
    return sum(job.followed.observed for job in jobs) / (ended - began)


async def latencies(addresses: Addresses) -> list[tuple[str, float, float]]:
    """Stage, p50 and p95 in seconds while RATED sessions play."""
    telemetry = {part.name: part.address for part in status().parts if part.name in STAGES}
    before = {stage: read_histogram(address, stage) for stage, address in telemetry.items()}
    await hold_sessions(addresses, RATED, RATED_S)
    found = []
    for stage, address in telemetry.items():
        seen = read_histogram(address, stage).since(before[stage])
        found.append((STAGES[stage], seen.quantile_s(0.5), seen.quantile_s(0.95)))
    return found


async def measure(console: Console) -> None:
    """Print both tables."""
    async with borrowed_stack(lambda step: console.print(f"[dim]{step}[/dim]")) as addresses:
        rates = Table("round", "bare inference, frames/s", "whole pipeline, frames/s", "share")
        for number in range(1, ROUNDS + 1):
            piped, bare = await pipeline_rate(addresses), await asyncio.to_thread(bare_rate)
            rates.add_row(str(number), f"{bare:.1f}", f"{piped:.1f}", f"{piped / bare:.2f}")
        console.print(rates)
        table = Table(f"{RATED} sessions at 2 frames/s", "p50 ms", "p95 ms")
        for what, p50, p95 in await latencies(addresses):
            table.add_row(what, f"{1000 * p50:.0f}", f"{1000 * p95:.0f}")
        console.print(table)


def main() -> int:
    """Run it."""
    console = Console()
    render_demo(console)
    asyncio.run(measure(console))
    return 0


if __name__ == "__main__":
    sys.exit(main())
