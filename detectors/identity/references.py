"""The topic `references`: one record a session, that it began, then its sealed reference; deleted by a tombstone.

Read whole when a partition comes to this worker, by a consumer of its own that belongs to no group; written with every
replica's acknowledgement. What was deleted stays deleted: a tombstone is read like any other record, and the topic's
compaction removes what it covers within minutes.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from detectors.identity.sealing import Sealed, SealedHeader
from ingest.errors import TransientError
from ingest.kafka_client import START_DEADLINE_S, STOP_DEADLINE_S, start_client
from ingest.messages import Headers
from ingest.topics import REFERENCES, topic_name

REFERENCE, BEGUN = "reference/1", "begun/1"
"""Names of the header that a record carries."""
READ_DEADLINE_S = 60.0
WRITE_DEADLINE_S = 30.0
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SealedHeader).decode
_decode_ms = msgspec.msgpack.Decoder(int).decode


@dataclass(frozen=True, slots=True)
class Begun:
    """Nobody is registered yet in a session that was first met at `at_ms` of capture time."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record under a session's key that is neither."""


Entry = Sealed | Begun
Kept = Entry | Malformed


class ReferenceLog(Protocol):
    """Where references are kept."""

    async def read(self, partition: int) -> dict[str, Kept]:
        """What is kept of the sessions of one partition. Raises: TransientError."""
        ...

    async def write(self, partition: int, session: str, entry: Entry) -> None:
        """Keep this of a session instead of what was kept; returns when it is durable. Raises: TransientError."""
        ...

    async def delete(self, partition: int, session: str) -> None:
        """Forget a session's reference; returns when that is durable. Raises: TransientError."""
        ...


class KafkaReferences(ReferenceLog):
    """References on Kafka; `prefix` is put before the topic's name on the broker."""

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self._bootstrap, self._topic = bootstrap, topic_name(REFERENCES, prefix)
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Raises: TransientError when no broker answers."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, linger_ms=5
        )
        await start_client(self._producer, self._bootstrap, START_DEADLINE_S)

    async def stop(self) -> None:
        """Let the connection go, for at most STOP_DEADLINE_S: what was asked for is acknowledged already."""
        if self._producer is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_DEADLINE_S):
                    await self._producer.stop()

    async def read(self, partition: int) -> dict[str, Kept]:
        tp = TopicPartition(self._topic, partition)
        # With any other reset, aiokafka may start at the end in spite of `seek_to_beginning`.
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await start_client(reader, self._bootstrap, START_DEADLINE_S)
        try:
            async with asyncio.timeout(READ_DEADLINE_S):
                return await _read_to_end(reader, tp)
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"cannot read {self._topic}: {error or 'no answer'}") from error
        finally:
            await reader.stop()

    async def write(self, partition: int, session: str, entry: Entry) -> None:
        if isinstance(entry, Begun):
            await self._send(partition, session, b"", [(BEGUN, _encode(entry.at_ms))])
        else:
            await self._send(partition, session, entry.value, [(REFERENCE, _encode(entry.header))])

    async def delete(self, partition: int, session: str) -> None:
        await self._send(partition, session, None, [])

    async def _send(self, partition: int, session: str, value: bytes | None, headers: Headers) -> None:
        assert self._producer is not None, "start it first"
        key = session.encode()
        try:
            async with asyncio.timeout(WRITE_DEADLINE_S):
                sent: Awaitable[object] = await self._producer.send(
                    self._topic, value, key=key, partition=partition, headers=headers
                )
                await asyncio.shield(sent)
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"cannot write to {self._topic}: {error or 'no answer'}") from error

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def _read_to_end(reader: Any, tp: TopicPartition) -> dict[str, Kept]:
    """From the first record to what is the end now."""
    reader.assign([tp])
    end = (await reader.end_offsets([tp]))[tp]
    await reader.seek_to_beginning(tp)
    kept: dict[str, Kept] = {}
    while await reader.position(tp) < end:
        for record in (await reader.getmany(tp, timeout_ms=1000)).get(tp, ()):
            _take(kept, record.key, record.value, record.headers)
    return kept


def _take(kept: dict[str, Kept], key: bytes | None, value: bytes | None, headers: Headers) -> None:
    session = (key or b"").decode(errors="replace")
    if value is None:
        kept.pop(session, None)
    else:
        kept[session] = _kept(value, headers)


def _kept(value: bytes, headers: Headers) -> Kept:
    carried = dict(headers)
    try:
        if BEGUN in carried:
            return Begun(_decode_ms(carried[BEGUN]))
        return Sealed(_decode(carried.get(REFERENCE, b"")), value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Malformed()
