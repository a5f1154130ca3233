"""Real sink writers on a real log and store, and what stands in that log."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.topics import OBSERVATIONS, PARTITIONS, RISK_EVENTS, SHADOW_EVENTS, create_topics, partition_of
from sinks.store import Store, over_http
from tests.sample_exam import SampleExam, as_records

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

DEADLINE_S = 90.0
POLL_S = 0.05


@dataclass(slots=True)
class Place:
    """A log and a database of one test's own, and the writer between them."""

    kafka: str
    clickhouse: str
    folder: Path
    name: str = field(default_factory=lambda: f"sinks_{uuid4().hex[:12]}")
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def prefix(self) -> str:
        return f"{self.name}-"

    def start(self) -> None:
        """Start `python -m sinks`; returns at once."""
        self.port = _free_port()
        settings = {
            "PROCTOR_KAFKA": self.kafka,
            "PROCTOR_CLICKHOUSE": self.clickhouse,
            "PROCTOR_DATABASE": self.name,
            "PROCTOR_TOPIC_PREFIX": self.prefix,
            "PROCTOR_MEMBER": "sinks-0",
            "PROCTOR_METRICS_PORT": str(self.port),
        }
        with (self.folder / "sinks.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sinks"], env=os.environ | settings, stdout=log, stderr=log
            )

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal the writer and wait for its end; its exit status."""
        assert self.process is not None, "start it first"
        self.process.send_signal(how)
        return self.process.wait(DEADLINE_S)

    def health(self) -> Mapping[str, str]:
        """What `/healthz` says now; empty while nobody answers."""
        checks: Mapping[str, str] = json.loads(self._get("healthz") or "{}")
        return checks

    def metrics(self) -> str:
        """What `/metrics` says now."""
        return self._get("metrics")

    def store(self) -> Store:
        return Store(over_http(self.clickhouse), self.name)

    def _get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""


@asynccontextmanager
async def place_on(stack: "LocalStack", folder: Path) -> AsyncIterator[Place]:
    """Topics and a database, gone afterwards with the writer."""
    place = Place(stack.kafka, stack.clickhouse, folder)
    await create_topics(place.kafka, place.prefix)
    try:
        yield place
    finally:
        if place.process is not None and place.process.poll() is None:
            place.end(signal.SIGKILL)
        store = Store(over_http(stack.clickhouse), "default")
        store.command(f"DROP DATABASE IF EXISTS {place.name}")
        store.close()


async def publish(place: Place, exams: Iterable[SampleExam], doubled: int = 0) -> None:
    """Write exams into the log, each followed by its last `doubled` bundles and events once more."""
    async with KafkaWriter(place.kafka, prefix=place.prefix) as writer:
        for exam in exams:
            records = as_records(exam)
            again = [r for topic in (OBSERVATIONS, RISK_EVENTS) for r in records if r.topic == topic][-doubled:]
            sent = [
                await writer.send(r.topic, partition_of(exam.session), r.value)
                for r in [*records, *(again if doubled else [])]
            ]
            for acknowledged in sent:
                await acknowledged


async def whole_log(place: Place) -> list[Record]:
    """Every record of its topics, as the writer must have read them."""
    consumer = AIOKafkaConsumer(bootstrap_servers=place.kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(_partitions(place))
        ends = await consumer.end_offsets(_partitions(place))
        records: list[Record] = []
        while len(records) < sum(ends.values()):
            for batch in (await consumer.getmany(timeout_ms=1_000)).values():
                records += [
                    Record(r.topic.removeprefix(place.prefix), r.partition, r.offset, r.key, r.value, (), r.timestamp)
                    for r in batch
                ]
        return records
    finally:
        await consumer.stop()


async def behind(place: Place) -> int:
    """Records that the group has not committed."""
    admin, consumer = (
        AIOKafkaAdminClient(bootstrap_servers=place.kafka),
        AIOKafkaConsumer(bootstrap_servers=place.kafka),
    )
    await admin.start()
    await consumer.start()
    try:
        ends = await consumer.end_offsets(_partitions(place))
        committed = await admin.list_consumer_group_offsets(f"{place.prefix}sinks")
    except GroupCoordinatorNotAvailableError:  # until a broker's first group has made its topic
        committed = {}
    finally:
        await consumer.stop()
        await admin.close()
    done = {tp: max(0, at.offset) for tp, at in committed.items()}
    return sum(end - done.get(tp, 0) for tp, end in ends.items())


async def until_committed(place: Place) -> None:
    """Wait until everything that is in the log is committed."""
    deadline = time.monotonic() + DEADLINE_S
    while (left := await behind(place)) > 0:
        assert time.monotonic() < deadline, (
            f"{left} records are not committed: {(place.folder / 'sinks.log').read_text()}"
        )
        await asyncio.sleep(POLL_S)


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition of the outside world."""
    deadline = time.monotonic() + DEADLINE_S
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(POLL_S)


def _partitions(place: Place) -> list[TopicPartition]:
    topics = (OBSERVATIONS, RISK_EVENTS, SHADOW_EVENTS)
    return [TopicPartition(place.prefix + topic, p) for topic in topics for p in range(PARTITIONS)]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
