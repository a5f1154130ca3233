"""Several scoring workers on one log, and a feed of exams that lets its records through share by share."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.kafka_log import KafkaWriter
from ingest.log import Acknowledgement, Record
from ingest.messages import encode_message
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, PARTITIONS, RISK_EVENTS, partition_of
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.messages import decode_bundle
from tests.exam_runs import bundles, exam
from tests.scoring_pipeline import (
    Difference,
    WorkerProcess,
    by_session,
    compare,
    difference,
    read_topic,
    wait_until_folded,
)

MESSAGES_UNSAVED = 16  # no checkpoint of theirs can have been taken between their arrival and ours
STEP_S = 0.05
SHARE_S = 0.8  # a share arrives within about this time, so that what befalls a worker does so amid its work
CHUNKS = 8
REPEATED_SHARE, RECORDS_REPEATED = 0.03, 4
GARBAGE_SHARE = 0.004


class Feed:
    """Exams side by side, repeated suffixes and garbage between them: always the same records in the same order."""

    def __init__(self, sessions: int, frames: int, together: int, seed: int) -> None:
        start_ms = now_ms()
        sizes = random.Random(seed)
        self._exams = {
            f"s{n}": list(bundles(exam(f"s{n}", n, frames, start_ms, start_ms), sizes)) for n in range(sessions)
        }
        self.repeated = self.garbage = 0
        self._records = list(self._mixed(random.Random(seed), together))
        self._sent, self._sending = 0, asyncio.Lock()

    @property
    def observations(self) -> int:
        """How many observations the exams have, each counted once."""
        return sum(len(decode_bundle(value)) for values in self._exams.values() for value in values)

    @property
    def records(self) -> int:
        return len(self._records)

    def undisturbed(self) -> dict[object, list[bytes]]:
        """What a fold says of each exam by itself: no repetition, no garbage, no tick, no crash."""
        said: dict[object, list[bytes]] = {}
        for session, values in self._exams.items():
            partition, said[session.encode()] = Partition(Retention(), 0), []
            for offset, value in enumerate(values):
                record = Record(OBSERVATIONS, partition_of(session), offset, None, value, (), 0)
                said[session.encode()] += [encode_message(m) for m in partition.fold(record).messages]
        return said

    async def send(self, writer: KafkaWriter, share: float) -> None:
        """Send the next `share` of all records, spread over SHARE_S; returns when they have arrived."""
        async with self._sending:
            until = min(self.records, self._sent + round(share * self.records))
            step = max(1, (until - self._sent) // CHUNKS)
            arrivals: list[Acknowledgement] = []
            while self._sent < until:
                chunk = self._records[self._sent : min(self._sent + step, until)]
                arrivals += [await writer.send(OBSERVATIONS, partition_of(name), value) for name, value in chunk]
                self._sent += len(chunk)
                await asyncio.sleep(SHARE_S / CHUNKS)  # a rate, not a wait
            for arrival in arrivals:
                await arrival

    def _mixed(self, draw: random.Random, together: int) -> Iterator[tuple[str, bytes]]:
        waiting = [(session, iter(values)) for session, values in self._exams.items()]
        running: dict[str, Iterator[bytes]] = {}
        sent: defaultdict[str, list[bytes]] = defaultdict(list)
        while waiting or running:
            while waiting and len(running) < together:
                running.update([waiting.pop(0)])
            session = draw.choice(list(running))
            value = next(running[session], None)
            if value is None:
                del running[session]
                continue
            sent[session].append(value)
            yield session, value
            if draw.random() < REPEATED_SHARE:
                suffix = sent[session][-RECORDS_REPEATED:]
                self.repeated += len(suffix)
                yield from ((session, again) for again in suffix)
            if draw.random() < GARBAGE_SHARE:
                self.garbage += 1
                yield session, b"garbage"


@dataclass(slots=True)
class Tally:
    """What has befallen the workers."""

    kills: int = 0
    leaves: int = 0
    freezes: int = 0
    outages: int = 0


class Team:
    """Workers of one group; the first ones have names of their own (static membership), as `statics` says."""

    def __init__(self, kafka: str, prefix: str, folder: Path, most: int, statics: int) -> None:
        self.kafka, self.prefix, self.tally = kafka, prefix, Tally()
        self.workers = [
            WorkerProcess(f"w{n}", kafka, prefix, folder, is_static=n < statics, settings={"OMP_NUM_THREADS": "1"})
            for n in range(most)
        ]
        self._ends = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)

    async def __aenter__(self) -> Self:
        await self._ends.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.stop()
        for worker in self.workers:
            worker.stop()

    @property
    def running(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.is_running]

    async def start(self, *workers: WorkerProcess) -> None:
        """Start workers and wait until each has partitions."""
        for worker in workers:
            worker.start()
        await self.own(*workers)

    async def own(self, *workers: WorkerProcess) -> None:
        """Wait until each has taken partitions over in this life."""
        for worker in workers:
            await worker.owns()

    def kill(self, *workers: WorkerProcess) -> None:
        """kill -9 all of them at once, and start them again."""
        for worker in workers:
            worker.kill()
            self.tally.kills += 1
        for worker in workers:
            worker.start()

    async def leave(self, worker: WorkerProcess) -> None:
        """SIGTERM: it saves, leaves and ends with 0."""
        assert await asyncio.to_thread(worker.terminate) == 0, worker.last_words()[-2000:]
        self.tally.leaves += 1

    async def revive(self, *workers: WorkerProcess) -> None:
        """Do what a supervisor does: start again who ended itself."""
        await self.start(*[worker for worker in workers if not worker.is_running])

    async def folding(self, before: int) -> None:
        """Wait until messages are published, after the first `before`, that no checkpoint can have saved yet."""
        until = time.monotonic() + 45
        while await self.published() < before + MESSAGES_UNSAVED:
            assert time.monotonic() < until, f"nothing is published\n{self._last_words()}"
            await asyncio.sleep(STEP_S)

    async def saved(self) -> None:
        """Wait until checkpoints cover what is in the log now."""
        await wait_until_folded(self.kafka, self.prefix, self.running, deadline_s=90)

    async def finish(self) -> None:
        """Let the workers fold what is there, and tell them to leave."""
        await self.saved()
        running = self.running
        assert {await asyncio.to_thread(worker.terminate) for worker in running} == {0}

    async def verdict(self, feed: Feed) -> Sequence[Difference]:
        """What was published against a fold of the log that was read, and against the exams undisturbed."""
        log = await read_topic(self.kafka, self.prefix + OBSERVATIONS)
        published = await read_topic(self.kafka, self.prefix + RISK_EVENTS)
        return compare(log, published), difference(feed.undisturbed(), by_session(published))

    async def published(self) -> int:
        """How many messages stand in `risk-events`."""
        partitions = [TopicPartition(self.prefix + RISK_EVENTS, number) for number in range(PARTITIONS)]
        return sum((await self._ends.end_offsets(partitions)).values())

    def _last_words(self) -> str:
        return "\n".join(f"{worker.member}: {worker.last_words()[-1500:]}" for worker in self.workers if worker.process)
