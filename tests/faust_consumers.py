"""Real Faust consumers on a real broker, ours and the stock one: what each delivers in the same situation.

Nothing is replaced: an application with its consumer thread, its group and its fetches. What a test decides is when a
fetch that is complete is handed from the consumer's thread to the main loop (`Held`), which in life is chance, and
what happens at the delivery of a chosen record (`At`).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faust.transport.drivers import aiokafka as stock
from faust.types import TP

from scoring.worker import transport as ours
from tests.scoring_pipeline import POLL_S

READY_DEADLINE_S = 30.0
DELIVERY_DEADLINE_S = 15.0

Step = Callable[["Application"], Awaitable[None]]


@dataclass(slots=True)
class Gate:
    """Holds complete fetches back until it is opened."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    is_armed: bool = False


def held(consumer: Any) -> Any:
    """The same consumer, whose complete fetches wait at a gate on their way into the main loop."""

    class Held(consumer):  # type: ignore[misc]
        gate: Gate | None = None

        async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
            records = await super()._getmany(active_partitions, timeout)
            if self.gate is not None and self.gate.is_armed and records:
                self.gate.waiting.set()
                await self.gate.opened.wait()
            return records

    return Held


class Application:
    """A Faust application of one consumer; its agent is a list."""

    def __init__(self, is_ours: bool, kafka: str, topic: str, group: str, folder: Path, position: int) -> None:
        self.topic, self.position, self.is_ours = topic, position, is_ours
        self.delivered: list[int] = []
        self.unfinished: list[Any] = []
        self.at: dict[int, Step] = {}
        self.acknowledges = True
        self.gate = Gate()
        self.app = faust.App(
            group, broker=f"kafka://{kafka}", store="memory://", datadir=str(folder), web_enabled=False,
            topic_allow_declare=False, topic_disable_leader=True, stream_wait_empty=False, autodiscover=False,
            broker_session_timeout=6.0, broker_heartbeat_interval=1.0, broker_commit_interval=0.3,
            consumer_auto_offset_reset="earliest",
        )  # fmt: skip
        self.app.transport = self._transport()
        source = self.app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

        @self.app.agent(source)
        async def read(stream: Any) -> None:
            async for _ in stream.events():
                pass

    @property
    def tp(self) -> TP:
        return TP(self.topic, 0)

    @property
    def consumer(self) -> Any:
        return self.app.consumer

    async def delivers(self, offset: int) -> None:
        """Wait until the record has been delivered."""
        async with asyncio.timeout(DELIVERY_DEADLINE_S):
            while offset not in self.delivered:
                await asyncio.sleep(POLL_S)

    async def ready(self) -> None:
        """Wait until the fetcher runs with an assignment."""
        async with asyncio.timeout(READY_DEADLINE_S):
            while self.app.rebalancing or not self._is_assigned() or not self.consumer.flow_active:
                await asyncio.sleep(POLL_S)

    def _is_assigned(self) -> bool:
        with suppress(faust.exceptions.ConsumerNotStarted):
            return bool(self.consumer.assignment())
        return False

    def _transport(self) -> Any:
        kind: Any = ours if self.is_ours else stock

        class Transport(kind.Transport):  # type: ignore[misc]
            Consumer = held(kind.Consumer)

        made = Transport(self.app.conf.broker_consumer, self.app)
        made.starts = self._starts
        return made

    async def _starts(self, held_offsets: Mapping[TP, range]) -> dict[TP, int]:
        return dict.fromkeys(held_offsets, self.position)

    async def take(self, message: Any) -> None:
        """What the application does with a record."""
        self.delivered.append(message.offset)
        self.consumer.track_message(message)
        if step := self.at.pop(message.offset, None):
            await step(self)
        if self.acknowledges:
            self.consumer.ack(message)
        else:
            self.unfinished.append(message)


@asynccontextmanager
async def application(
    is_ours: bool, kafka: str, topic: str, group: str, folder: Path, position: int = 0, **at: Any
) -> AsyncIterator[Application]:
    """A started application that has not delivered anything before it is asked to."""
    made = Application(is_ours, kafka, topic, group, folder, position)
    made.at, made.acknowledges = at.get("at", {}), at.get("acknowledges", True)
    made.consumer.callback, made.consumer.gate = made.take, made.gate
    await made.app.start()
    try:
        await made.ready()
        yield made
    finally:
        await made.app.stop()


class Bench:
    """One topic of one partition for each of the two, and what they do in it."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.kafka, self.folder, self.name = kafka, folder, f"overrides-{uuid4().hex[:8]}"
        self._producer = AIOKafkaProducer(bootstrap_servers=kafka)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=kafka)

    async def start(self) -> None:
        await self._producer.start()
        await self._admin.start()
        await self._admin.create_topics([NewTopic(self.topic(is_ours), 1, 1) for is_ours in (True, False)])

    async def stop(self) -> None:
        await self._admin.delete_topics([self.topic(is_ours) for is_ours in (True, False)])
        await self._admin.close()
        await self._producer.stop()

    def topic(self, is_ours: bool) -> str:
        return f"{self.name}-{'ours' if is_ours else 'stock'}"

    async def append(self, is_ours: bool, count: int) -> None:
        """Records in one batch, so that one fetch takes them all."""
        batch = self._producer.create_batch()
        for _ in range(count):
            assert batch.append(key=None, value=b"x", timestamp=None)
        await (await self._producer.send_batch(batch, self.topic(is_ours), partition=0))

    async def both(self, scene: Callable[["Bench", bool], Any]) -> tuple[Any, Any]:
        """What comes of the scene with ours and with the stock class."""
        return tuple(await asyncio.gather(scene(self, True), scene(self, False)))

    def application(self, is_ours: bool, **how: Any) -> Any:
        topic = self.topic(is_ours)
        return application(is_ours, self.kafka, topic, topic, self.folder / topic, **how)

    async def commit(self, is_ours: bool, offset: int) -> None:
        """A commit of the application's group, made before it starts."""
        tp = TopicPartition(self.topic(is_ours), 0)
        consumer = self._member(is_ours)
        consumer.assign([tp])
        await consumer.start()
        await consumer.commit({tp: offset})
        await consumer.stop()

    async def committed(self, is_ours: bool) -> int | None:
        """What the application's group has committed."""
        offsets = await self._admin.list_consumer_group_offsets(self.topic(is_ours))
        return next((found.offset for found in offsets.values()), None)

    async def rebalance(self, one: Application) -> None:
        """Another worker joins the group and leaves again: the partition is revoked and assigned, twice."""
        generation = one.app.consumer_generation_id
        other = Application(one.is_ours, self.kafka, one.topic, one.topic, self.folder / "other", one.position)
        other.consumer.callback = other.take
        other.acknowledges = False
        await other.app.start()
        async with asyncio.timeout(20):
            while one.app.consumer_generation_id == generation:
                await asyncio.sleep(0.1)
            await other.app.stop()
            while one.app.consumer_generation_id < generation + 2 or one.app.rebalancing:
                await asyncio.sleep(0.1)
            await one.ready()

    def _member(self, is_ours: bool) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self.kafka,
            group_id=self.topic(is_ours),
            enable_auto_commit=False,
        )
