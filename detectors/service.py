"""The process of this stage: what it needs is waited for, kept over outages of the broker, and closed in order."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from detectors.looking.pool import Pool
from detectors.objects import TritonObjects
from detectors.probes import Probe, ask_broker
from detectors.settings import DetectorsSettings
from detectors.worker import LookPlan, Worker
from ingest.errors import InputError, TransientError
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.telemetry import ERRORS, TelemetryServer
from ingest.topics import FRAMES, create_topics

GROUP = "detectors"
RETRY_S = 1.0

log = logging.getLogger(__name__)


class Service:
    """Everything one detector process holds."""

    def __init__(self, settings: DetectorsSettings) -> None:
        self._settings = settings
        self._pool = Pool(settings.pool_size)
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
        """One run after another: a broker that was away for long ends a run, and the next begins from the commits."""
        while not stop.is_set():
            try:
                await self._run_once(objects, stop)
            except* TransientError as errors:
                ERRORS.labels("detectors", "transient").inc()
                log.warning("starting again from the commits", extra={"reason": str(errors.exceptions[0])})
                await asyncio.sleep(RETRY_S)

    async def _run_once(self, objects: TritonObjects, stop: asyncio.Event) -> None:
        settings = self._settings
        reader = KafkaReader(
            settings.kafka,
            GROUP,
            FRAMES,
            member=settings.member,
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            prefix=settings.topic_prefix,
        )
        writer = KafkaWriter(settings.kafka, prefix=settings.topic_prefix)
        plan = LookPlan(settings.face_every, settings.objects_every, settings.hands_every, settings.triton_in_flight)
        async with AsyncExitStack() as closing:
            opening = asyncio.create_task(_open(writer, reader, closing))
            if not await _first(opening, stop):
                opening.cancel()
                await asyncio.wait([opening])
                return
            self._reader = reader
            closing.callback(setattr, self, "_reader", None)
            await Worker(reader, writer, self._pool, objects, plan).run(stop)

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


async def _open(writer: KafkaWriter, reader: KafkaReader, closing: AsyncExitStack) -> None:
    """Start both; taking part in the group may wait for a member that died."""
    closing.push_async_callback(writer.stop)
    await writer.start()
    closing.push_async_callback(reader.stop)
    await reader.start()


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
