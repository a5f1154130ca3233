"""How many sessions this machine holds in real time, the whole pipeline beside the usual one process a session.

Run: `proctor bench sessions`. Every session plays the demo exam at 1x for SECONDS. A number is held when, at the end,
no session is more than LATE_S behind and no frame was given up. Plain (a): our models (faces, hands, objects, small
faces beside the candidate's, likeness), input sizes and rates; (b): as such programs are published, a detector at 640
px and the face mesh on every frame (needs a model of that size: PROCTOR_DATASETS names the folder that holds
weights/yolov5n-coco.onnx; left out when there is none).
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from deploy.addresses import Addresses
from deploy.borrowed import borrowed_stack
from deploy.demo import EXAM, render_demo
from deploy.run import new_session
from deploy.stack.condition import status
from deploy.watch import Watch
from detectors.identity.desk import Cadence
from detectors.plan import LookPlan, frames_apart
from ingest.kafka_log import KafkaWriter
from ingest.pacing import InFlight
from ingest.progress import Progress
from ingest.sampling import frame_interval_ms
from ingest.session import run_session
from ingest.sources.opening import open_source
from tests.benchmarks.search import largest_held
from triton_models.model_card import read_card

SECONDS = 30
RATE_FPS = 2.0
LATE_S = 2.0
OBJECTS = Path(__file__).parents[2] / "triton_models" / "repository" / "objects"
PLAIN = "tests.benchmarks.plain_program"


@dataclass(frozen=True, slots=True)
class Plain:
    """One way of writing the plain program."""

    name: str
    model: Path
    input_px: int
    rate_fps: float
    objects_every: int
    hands_every: int
    company_every: int = 0
    likeness_every: int = 0


def plain_holds(plain: Plain, video: Path, sessions: int, memory: list[float]) -> bool:
    """Start one process a session, let them play together, and ask each how late it was."""
    _, *told = astuple(plain)
    command = [sys.executable, "-m", PLAIN, str(video), *map(str, told), str(SECONDS)]
    running = [_started(command) for _ in range(sessions)]
    try:
        for process in running:
            _said_by(process)
        for process in running:
            _tell(process, "go")
        results = [json.loads(_said_by(process)) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    memory.append(sum(r["rss"] for r in results) / sessions / 2**20)
    return all(r["late_s"] < LATE_S for r in results)


def _started(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


def _said_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "started with a pipe"
    return process.stdout.readline()


def _tell(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None, "started with a pipe"
    process.stdin.write(word + "\n")
    process.stdin.flush()


@dataclass(frozen=True, slots=True)
class Held:
    """How real-time sessions stood at the end: frames of the worst one that were unsent, or sent and not looked at."""

    unsent: float
    behind: int

    @property
    def in_time(self) -> bool:
        return max(self.unsent, self.behind) <= LATE_S * RATE_FPS


async def hold_sessions(addresses: Addresses, sessions: int, seconds: float) -> Held:
    """Send sessions in real time through the running stack and look how far behind they are at the end."""
    in_flight: dict[str, InFlight] = {}
    async with (
        Watch(addresses.kafka, lambda session, n: in_flight[session].release(n)) as watch,
        KafkaWriter(addresses.kafka, perishable=True) as frames,
        KafkaWriter(addresses.kafka) as life,
    ):
        moved = [(watch.follow(new_session()), Progress()) for _ in range(sessions)]
        tasks = []
        for followed, progress in moved:
            in_flight[followed.session] = InFlight(10_000)
            sending = _send(frames, life, followed.session, in_flight[followed.session], progress)
            tasks.append(asyncio.create_task(sending))
            await asyncio.sleep(1 / RATE_FPS / sessions)  # candidates do not start in the same millisecond
        await asyncio.sleep(seconds)
        held = Held(
            max(RATE_FPS * seconds - p.frames_sent for _, p in moved),
            max(p.frames_sent - f.passed for f, p in moved),
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while any(f.passed < p.frames_sent for f, p in moved):  # the next trial starts with empty queues
            await asyncio.sleep(0.1)
    return held


async def _send(frames: KafkaWriter, life: KafkaWriter, session: str, in_flight: InFlight, progress: Progress) -> None:
    await run_session(
        await asyncio.to_thread(open_source, EXAM),
        frames,
        life,
        session=session,
        policy_document="",
        rate_fps=RATE_FPS,
        speed="1x",
        calibration_ms=None,
        in_flight=in_flight,
        progress=progress,
    )


def stack_memory_mb() -> float:
    """Resident memory of the whole stack: every process that carries its mark."""
    pids = [part.pid for part in status().parts if part.pid]
    processes = [p for pid in pids for p in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]]
    return sum(p.memory_info().rss for p in processes) / 2**20


def main() -> int:
    """Print the table."""
    console = Console()
    video, _ = render_demo(console)
    rows = [asyncio.run(measure_pipeline(console))]
    rows += [measure_plain(plain, video, console) for plain in plain_programs()]
    table = Table("program", "sessions in real time", "MB per session", "pipeline / this")
    for name, held, memory_mb in rows:
        table.add_row(name, str(held), f"{memory_mb:.0f}", f"{rows[0][1] / max(1, held):.2f}")
    console.print(table)
    return 0


def plain_programs() -> list[Plain]:
    """The baselines that can be run here."""
    card, plan, spacing_ms = read_card(OBJECTS / "model.json"), LookPlan(), frame_interval_ms(RATE_FPS)
    apart_ms = (plan.objects_ms, plan.hands_ms, plan.company_ms, Cadence().verifying_ms)
    every = [frames_apart(one, spacing_ms) for one in apart_ms]
    ours = OBJECTS / "1" / "model.onnx"
    plains = [Plain("plain (a): our models, sizes, rates", ours, card.input_px, RATE_FPS, *every)]
    published = Path(os.environ.get("PROCTOR_DATASETS", "")) / "weights" / "yolov5n-coco.onnx"
    if published.is_file():
        plains.append(Plain("plain (b): YOLO 640 px, every frame", published, 640, 0, 1, 0))
    return plains


def measure_plain(plain: Plain, video: Path, console: Console) -> tuple[str, int, float]:
    """One baseline's row."""
    memory: list[float] = []

    def holds(sessions: int) -> bool:
        held = plain_holds(plain, video, sessions, memory)
        console.print(f"[dim]{plain.name}, {sessions} sessions: {'held' if held else 'not held'}[/dim]")
        return held

    return plain.name, largest_held(holds, 16 if plain.rate_fps else 2, 200), memory[-1]


async def measure_pipeline(console: Console) -> tuple[str, int, float]:
    """The pipeline's row."""
    async with borrowed_stack(lambda step: console.print(f"[dim]{step}[/dim]")) as addresses:
        loop = asyncio.get_running_loop()

        def holds(sessions: int) -> bool:
            held = asyncio.run_coroutine_threadsafe(hold_sessions(addresses, sessions, SECONDS), loop).result()
            console.print(f"[dim]pipeline, {sessions} sessions: {held}[/dim]")
            return held.in_time

        held = await asyncio.to_thread(largest_held, holds, 16, 200)
        return "proctorstream, the whole stack", held, stack_memory_mb() / max(1, held)


if __name__ == "__main__":
    sys.exit(main())
