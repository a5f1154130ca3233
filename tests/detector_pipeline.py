"""Real detector workers on a real broker, and what they should have said: the same looks, made here one by one."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from aiokafka import AIOKafkaConsumer
from msgspec import structs

from detectors.alone import Alone
from detectors.frame import Frame
from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked, PictureReading
from detectors.messages import FaceObserved, FramesEnded, Look
from detectors.ordering import Slot
from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.messages import DeadLetter, FrameHeader, FramesDropped, frame_headers
from ingest.topics import DEAD_LETTERS, FRAMES, OBSERVATIONS, create_topics, partition_of, topic_name
from tests.webcam_frames import frame
from triton_models import contract
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector

Said = Look | FramesEnded | FramesDropped
START_MS = 1_700_000_000_000
FRAME_MS = 500
PICTURES = 12
_read_one = msgspec.msgpack.Decoder(Said).decode
_read_bundle = msgspec.msgpack.Decoder(list[Said]).decode
_read_letter = msgspec.msgpack.Decoder(DeadLetter).decode


@dataclass(slots=True)
class Sent:
    """The frames of a test as they stand in the log."""

    frames: list[Frame] = field(default_factory=list)

    async def send(self, writer: KafkaWriter, header: FrameHeader, jpeg: bytes, partition: int | None = None) -> None:
        """Append one frame, as ingest does, unless another partition is given."""
        headers, key = frame_headers(header), header.session.encode()
        partition = partition_of(header.session) if partition is None else partition
        offset = await (await writer.send(FRAMES, partition, jpeg, key=key, headers=headers))
        record = Record(FRAMES, partition, offset, key, jpeg, headers, 0)
        self.frames.append(Frame(record, header, Slot(offset)))


def header_of(
    session: str, seq: int, *, max_age_ms: int = 0, ingested_ms: int = START_MS, end: bool = False
) -> FrameHeader:
    """Times of a session that began at START_MS."""
    return FrameHeader(
        session=session,
        seq=seq,
        capture_ms=START_MS + seq * FRAME_MS,
        ingested_ms=ingested_ms,
        width=640,
        height=480,
        max_age_ms=max_age_ms,
        end=end,
    )


async def send_sessions(kafka: str, prefix: str, sessions: Iterable[str], frames: int) -> Sent:
    """Recorded sessions side by side, each with its end."""
    sent, names = Sent(), list(sessions)
    async with KafkaWriter(kafka, prefix=prefix) as writer:
        for seq in range(frames):
            await asyncio.gather(*(sent.send(writer, header_of(s, seq), picture(seq)) for s in names))
        await asyncio.gather(*(sent.send(writer, header_of(s, frames, end=True), b"") for s in names))
    return sent


@cache
def picture(seq: int) -> bytes:
    """The picture of frame `seq`: there are PICTURES different ones."""
    return frame(seq % PICTURES)


def expected(sent: Sent) -> set[bytes]:
    """Every observation that the frames must give, as bytes."""
    alone = Alone(object_detector(), eyes=_eyes())
    return {msgspec.msgpack.encode(said) for one in sent.frames for said in _expected_of(alone, one)}


def _expected_of(alone: Alone, one: Frame) -> Sequence[Look | FramesEnded]:
    header = one.header
    if header.end:
        times = {"capture_ms": header.capture_ms, "ingested_ms": header.ingested_ms}
        return [FramesEnded(session=header.session, seq=header.seq, **times)]
    return alone.look(one)


def timeless(encoded: Iterable[bytes]) -> set[bytes]:
    """Observations without what a killed worker forgets of a session's past: whether the picture lives."""
    said = map(_read_one, encoded)
    return {msgspec.msgpack.encode(_without_past(one)) for one in said}


def _without_past(said: Said) -> Said:
    if not isinstance(said, FaceObserved):
        return said
    return structs.replace(said, quality=structs.replace(said.quality, frozen=False, looped=False))


class _RememberingEyes(Eyes):
    """Looks at each picture once: PICTURES stand for hundreds of frames."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[Asked, PictureReading] = {}

    def look(self, asked: Asked) -> PictureReading:
        if asked not in self._seen:
            self._seen[asked] = super().look(asked)
        return self._seen[asked]


@cache
def _eyes() -> Eyes:
    return _RememberingEyes()


@cache
def object_detector() -> ObjectDetector:
    """The model that Triton serves, in this process."""
    folder = Path(contract.__file__).parent / "repository" / contract.MODEL_NAME
    return ObjectDetector(folder / "1" / "model.onnx", read_card(folder / "model.json"))


def _listens(pid: int) -> bool:
    """Whether the process catches SIGTERM."""
    caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


@dataclass(slots=True)
class DetectorProcess:
    """One `python -m detectors`, killed and started again as the test wants."""

    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; returns at once."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "detectors"]
            self.process = subprocess.Popen(command, env=os.environ | self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        """SIGTERM, as soon as it listens to that (it may just have started again); the exit status."""
        assert self.process is not None
        until = time.monotonic() + 30
        while not _listens(self.process.pid):
            assert self.process.poll() is None, self.words()[-2000:]
            assert time.monotonic() < until, "it does not listen to SIGTERM"
            time.sleep(0.05)
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def words(self) -> str:
        """What it logged."""
        return self.log.read_text()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


async def detector_on(environment: dict[str, str], prefix: str, folder: Path, **settings: str) -> DetectorProcess:
    """A worker on the topics of `prefix`, which are made first; not yet started."""
    await create_topics(environment["PROCTOR_KAFKA"], prefix)
    told = {
        "PROCTOR_TOPIC_PREFIX": prefix,
        "PROCTOR_MEMBER": "detector-1",
        "PROCTOR_SESSION_TIMEOUT_S": "6",
        "PROCTOR_LOOKING_PROCESSES": "1",  # each takes seconds of CPU to start
    }
    return DetectorProcess(environment | told | settings, folder / "detectors.log")


class Listener:
    """Reads everything that the detectors publish under a prefix."""

    def __init__(self, kafka: str, prefix: str) -> None:
        self.said: list[Said] = []
        self.letters: list[DeadLetter] = []
        self.bundles: list[Sequence[Said]] = []
        self._letters_topic = topic_name(DEAD_LETTERS, prefix)
        topics = (topic_name(OBSERVATIONS, prefix), self._letters_topic)
        self._consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka, auto_offset_reset="earliest")

    async def until(self, condition: Callable[[], bool], deadline_s: float = 90.0) -> None:
        """Listen until something is true."""
        until = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < until, f"after {deadline_s} s: {len(self.said)} observations, {self.letters}"
            for records in (await self._consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    self._hear(record.topic, record.value)

    def _hear(self, topic: str, value: bytes) -> None:
        if topic == self._letters_topic:
            self.letters.append(_read_letter(value))
        else:
            self.bundles.append(_read_bundle(value))
            self.said += self.bundles[-1]

    def ended(self) -> set[str]:
        """Sessions whose end was said."""
        return {said.session for said in self.said if isinstance(said, FramesEnded)}

    def encoded(self) -> set[bytes]:
        """The distinct observations as bytes."""
        return {msgspec.msgpack.encode(said) for said in self.said}

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
