"""The process of this stage: what it needs is waited for, kept over outages of the broker, and closed in order."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from detectors.identity.desk import Desk
from detectors.identity.references import KafkaReferences
from detectors.identity.sealing import master_key
from detectors.looking.pool import Pool
from detectors.objects import TritonObjects
from detectors.plan import LookPlan
from detectors.probes import Probe, ask_broker
from detectors.settings import DetectorsSettings
from detectors.sound.voice import VoiceFinder
from detectors.sound.worker import SoundWorker
from detectors.worker import Worker
from ingest.errors import InputError, TransientError
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.telemetry import ERRORS, TelemetryServer
from ingest.topics import AUDIO, FRAMES, create_topics

GROUP, SOUND_GROUP = "detectors", "detectors-sound"
RETRY_S = 1.0
SOUND_GATHER_MS = 200
"""A record of sound is a second long."""

log = logging.getLogger(__name__)


class Service:
    """Everything one detector process holds."""

    def __init__(self, settings: DetectorsSettings) -> None:
        self._settings = settings
        key = settings.identity_key
        self._master = master_key(key.get_secret_value()) if key else b""
        model = settings.identity_model
        self._pool = Pool(settings.pool_size, *(("--identity", *([str(model)] if model else [])) if key else ()))
        self._reader: KafkaReader | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set.

        Raises: TransientError when the broker or Triton does not answer in time at the start; InputError for settings
        that cannot work; whatever else ends a worker.
        """
        async with AsyncExitStack() as closing:
            objects = TritonObjects(self._settings.triton)
            closing.push_async_callback(objects.stop)
            closing.push_async_callback(self._pool.stop)
            await self._tell(objects, closing)
            starting = asyncio.create_task(self._start(objects))
            closing.callback(starting.cancel)
            if await _first(starting, stop):
                await self._work(objects, stop)

    async def _start(self, objects: TritonObjects) -> None:
        """Wait for all that is needed, side by side; starting the pool takes seconds."""
        settings = self._settings
        broker = _patiently(settings.patience_s, lambda: self._topics())
        triton = _patiently(settings.patience_s, lambda: _ready(objects))
        await asyncio.gather(self._pool.start(), broker, triton)

    async def _topics(self) -> None:
        settings = self._settings
        await create_topics(settings.kafka, settings.topic_prefix, settings.topic_replicas)

    async def _work(self, objects: TritonObjects, stop: asyncio.Event) -> None:
        """Look and listen side by side."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_again_and_again(lambda: self._look(objects, stop), stop))
            if self._settings.sound:
                group.create_task(_again_and_again(lambda: self._listen(stop), stop))

    async def _look(self, objects: TritonObjects, stop: asyncio.Event) -> None:
        """One run of the worker for frames."""
        settings = self._settings
        reader, writer = self._reader_of(FRAMES, GROUP), self._writer()
        plan = LookPlan(settings.face_every, settings.objects_ms, settings.hands_ms, settings.triton_in_flight)
        references = KafkaReferences(settings.kafka, prefix=settings.topic_prefix) if self._master else None
        async with AsyncExitStack() as closing:
            if await _opened(stop, closing, writer, reader, *([references] if references else [])):
                self._reader = reader
                closing.callback(setattr, self, "_reader", None)
                desk = Desk(references, self._master, self._pool.models.identity) if references else None
                await Worker(reader, writer, self._pool, objects, plan, desk).run(stop)

    async def _listen(self, stop: asyncio.Event) -> None:
        """One run of the worker for sound."""
        reader, writer = self._reader_of(AUDIO, SOUND_GROUP, SOUND_GATHER_MS), self._writer()
        async with AsyncExitStack() as closing:
            if await _opened(stop, closing, writer, reader):
                await SoundWorker(reader, writer, VoiceFinder()).run(stop)

    def _reader_of(self, topic: str, group: str, gather_ms: int = 0) -> KafkaReader:
        settings = self._settings
        timeout_ms = int(settings.session_timeout_s * 1000)
        return KafkaReader(
            settings.kafka,
            group,
            topic,
            member=settings.member,
            session_timeout_ms=timeout_ms,
            prefix=settings.topic_prefix,
            gather_ms=gather_ms,
        )

    def _writer(self) -> KafkaWriter:
        return KafkaWriter(self._settings.kafka, prefix=self._settings.topic_prefix)

    async def _tell(self, objects: TritonObjects, closing: AsyncExitStack) -> None:
        """Serve metrics and health, and keep asking the outside systems for the latter."""
        broker = Probe("the broker", lambda: ask_broker(self._settings.kafka))
        triton = Probe("Triton", objects.ailing)
        checks = {
            "broker": broker.trouble,
            "triton": triton.trouble,
            "partitions": self._unassigned,
            "pool": self._pool.ailing,
        }
        telemetry = TelemetryServer(self._settings.metrics_port, checks, self._settings.metrics_host)
        try:
            await telemetry.start()
        except OSError as error:
            mend = "Set PROCTOR_METRICS_PORT to a free port"
            raise InputError(f"port {self._settings.metrics_port}", str(error), mend) from error
        closing.push_async_callback(telemetry.stop)
        for probe in (broker, triton):
            closing.callback(asyncio.create_task(probe.ask_forever()).cancel)

    def _unassigned(self) -> str | None:
        owned = self._reader is not None and self._reader.assignment()
        return None if owned else "no partition of frames is assigned"


async def _again_and_again(run: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """One run after another: a broker that was away for long ends a run, and the next begins from the commits."""
    while not stop.is_set():
        try:
            await run()
        except* TransientError as errors:
            ERRORS.labels("detectors", "transient").inc()
            log.warning("starting again from the commits", extra={"reason": str(errors.exceptions[0])})
            await asyncio.sleep(RETRY_S)


class _Client(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def _opened(stop: asyncio.Event, closing: AsyncExitStack, *clients: _Client) -> bool:
    """Start clients, to be stopped in reverse; False: told to stop before they were ready."""
    opening = asyncio.create_task(_open(closing, clients))
    if await _first(opening, stop):
        return True
    opening.cancel()
    await asyncio.wait([opening])
    return False


async def _open(closing: AsyncExitStack, clients: Sequence[_Client]) -> None:
    """In their order; taking part in a group may wait for a member that died."""
    for client in clients:
        closing.push_async_callback(client.stop)
        await client.start()


async def _first(task: "asyncio.Task[None]", stop: asyncio.Event) -> bool:
    """Whether the task finished before the stop; its error is raised."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        task.result()
    return task.done()


async def _patiently(patience_s: float, attempt: Callable[[], Awaitable[None]]) -> None:
    """Try until it works. Raises: TransientError of the last attempt when patience is over."""
    give_up_at = time.monotonic() + patience_s
    while True:
        try:
            return await attempt()
        except TransientError as error:
            if time.monotonic() >= give_up_at:
                raise
            log.info("waiting", extra={"reason": str(error)})
        await asyncio.sleep(RETRY_S)


async def _ready(objects: TritonObjects) -> None:
    if trouble := await objects.ailing():
        raise TransientError(f"{trouble}. Start it, or set PROCTOR_TRITON to host:port of a server's gRPC")
