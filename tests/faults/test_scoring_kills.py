"""kill -9, SIGSTOP and SIGTERM of real scoring workers on a real broker leave the events of an undisturbed fold."""

import asyncio
import random
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ingest.kafka_log import KafkaWriter
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, RISK_EVENTS, create_topics, partition_of
from scoring.pauses import Exit
from tests.exam_runs import bundles, exam
from tests.scoring_pipeline import (
    SESSION_TIMEOUT_S,
    Difference,
    WorkerProcess,
    compare,
    end_of_topic,
    read_topic,
    wait_until_folded,
)

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

SESSIONS = 24  # at a time
FRAMES = 60
RECORDS_PER_S = 60
MESSAGES_UNSAVED = 16
STEP_S = 0.05
OUTAGE_S = 8.0  # longer than the workers' session
REPEATED_SHARE, RECORDS_REPEATED = 0.02, 4
GARBAGE_SHARE = 0.005


@pytest.fixture
def prefix() -> str:
    return f"kills-{uuid4().hex[:8]}-"


@pytest.fixture
async def writer(stack: "LocalStack", prefix: str) -> AsyncIterator[KafkaWriter]:
    await create_topics(stack.kafka, prefix)
    async with KafkaWriter(stack.kafka, prefix=prefix) as open_writer:
        yield open_writer


class Team:
    """Two workers."""

    def __init__(self, kafka: str, prefix: str, folder: Path) -> None:
        self.kafka, self.prefix = kafka, prefix
        self.first, self.second = (WorkerProcess(member, kafka, prefix, folder) for member in ("w0", "w1"))

    @property
    def both(self) -> list[WorkerProcess]:
        """The workers, as far as they were ever started."""
        return [worker for worker in (self.first, self.second) if worker.process is not None]

    async def start(self, *workers: WorkerProcess) -> None:
        """Start workers and wait until each has partitions."""
        for worker in workers:
            worker.start()
        for worker in workers:
            await worker.owns()

    async def revived(self) -> None:
        """Do what a supervisor does: start again who ended itself; wait until something is folded."""
        for worker in self.both:
            if not worker.is_running:
                await self.start(worker)
        await self.folding()

    async def folding(self) -> None:
        """Wait until messages are published that no checkpoint can have saved yet."""
        before = await end_of_topic(self.kafka, self.prefix + RISK_EVENTS)
        until = time.monotonic() + 30
        while await end_of_topic(self.kafka, self.prefix + RISK_EVENTS) < before + MESSAGES_UNSAVED:
            assert time.monotonic() < until, "nothing is published"
            await asyncio.sleep(STEP_S)

    async def saved(self) -> None:
        """Wait until checkpoints cover what is in the log now."""
        await wait_until_folded(self.kafka, self.prefix, self.both, deadline_s=60)

    async def finish(self) -> Difference:
        """Let the workers fold what is there, stop them, and compare what they said with a fold of the log."""
        await self.saved()
        assert {worker.terminate() for worker in self.both} == {0}
        log = await read_topic(self.kafka, self.prefix + OBSERVATIONS)
        return compare(log, await read_topic(self.kafka, self.prefix + RISK_EVENTS))


@pytest.fixture
def team(stack: "LocalStack", prefix: str, tmp_path: Path) -> Iterator[Team]:
    two = Team(stack.kafka, prefix, tmp_path)
    yield two
    for worker in two.both:
        worker.stop()


async def test_kills_freezes_and_leaves_change_no_event(team: Team, writer: KafkaWriter) -> None:
    feed = Feed(seed=7)
    feeding = asyncio.create_task(feed.run(writer))
    await team.start(team.first, team.second)
    await _killed_while_folding_and_while_starting(team)
    await _one_told_to_leave_while_the_other_is_frozen(team)
    await _killed_together(team)
    feed.hurry()
    await feeding
    difference = await team.finish()
    assert difference.is_exact, difference
    assert difference.expected > 1_000
    assert difference.repeated > 0, "no kill hit anything that was not yet saved: the test shows nothing"


async def _killed_while_folding_and_while_starting(team: Team) -> None:
    await team.folding()
    team.first.kill()
    team.first.start()
    team.second.kill()
    team.second.start()
    await team.second.says("Consumer]: Starting")
    team.second.kill()
    team.second.start()
    for worker in team.both:
        await worker.owns()


async def _one_told_to_leave_while_the_other_is_frozen(team: Team) -> None:
    await team.folding()
    frozen = team.first.process
    assert frozen is not None
    frozen.send_signal(signal.SIGSTOP)
    thaw_s = time.monotonic() + SESSION_TIMEOUT_S * 1.3
    assert team.second.terminate() == 0
    await team.start(team.second)
    await asyncio.sleep(max(0.0, thaw_s - time.monotonic()))
    frozen.send_signal(signal.SIGCONT)
    assert await asyncio.to_thread(frozen.wait, 20) in (Exit.FROZEN, Exit.FENCED)
    await team.start(team.first)


async def _killed_together(team: Team) -> None:
    await team.folding()
    for worker in team.both:
        worker.kill()
    await team.start(*team.both)


async def test_a_killed_broker_changes_no_event(stack: "LocalStack", team: Team, writer: KafkaWriter) -> None:
    feed = Feed(seed=9)
    feeding = asyncio.create_task(feed.run(writer))
    await team.start(team.first, team.second)
    await team.folding()
    stack.kill("kafka", hold=True)
    await asyncio.sleep(OUTAGE_S)
    await asyncio.to_thread(stack.release, "kafka")
    await team.revived()
    feed.hurry()
    await feeding
    difference = await team.finish()
    assert difference.is_exact, difference
    assert difference.expected > 100


async def test_the_comparison_sees_a_worker_that_forgets_a_session(team: Team, writer: KafkaWriter) -> None:
    """Negative control: the same harness, and a worker that leaves one changed session out of each checkpoint."""
    team.first.program = ("tests/faults/forgetful_scoring.py",)
    feed = Feed(seed=8)
    feeding = asyncio.create_task(feed.run(writer))
    await team.start(team.first)
    await team.saved()
    await _killed_together(team)
    feed.hurry()
    await feeding
    difference = await team.finish()
    assert difference.lost > 0, difference


class Feed:
    """Exams side by side, for as long as it takes, with repeated suffixes and garbage between them."""

    def __init__(self, seed: int) -> None:
        self._draw, self._start_ms = random.Random(seed), now_ms()
        self._names = count()
        self._hurried = asyncio.Event()

    def hurry(self) -> None:
        """Begin no more exams, and send what is left of those that run at once."""
        self._hurried.set()

    async def run(self, writer: KafkaWriter) -> None:
        """Send, RECORDS_PER_S at a time, until all is sent."""
        started, sends = time.monotonic(), []
        for done, (session, value) in enumerate(self._mixed()):
            sends.append(await writer.send(OBSERVATIONS, partition_of(session), value))
            ahead_s = started + done / RECORDS_PER_S - time.monotonic()
            if ahead_s > STEP_S:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurried.wait(), ahead_s)
        for sent in sends:
            await sent

    def _mixed(self) -> Iterator[tuple[str, bytes]]:
        running = dict(self._next_exam() for _ in range(SESSIONS))
        sent: defaultdict[str, list[bytes]] = defaultdict(list)
        while running:
            session = self._draw.choice(list(running))
            value = next(running[session], None)
            if value is None:
                del running[session]
                if not self._hurried.is_set():
                    running.update([self._next_exam()])
                continue
            sent[session].append(value)
            yield session, value
            if self._draw.random() < REPEATED_SHARE:
                yield from ((session, again) for again in sent[session][-RECORDS_REPEATED:])
            if self._draw.random() < GARBAGE_SHARE:
                yield session, b"garbage"

    def _next_exam(self) -> tuple[str, Iterator[bytes]]:
        number = next(self._names)
        session = f"s{number}"
        return session, bundles(exam(session, number, FRAMES, self._start_ms, self._start_ms), self._draw, most=8)
