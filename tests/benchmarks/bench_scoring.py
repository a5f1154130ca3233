"""Observations a second through Kafka and one scoring worker, beside Faust as it is usually used and a plain loop.

Run: `proctor bench scoring`, with a broker of its own. One run measures, with 2,000 sessions and for bundles of 16 and
of 64: the function of the fold; the same with bundles unpacked and messages packed ("fold alone"); the plain loop
(reads, folds, publishes; no checkpoints, loses its states when killed: the upper bound); the worker as it is started
in earnest; and once, with one observation a message, stock Faust with a table. Wall clock and, since the machine may be
busy, per second of CPU.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.stack.local import LocalStack
from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.messages import encode_bundle, encode_message
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, PARTITIONS, RISK_EVENTS, create_topics, partition_of
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.fold.session import SessionState, fold
from scoring.messages import Tick, unpack_bundle
from scoring.rulebook.policy import announced_policy
from tests.exam_runs import exam

SESSIONS = 2000
OBSERVATIONS_PER_FRAME = 2
BUNDLES = (16, 64)
PORT = 21_877
STOCK_SHARE = 8  # stock Faust gets an eighth of the observations: it is that much slower
STOCK_STEP = 500
COUNTED = "proctor_scoring_observations_total"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one way took for `observations`."""

    way: str
    bundle: int
    observations: int
    seconds: float
    cpu_seconds: float

    def line(self) -> str:
        per_s, per_cpu_s = self.observations / self.seconds, self.observations / self.cpu_seconds
        return (
            f"{self.way:14} bundles of {self.bundle:2}: {per_s:8,.0f} observations/s, {per_cpu_s:8,.0f} per CPU second"
        )


def backlog(observations: int, bundle: int) -> Iterator[tuple[int, bytes]]:
    """Exams side by side, frame by frame, as detectors publish them: bundles of sessions of one partition."""
    start_ms = now_ms()
    frames = observations // SESSIONS // OBSERVATIONS_PER_FRAME
    running = {f"s{n}": exam(f"s{n}", n, frames, start_ms, start_ms) for n in range(SESSIONS)}
    waiting: dict[int, list[object]] = {number: [] for number in range(PARTITIONS)}
    while running:
        for session in list(running):
            one, number = next(running[session], None), partition_of(session)
            if one is None:
                del running[session]
                continue
            waiting[number].append(one)
            if len(waiting[number]) == bundle:
                yield number, encode_bundle(waiting[number])  # type: ignore[arg-type]
                waiting[number] = []
    yield from ((number, encode_bundle(rest)) for number, rest in waiting.items() if rest)  # type: ignore[arg-type]


def function(records: list[tuple[int, bytes]], bundle: int) -> Figure:
    """The function of the fold and nothing else: every observation unpacked before, no message packed."""
    policy, states = announced_policy("", ""), dict[str, SessionState]()
    unpacked = [one for _, value in records for one in unpack_bundle(value)]
    started, cpu = time.perf_counter(), time.process_time()
    for observation, packed in unpacked:
        if not isinstance(observation, Tick):
            session = observation.session
            states[session], _ = fold(policy, states.get(session), observation, packed)
    return Figure("the function", bundle, len(unpacked), time.perf_counter() - started, time.process_time() - cpu)


def alone(records: list[tuple[int, bytes]], bundle: int) -> Figure:
    """The fold in memory, messages encoded."""
    partitions = [Partition(Retention(), 0) for _ in range(PARTITIONS)]
    started, cpu, folded = time.perf_counter(), time.process_time(), 0
    for number, value in records:
        one = partitions[number]
        said = one.fold(Record(OBSERVATIONS, number, one.next_offset, None, value, (), 0))
        folded += said.observations
        for message in said.messages:
            encode_message(message)
    return Figure("fold alone", bundle, folded, time.perf_counter() - started, time.process_time() - cpu)


async def fill(kafka: str, prefix: str, records: list[tuple[int, bytes]]) -> None:
    await create_topics(kafka, prefix)
    async with KafkaWriter(kafka, prefix=prefix) as writer:
        for first in range(0, len(records), 2000):
            sent = [await writer.send(OBSERVATIONS, number, value) for number, value in records[first : first + 2000]]
            for one in sent:
                await one


async def plain(kafka: str, prefix: str, bundle: int, observations: int) -> Figure:
    """A loop as people write it: getmany, fold, send."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    await reader.start()
    reader.assign([TopicPartition(prefix + OBSERVATIONS, number) for number in range(PARTITIONS)])
    partitions = [Partition(Retention(), 0) for _ in range(PARTITIONS)]
    folded, started, cpu = 0, time.perf_counter(), time.process_time()
    async with KafkaWriter(kafka, prefix=prefix) as writer:
        while folded < observations:
            for batch in (await reader.getmany(timeout_ms=500, max_records=500)).values():
                sent = []
                for r in batch:
                    said = partitions[r.partition].fold(
                        Record(r.topic, r.partition, r.offset, None, r.value or b"", (), r.timestamp)
                    )
                    folded += said.observations
                    for message in said.messages:
                        value, key = encode_message(message), message.session.encode()
                        sent.append(await writer.send(RISK_EVENTS, r.partition, value, key=key))
                for one in sent:
                    await one
    figure = Figure("plain loop", bundle, folded, time.perf_counter() - started, time.process_time() - cpu)
    await reader.stop()
    return figure


def worker(kafka: str, prefix: str, bundle: int, observations: int) -> Figure:
    """`python -m scoring`, from its first folded observation to its last."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"PROCTOR_KAFKA": kafka, "PROCTOR_TOPIC_PREFIX": prefix, "PROCTOR_MEMBER": "w0"}
        settings |= {"PROCTOR_DATA": folder, "PROCTOR_METRICS_PORT": str(PORT), "PROCTOR_LOG_LEVEL": "WARNING"}
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "scoring"], env=os.environ | settings, stderr=log)
        try:
            return _watched(psutil.Process(process.pid), bundle, observations)
        finally:
            process.terminate()
            process.wait(30)


def _watched(process: psutil.Process, bundle: int, observations: int) -> Figure:
    first: tuple[float, float, int] | None = None
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        now = time.perf_counter(), sum(process.cpu_times()[:2]), _folded()
        if now[2] and first is None:
            first = now
        if first and now[2] >= observations:
            return Figure("worker", bundle, now[2] - first[2], now[0] - first[0], now[1] - first[1])
        time.sleep(0.25)  # each look costs the worker some milliseconds
    raise TimeoutError("the worker did not get to the end of the log")


def stock(kafka: str, prefix: str, observations: int) -> Figure:
    """Stock Faust, one observation a message, a table write for each."""
    with tempfile.TemporaryDirectory() as folder:
        counted, log = Path(folder, "counted"), Path(folder, "log")
        told = os.environ | {"PROCTOR_KAFKA": kafka, "PROCTOR_TOPIC_PREFIX": prefix}
        command = [sys.executable, "-m", "tests.benchmarks.stock_faust", str(counted), folder]
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=told, stdout=out, stderr=out)
        try:
            return _counted(counted, observations)
        finally:
            process.kill()
            process.wait(30)


def _counted(counted: Path, observations: int) -> Figure:
    """The last count, when all but the last few were folded."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        time.sleep(0.5)
        words = counted.read_text().split() if counted.exists() else []
        if len(words) == 3 and int(words[0]) >= observations - 2 * STOCK_STEP:
            return Figure("stock Faust", 1, int(words[0]), float(words[1]), float(words[2]))
    raise TimeoutError("stock Faust did not get to the end of the log")


def _folded() -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    except urllib.error.URLError:
        return 0
    return int(next((float(line.split()[1]) for line in lines if line.startswith(COUNTED)), 0))


def measure(kafka: str, bundle: int, observations: int) -> Iterator[Figure]:
    records = list(backlog(observations, bundle))
    yield function(records, bundle)
    figure = alone(records, bundle)
    yield figure
    prefix = f"bench-{uuid4().hex[:8]}-"
    asyncio.run(fill(kafka, prefix, records))
    yield asyncio.run(plain(kafka, prefix, bundle, figure.observations))
    yield worker(kafka, prefix, bundle, figure.observations)


def main() -> int:
    """Print a line for each figure; `--observations N` and `--json` as their names say."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--observations", type=int, default=200_000)
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder), ("kafka",)) as stack:
        few = asked.observations // STOCK_SHARE
        records, prefix = list(backlog(few, 1)), f"bench-{uuid4().hex[:8]}-"
        asyncio.run(fill(stack.kafka, prefix, records))
        figure = stock(stack.kafka, prefix, len(records))
        print(json.dumps(asdict(figure)) if asked.json else figure.line(), flush=True)
        for bundle in BUNDLES:
            for figure in measure(stack.kafka, bundle, asked.observations):
                print(json.dumps(asdict(figure)) if asked.json else figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
