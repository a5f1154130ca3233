"""The detector worker against the sum of its parts: milliseconds a look on one core, then frames/s of a whole worker.

A backlog of frames waits in the log; the worker empties it while nothing else works but the broker and Triton. In the
same run bare processes, one a core, look at the same frames with no broker, no Triton and no worker between.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import sched_getaffinity
from pathlib import Path
from uuid import uuid4

import psutil
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from deploy.addresses import Addresses
from deploy.borrowed import borrowed_stack
from deploy.demo import render_demo
from detectors.settings import DetectorsSettings
from ingest.kafka_log import KafkaWriter
from ingest.sampling import frame_interval_ms
from tests.benchmarks.bench_pipeline import RATE_FPS, jpeg_frames, look_at
from tests.benchmarks.looks import costs
from tests.detector_pipeline import Listener, Sent, detector_on, header_of

SESSIONS = 8
ROUNDS = 2
DEADLINE_S = 300.0


async def backlog(kafka: str, prefix: str, frames: Sequence[bytes]) -> int:
    """Write SESSIONS recorded sessions of these frames, each with its end; the number of frames."""
    async with KafkaWriter(kafka, prefix=prefix) as writer:
        for session in (f"bench-{number}" for number in range(SESSIONS)):
            for seq in range(len(frames) + 1):
                end = seq == len(frames)
                header = replace(header_of(session, seq, end=end), spacing_ms=frame_interval_ms(RATE_FPS))
                await Sent().send(writer, header, b"" if end else frames[seq])
    return SESSIONS * len(frames)


async def worker_rate(addresses: Addresses, frames: Sequence[bytes]) -> tuple[float, dict[str, float]]:
    """Frames a second of one worker from its first observation to its last; CPU ms a frame by process."""
    prefix = f"bench-{uuid4().hex[:8]}-"
    environment = {"PROCTOR_KAFKA": addresses.kafka, "PROCTOR_TRITON": addresses.triton, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        processes = str(DetectorsSettings().pool_size)
        detector = await detector_on(environment, prefix, Path(folder), PROCTOR_LOOKING_PROCESSES=processes)
        count = await backlog(addresses.kafka, prefix, frames)
        async with Listener(addresses.kafka, prefix) as listener:
            with detector:
                await listener.until(lambda: bool(listener.said), DEADLINE_S)
                already, began, before = len(listener.said), time.monotonic(), cpu_seconds(detector.pid)
                await listener.until(lambda: len(listener.ended()) == SESSIONS, DEADLINE_S)
                took, after = time.monotonic() - began, cpu_seconds(detector.pid)
                detector.terminate()
    looked = count * (1 - already / len(listener.said))
    return looked / took, {who: 1000 * (after[who] - before.get(who, 0.0)) / looked for who in after}


def cpu_seconds(worker: int) -> dict[str, float]:
    """CPU seconds so far of the worker, its pool, Triton's processes and the broker."""
    spent: dict[str, float] = {"worker": _spent(psutil.Process(worker))}
    spent["pool"] = sum(_spent(child) for child in psutil.Process(worker).children())
    for process in psutil.process_iter(["name", "cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        who = "Triton" if "triton" in (process.info["name"] or "") else "broker" if "kafka.Kafka" in line else ""
        if who:
            spent[who] = spent.get(who, 0.0) + _spent(process)
    return spent


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def bare_rate(frames: Sequence[bytes]) -> float:
    """Frames a second of one bare process a core."""
    cores = len(sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        times = list(pool.map(look_at, [frames] * cores))
    return cores * len(frames) / max(times)


async def measure(console: Console) -> None:
    """Print the tables."""
    frames = jpeg_frames()
    parts = Table("part", "ms a look, one core", "asked of")
    for cost in costs(frames):
        parts.add_row(cost.part, f"{cost.ms:.2f}", cost.asked_of)
    console.print(parts)
    async with borrowed_stack(lambda step: console.print(f"[dim]{step}[/dim]")) as addresses:
        rates = Table("round", "bare, frames/s", "worker, frames/s", "share", "CPU ms a frame, by process")
        for number in range(1, ROUNDS + 1):
            rate, spent = await worker_rate(addresses, frames)
            bare = await asyncio.to_thread(bare_rate, frames)
            shares = ", ".join(f"{who} {ms:.1f}" for who, ms in sorted(spent.items()))
            rates.add_row(str(number), f"{bare:.1f}", f"{rate:.1f}", f"{rate / bare:.2f}", shares)
        console.print(rates)


def main() -> int:
    """Run it."""
    console = Console(width=140)
    render_demo(console)
    asyncio.run(measure(console))
    return 0


if __name__ == "__main__":
    sys.exit(main())
