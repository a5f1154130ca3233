"""Real scoring workers on a real broker, and what they should have said: a fold of the log that they read."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import encode_message
from ingest.topics import OBSERVATIONS, PARTITIONS
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.messages import RiskMessage, decode_risk_message

SESSION_TIMEOUT_S = 6.0
POLL_S = 0.1
IDENTIFYING = ("session", "policy", "event_id", "at_ms", "revision")


@dataclass(slots=True)
class WorkerProcess:
    """One `python -m scoring`, killed and started again as the test wants."""

    member: str
    kafka: str
    prefix: str
    folder: Path
    program: Sequence[str] = ("-m", "scoring")
    metrics_port: int = 0
    is_static: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _life: int = 0

    def start(self) -> None:
        """Start; returns at once."""
        self._life = len(self.log.read_text()) if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program], env=os.environ | self.environment(), stdout=log, stderr=log
            )

    def environment(self) -> dict[str, str]:
        """The settings of this worker."""
        return {
            "PROCTOR_KAFKA": self.kafka,
            "PROCTOR_TOPIC_PREFIX": self.prefix,
            "PROCTOR_MEMBER": self.member if self.is_static else "",
            "PROCTOR_SESSION_TIMEOUT_S": str(SESSION_TIMEOUT_S),
            "PROCTOR_CHECKPOINT_S": "1",
            "PROCTOR_DATA": str(self.folder / self.member),
            "PROCTOR_METRICS_PORT": str(self.metrics_port),
        } | dict(self.settings)

    async def owns(self, deadline_s: float = 45.0) -> None:
        """Wait until this life of the worker has taken partitions over."""
        await self.says("partitions taken over", deadline_s)

    async def says(self, words: str, deadline_s: float = 45.0) -> None:
        """Wait until this life of the worker has logged `words`."""
        until = time.monotonic() + deadline_s
        while words not in self.last_words():
            assert self.is_running, f"{self.member} ended: {self.last_words()[-2000:]}"
            assert time.monotonic() < until, f"{self.member} did not say {words!r}: {self.last_words()[-2000:]}"
            await asyncio.sleep(POLL_S)

    def last_words(self) -> str:
        """What this life of the worker has logged."""
        return self.log.read_text()[self._life :]

    @property
    def log(self) -> Path:
        return self.folder / f"{self.member}.log"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9; a worker that had ended by itself is reported, not hidden."""
        assert self.process is not None
        assert self.is_running, f"had ended already: {self.last_words()[-2000:]}"
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def stop(self) -> None:
        """Leave no process behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


async def read_topic(kafka: str, topic: str) -> dict[int, list[Record]]:
    """Everything that a topic holds now, by partition, in order."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    await reader.start()
    try:
        unread = {TopicPartition(topic, partition) for partition in range(PARTITIONS)}
        reader.assign(unread)
        end = await reader.end_offsets(unread)
        found: dict[int, list[Record]] = {partition: [] for partition in range(PARTITIONS)}
        while unread:
            for tp, records in (await reader.getmany(timeout_ms=100)).items():
                found[tp.partition] += [
                    Record(topic, tp.partition, r.offset, r.key, r.value or b"", (), r.timestamp) for r in records
                ]
            unread = {tp for tp in unread if await reader.position(tp) < end[tp]}
        return found
    finally:
        await reader.stop()


async def end_of_topic(kafka: str, topic: str) -> int:
    """How many records a topic has taken."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await reader.start()
    try:
        ends = await reader.end_offsets([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
        return sum(ends.values())
    finally:
        await reader.stop()


async def wait_until_folded(kafka: str, prefix: str, workers: Iterable[WorkerProcess], deadline_s: float) -> None:
    """Wait until the workers have saved everything that is in the log now."""
    target = {p: len(records) for p, records in (await read_topic(kafka, prefix + OBSERVATIONS)).items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        until = time.monotonic() + deadline_s
        while behind := await _behind(admin, prefix, target):
            assert time.monotonic() < until, f"not folded in {deadline_s} s: {behind}\n{_last_words(workers)}"
            await asyncio.sleep(POLL_S)
    finally:
        await admin.close()


async def _behind(admin: AIOKafkaAdminClient, prefix: str, target: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    try:
        commits = await admin.list_consumer_group_offsets(f"{prefix}scoring")
    except GroupCoordinatorNotAvailableError:  # a new broker has no topic of commits yet
        commits = {}
    saved = {tp.partition: commit.offset for tp, commit in commits.items()}
    return {p: (saved.get(p, 0), end) for p, end in target.items() if saved.get(p, 0) < end}


def _last_words(workers: Iterable[WorkerProcess]) -> str:
    return "\n".join(f"{worker.member}: {worker.last_words()[-1500:]}" for worker in workers)


def reference(log: Mapping[int, Sequence[Record]]) -> dict[int, list[RiskMessage]]:
    """What a fold of the log says, by partition: no broker, no checkpoint, no worker."""
    said: dict[int, list[RiskMessage]] = {}
    for number, records in log.items():
        partition, said[number] = Partition(Retention(), 0), []
        for record in records:
            try:
                said[number] += partition.fold(record).messages
            except PoisonError:
                continue
    return said


@dataclass(frozen=True, slots=True)
class Difference:
    """How `risk-events` differs from what is expected; all zero but `repeated` is exact."""

    lost: int
    extra: int
    contradicted: int
    disordered: int
    repeated: int
    expected: int

    @property
    def is_exact(self) -> bool:
        return (self.lost, self.extra, self.contradicted, self.disordered) == (0, 0, 0, 0)

    def __str__(self) -> str:
        return (
            f"{self.expected} expected, {self.lost} lost, {self.extra} extra, {self.contradicted} with two payloads, "
            f"{self.disordered} out of order, {self.repeated} repeated"
        )


Said = Mapping[Any, Sequence[bytes]]
"""Encoded messages in order, by whatever keeps an order: a partition or a session."""


def compare(log: Mapping[int, Sequence[Record]], published: Mapping[int, Sequence[Record]]) -> Difference:
    """`published` against a fold of the very log that the workers read, partition by partition."""
    wanted = {number: [encode_message(message) for message in messages] for number, messages in reference(log).items()}
    return difference(wanted, {number: [record.value for record in published[number]] for number in wanted})


def by_session(published: Mapping[int, Sequence[Record]]) -> dict[object, list[bytes]]:
    """What was published of each session."""
    said: defaultdict[object, list[bytes]] = defaultdict(list)
    for records in published.values():
        for record in records:
            said[record.key].append(record.value)
    return dict(said)


def difference(wanted: Said, got: Said) -> Difference:
    """Byte for byte: which messages are missing, made up, said twice with different bytes, or in another order."""
    lost = extra = contradicted = disordered = repeated = expected = 0
    for key in wanted.keys() | got.keys():
        due, said = list(dict.fromkeys(wanted.get(key, ()))), list(got.get(key, ()))
        first = list(dict.fromkeys(said))
        lost += len(set(due) - set(said))
        extra += len(set(said) - set(due))
        contradicted += _contradictions(first)
        disordered += first != due
        repeated += len(said) - len(first)
        expected += len(due)
    return Difference(lost, extra, contradicted, disordered, repeated, expected)


def _contradictions(values: Iterable[bytes]) -> int:
    payloads: defaultdict[tuple[object, ...], set[bytes]] = defaultdict(set)
    for value in values:
        payloads[_identity(decode_risk_message(value))].add(value)
    return sum(len(different) > 1 for different in payloads.values())


def _identity(message: RiskMessage) -> tuple[object, ...]:
    """A message's kind and what sets it apart from others of its kind."""
    return type(message).__name__, *(getattr(message, name, None) for name in IDENTIFYING)
