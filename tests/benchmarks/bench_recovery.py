"""Seconds from the start of a scoring worker to its first fold, after a kill -9 amid thousands of sessions.

Run: `proctor bench recovery`, with a broker of its own. Beside it, in the same run: the same worker without its
checkpoints, which reads the log from the beginning. `--growth SECONDS` measures instead what the changelog holds while
a worker saves as often as it may: records written so far, and records that a recovery would read.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.stack.local import LocalStack
from ingest.kafka_log import KafkaWriter
from ingest.messages import encode_bundle
from ingest.telemetry import now_ms
from ingest.topics import CHECKPOINTS, OBSERVATIONS, PARTITIONS, create_topics, partition_of
from tests.exam_runs import exam

FRAMES = 24
BUNDLE = 32
PORT = 21_878
COUNTED = "proctor_scoring_observations_total"
DEADLINE_S = 600.0
LOOK_S = 0.02


async def fill(kafka: str, prefix: str, sessions: int, frames: int) -> int:
    """Exams side by side that do not end; how many observations."""
    start_ms, sent, count = now_ms(), [], 0
    async with KafkaWriter(kafka, prefix=prefix) as writer:
        for first in range(0, sessions, 500):
            waiting: dict[int, list[object]] = {number: [] for number in range(PARTITIONS)}
            for n in range(first, min(first + 500, sessions)):
                waiting[partition_of(f"s{n}")] += list(exam(f"s{n}", n, frames, start_ms, start_ms))[:-2]
            for number, observations in waiting.items():
                count += len(observations)
                for at in range(0, len(observations), BUNDLE):
                    value = encode_bundle(observations[at : at + BUNDLE])  # type: ignore[arg-type]
                    sent.append(await writer.send(OBSERVATIONS, number, value))
        for one in sent:
            await one
    return count


@contextmanager
def worker(kafka: str, folder: str, checkpoint_s: float = 2.0) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m scoring`, killed at the end."""
    settings = {"PROCTOR_KAFKA": kafka, "PROCTOR_MEMBER": "w0", "PROCTOR_DATA": folder, "PROCTOR_LOG_LEVEL": "WARNING"}
    settings |= {"PROCTOR_METRICS_PORT": str(PORT), "PROCTOR_CHECKPOINT_S": str(checkpoint_s)}
    process = subprocess.Popen([sys.executable, "-m", "scoring"], env=os.environ | settings)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def folded(at_least: int) -> float:
    """Wait until a worker has folded so many observations; seconds since the call."""
    started = time.perf_counter()
    while time.perf_counter() - started < DEADLINE_S:
        if _counted() >= at_least:
            return time.perf_counter() - started
        time.sleep(LOOK_S)
    raise TimeoutError(f"{at_least} observations were not folded in {DEADLINE_S:.0f} s")


def _counted() -> float:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    except (urllib.error.URLError, ConnectionError):
        return 0
    return next((float(line.split()[1]) for line in lines if line.startswith(COUNTED)), 0)


async def changelog(kafka: str) -> tuple[int, int]:
    """Records written to the changelog so far (markers of transactions, too), and records that are still read."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await reader.start()
    try:
        unread = {TopicPartition(CHECKPOINTS, number) for number in range(PARTITIONS)}
        reader.assign(unread)
        end, read = await reader.end_offsets(unread), 0
        while unread:
            read += sum(len(records) for records in (await reader.getmany(timeout_ms=200)).values())
            unread = {tp for tp in unread if await reader.position(tp) < end[tp]}
        return sum(end.values()), read
    finally:
        await reader.stop()


def recovery(kafka: str, sessions: int) -> Iterator[dict[str, object]]:
    """The figures, one after the other."""
    asyncio.run(create_topics(kafka))
    count = asyncio.run(fill(kafka, "", sessions, FRAMES))
    with tempfile.TemporaryDirectory() as folder:
        with worker(kafka, folder):
            folded(count)
            time.sleep(5)  # two checkpoints
        read = asyncio.run(changelog(kafka))[1]
        asyncio.run(_late(kafka, sessions))
        with worker(kafka, folder):
            yield {"way": "from checkpoints", "sessions": sessions, "records_read": read, "seconds": folded(1)}
    asyncio.run(_forget_checkpoints(kafka))
    with tempfile.TemporaryDirectory() as folder, worker(kafka, folder):
        yield {"way": "from the log's beginning", "sessions": sessions, "records_read": count, "seconds": folded(count)}


async def _late(kafka: str, sessions: int) -> None:
    """What arrived while the worker was away: one observation more for each session."""
    await fill(kafka, "", sessions, 1)


async def _forget_checkpoints(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([CHECKPOINTS])
    await admin.close()
    await asyncio.sleep(2)  # the broker deletes in its own time


def growth(kafka: str, seconds: float) -> Iterator[dict[str, object]]:
    """200 sessions that go on, a checkpoint every 0.5 s."""
    asyncio.run(create_topics(kafka))
    with tempfile.TemporaryDirectory() as folder, worker(kafka, folder, checkpoint_s=0.5):
        started, looked = time.monotonic(), 0.0
        while (at_s := time.monotonic() - started) < seconds:
            asyncio.run(fill(kafka, "", 200, random.randint(1, 3)))
            if at_s - looked >= 15:
                looked = at_s
                written, read = asyncio.run(changelog(kafka))
                yield {"way": "changelog", "after_s": round(at_s), "records_written": written, "records_read": read}
            time.sleep(0.4)


def main() -> int:
    """Print a line for each figure; `--sessions N`, `--growth SECONDS` and `--json` as their names say."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=5_000)
    arguments.add_argument("--growth", type=float, default=0.0)
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder), ("kafka",)) as stack:
        figures = growth(stack.kafka, asked.growth) if asked.growth else recovery(stack.kafka, asked.sessions)
        for figure in figures:
            print(json.dumps(figure) if asked.json else _line(figure), flush=True)
    return 0


def _line(figure: dict[str, object]) -> str:
    return ", ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}" for name, value in figure.items()
    )


if __name__ == "__main__":
    sys.exit(main())
