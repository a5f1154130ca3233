"""Follows some sessions through the log: how many of their frames were observed and scored, and their verdicts."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from detectors.messages import FaceObserved, FramesEnded, ObjectsObserved
from ingest.errors import PoisonError, TransientError
from ingest.kafka_client import gathering
from ingest.messages import FramesDropped
from ingest.topics import OBSERVATIONS, PARTITIONS, RISK_EVENTS
from scoring.messages import Observation, RiskMessage, ScoreSample, Verdict, decode_bundle, decode_risk_message

START_DEADLINE_S = 30.0
GATHER_MS = 100
FRAME_LOOKS = (FaceObserved, ObjectsObserved, FramesDropped)


@dataclass(slots=True)
class Followed:
    """One session as seen on the log. `passed` frames have been looked at or given up, in order."""

    session: str
    passed: int = 0
    observed: int = 0
    dropped: int = 0
    scored: int = 0
    samples: int = 0
    last_seq: int = -1
    last_sample_ms: int = -1
    verdict: Verdict | None = None
    finished_at: float = 0.0
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """Reads `observations` and `risk-events` from where they end now; belongs to no consumer group."""

    def __init__(self, bootstrap: str, on_passed: Callable[[str, int], None]) -> None:
        self._bootstrap, self._on_passed = bootstrap, on_passed
        self._followed: dict[str, Followed] = {}
        self._consumer: Any = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, session: str) -> Followed:
        """Start counting a session; call it before the session's first message."""
        return self._followed.setdefault(session, Followed(session))

    async def __aenter__(self) -> Self:
        """Raises: TransientError when the broker does not answer."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 << 20,
            **gathering(GATHER_MS),
        )
        try:
            async with asyncio.timeout(START_DEADLINE_S):
                await self._consumer.start()
                await self._seek_to_end()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._consumer.stop()
            raise TransientError(f"no broker answers at {self._bootstrap}: {error or 'no answer'}") from error
        self._task = asyncio.create_task(self._read(), name="watch")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None, "entered before it is left"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()

    async def _seek_to_end(self) -> None:
        partitions = [TopicPartition(t, n) for t in (OBSERVATIONS, RISK_EVENTS) for n in range(PARTITIONS)]
        self._consumer.assign(partitions)
        for partition, offset in (await self._consumer.end_offsets(partitions)).items():
            self._consumer.seek(partition, offset)

    async def _read(self) -> None:
        while True:
            for partition, records in (await self._consumer.getmany(timeout_ms=200, max_records=2000)).items():
                for record in records:
                    self._take(partition.topic, record.value or b"")

    def _take(self, topic: str, value: bytes) -> None:
        try:
            messages: Iterable[Observation | RiskMessage]
            messages = decode_bundle(value) if topic == OBSERVATIONS else [decode_risk_message(value)]
        except PoisonError:
            return  # the stage that owns the topic dead-letters it
        for message in messages:
            followed = self._followed.get(getattr(message, "session", ""))
            if followed is not None:
                self._count(followed, message)

    def _count(self, followed: Followed, message: Observation | RiskMessage) -> None:
        if isinstance(message, FRAME_LOOKS):
            self._count_frame(followed, message)
        elif isinstance(message, FramesEnded):
            self._pass(followed, message.seq)
        elif isinstance(message, ScoreSample):
            self._count_sample(followed, message)
        elif isinstance(message, Verdict):
            followed.verdict, followed.scored = message, message.frames_observed
            followed.finished_at = asyncio.get_running_loop().time()
            followed.finished.set()

    @staticmethod
    def _count_sample(followed: Followed, sample: ScoreSample) -> None:
        if sample.at_ms > followed.last_sample_ms:  # a restarted worker repeats what it said
            followed.last_sample_ms = sample.at_ms
            followed.samples += 1
            followed.scored = sample.frames

    def _count_frame(self, followed: Followed, message: FaceObserved | ObjectsObserved | FramesDropped) -> None:
        if message.seq <= followed.last_seq:
            return  # the other detector's word on a frame already counted, or a repetition
        followed.last_seq = message.seq
        if isinstance(message, FramesDropped):
            followed.dropped += message.count
            if message.stage == "ingest":
                return  # never was in flight
        else:
            followed.observed += 1
        self._pass(followed, message.seq + 1)

    def _pass(self, followed: Followed, passed: int) -> None:
        if passed > followed.passed:
            self._on_passed(followed.session, passed - followed.passed)
            followed.passed = passed
