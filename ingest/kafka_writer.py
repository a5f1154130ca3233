"""Appending to Kafka; `ingest.kafka_log` tells about settings and deadlines."""

import asyncio
import logging
from collections.abc import Generator
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest.errors import TransientError
from ingest.kafka_client import LARGEST_REQUEST, START_DEADLINE_S, STOP_DEADLINE_S, check_size, judged, start_client
from ingest.log import Acknowledgement, Writer
from ingest.messages import Headers
from ingest.topics import topic_name

SEND_DEADLINE_MS = 60_000  # an outage of the broker shorter than this loses nothing

log = logging.getLogger(__name__)


class _Acknowledged:
    """Awaits aiokafka's future until the record's deadline, and speaks this product's errors."""

    def __init__(self, future: "asyncio.Future[Any]", topic: str) -> None:
        self._future, self._topic = future, topic
        future.add_done_callback(_look_at)
        self._deadline = asyncio.get_running_loop().time() + SEND_DEADLINE_MS / 1000

    def __await__(self) -> Generator[Any, None, int]:
        return self._wait().__await__()

    async def _wait(self) -> int:
        try:
            async with asyncio.timeout_at(self._deadline):
                metadata = await asyncio.shield(self._future)
        except TimeoutError as error:
            raise TransientError(f"the broker did not take a record of {self._topic} in time") from error
        except KafkaError as error:
            raise judged(error, f"the broker did not take a record of {self._topic}") from error
        return int(metadata.offset)


def _look_at(future: "asyncio.Future[Any]") -> None:
    """A record that fails after its deadline has been reported already: asyncio need not complain of it."""
    if not future.cancelled():
        future.exception()


class KafkaWriter(Writer):
    """Appends to Kafka; `perishable` writers trade durability of the last records for latency.

    `prefix` is put before the topics' names on the broker; callers use the names of the table.
    """

    def __init__(self, bootstrap: str, *, perishable: bool = False, prefix: str = "") -> None:
        self._bootstrap, self._prefix = bootstrap, prefix
        self._settings: dict[str, Any] = {"acks": 1} if perishable else {"acks": "all", "enable_idempotence": True}
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Raises: TransientError when no broker answers."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            max_batch_size=1 << 20,
            max_request_size=LARGEST_REQUEST,
            linger_ms=5,
            compression_type=None,
            request_timeout_ms=SEND_DEADLINE_MS,
            **self._settings,
        )
        await start_client(self._producer, self._bootstrap, START_DEADLINE_S)

    async def stop(self) -> None:
        """Send what waits, for at most STOP_DEADLINE_S."""
        if self._producer is None:
            return
        try:
            async with asyncio.timeout(STOP_DEADLINE_S):
                await self._producer.flush()
        except TimeoutError:
            log.warning("the broker did not take the last records in time", extra={"broker": self._bootstrap})
            await self._producer._sender.close()  # stop() would wait for ever for a broker that does not come back
        await self._producer.stop()

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        assert self._producer is not None, "start the writer first"
        check_size(topic, key, value, headers)
        name = topic_name(topic, self._prefix)
        try:
            future = await self._producer.send(name, value, key=key, partition=partition, headers=list(headers))
        except KafkaError as error:
            raise judged(error, f"cannot write to {topic}") from error
        return _Acknowledged(future, topic)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
