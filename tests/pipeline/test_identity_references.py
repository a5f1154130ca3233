"""References on a real broker. Without these, a crash could forget a face, or a deletion could come undone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from detectors.identity.desk import Desk
from detectors.identity.embedder import Embedding, unit
from detectors.identity.memory_references import MemoryReferences
from detectors.identity.references import Begun, KafkaReferences, Malformed, ReferenceLog
from detectors.identity.registration import Seen
from detectors.identity.sealing import Reference, Sealed, seal
from ingest.errors import TransientError
from ingest.topics import REFERENCES, topic_name
from tests.own_topics import own_topics

MASTER, MODEL = b"k" * 32, "m" * 64
PERSON, STRANGER = (unit(np.random.default_rng(number).standard_normal(128)) for number in (1, 2))

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["memory", "kafka"])
async def references(request: pytest.FixtureRequest) -> AsyncIterator[ReferenceLog]:
    """Both pass every test that takes this."""
    if request.param == "memory":
        yield MemoryReferences()
        return
    broker = request.getfixturevalue("broker")
    async with own_topics(broker, "identity") as prefix, KafkaReferences(broker, prefix=prefix) as kept:
        yield kept


def sealed(session: str, face: Embedding = PERSON, salt: bytes = b"s" * 32) -> Sealed:
    return seal(MASTER, Reference(session, MODEL, 4, face), salt, b"n" * 12)


def seen(session: str, *numbers: int, face: Embedding = PERSON) -> list[Seen]:
    return [Seen(session, number, 1_000 + 500 * number, face, registrable=True) for number in numbers]


async def test_what_was_written_is_read_back_by_partition_latest_first(references: ReferenceLog) -> None:
    assert await references.read(3) == {}
    await references.write(3, "s-1", Begun(1_700_000_000_000))
    await references.write(3, "s-0", Begun(7))
    await references.write(3, "s-1", sealed("s-1"))
    await references.write(3, "s-2", sealed("s-2"))
    await references.write(4, "s-3", sealed("s-3"))
    await references.write(3, "s-1", sealed("s-1", salt=b"t" * 32))
    kept = {"s-0": Begun(7), "s-1": sealed("s-1", salt=b"t" * 32), "s-2": sealed("s-2")}
    assert await references.read(3) == kept
    assert await references.read(4) == {"s-3": sealed("s-3")}


async def test_what_was_deleted_stays_deleted(references: ReferenceLog) -> None:
    await references.write(3, "s-1", sealed("s-1"))
    await references.write(3, "s-2", sealed("s-2"))
    await references.delete(3, "s-1")
    await references.delete(3, "never-was")
    assert await references.read(3) == {"s-2": sealed("s-2")}
    assert await references.read(3) == {"s-2": sealed("s-2")}


async def test_a_worker_that_was_killed_is_followed_by_one_that_knows_the_face(broker: str, prefix: str) -> None:
    """Whoever comes after the crash is held against the face of the start, never registered anew."""
    async with KafkaReferences(broker, prefix=prefix) as kept:
        first = await Desk(kept, MASTER, MODEL).compare(3, seen("s-1", *range(7)))
    assert first == [None] * 5 + [1.0, 1.0]
    async with KafkaReferences(broker, prefix=prefix) as kept:
        second = Desk(kept, MASTER, MODEL)
        strangers = await second.compare(3, seen("s-1", *range(7, 20), face=STRANGER))
        assert await second.compare(3, seen("s-1", 20)) == [1.0]
    assert all(alike is not None and alike < 0.3 for alike in strangers)


async def test_the_reference_is_durable_before_the_first_comparison_leaves(broker: str, prefix: str) -> None:
    async with KafkaReferences(broker, prefix=prefix) as kept:
        await Desk(kept, MASTER, MODEL).compare(3, seen("s-1", *range(6)))
        assert list(await KafkaReferences(broker, prefix=prefix).read(3)) == ["s-1"]
        await kept.stop()
        broken = Desk(kept, MASTER, MODEL)
        with pytest.raises(TransientError, match="cannot write"):
            await broken.compare(5, seen("s-2", *range(6)))
        assert await kept.read(5) == {}


async def test_a_session_that_ended_leaves_no_reference_to_any_later_worker(broker: str, prefix: str) -> None:
    async with KafkaReferences(broker, prefix=prefix) as kept:
        desk = Desk(kept, MASTER, MODEL)
        await desk.compare(3, seen("s-1", *range(6)))
        await desk.end(3, "s-1")
        assert await kept.read(3) == {}
    async with KafkaReferences(broker, prefix=prefix) as kept:
        assert await kept.read(3) == {}
        assert await Desk(kept, MASTER, MODEL).compare(3, seen("s-1", *range(6, 10))) == [None] * 4


async def test_no_byte_of_an_embedding_is_on_the_broker(broker: str, prefix: str) -> None:
    """In no record's key, value or header, whichever way the numbers are written."""
    async with KafkaReferences(broker, prefix=prefix) as kept:
        await Desk(kept, MASTER, MODEL).compare(3, seen("s-1", *range(6)))
    records = await everything(broker, topic_name(REFERENCES, prefix), 3)
    written = b"".join(bytes(part) for part in records)
    assert b"s-1" in written
    for kind in ("<f4", ">f4", "<f8", "<f2"):
        numbers = PERSON.astype(kind)
        assert not [number for number in numbers if number.tobytes() * 1 in written and numbers.itemsize > 2]
        assert numbers[:4].tobytes() not in written


@pytest.mark.parametrize("headers", [[], [("reference/1", b"\xc1")], [("reference/2", b"")], [("begun/1", b"\xa1x")]])
async def test_a_record_that_is_no_reference_is_said_to_be_malformed(
    broker: str, prefix: str, headers: list[tuple[str, bytes]]
) -> None:
    await put(broker, lambda p: p.send_and_wait(topic_name(REFERENCES, prefix), b"?", b"s-1", 3, headers=headers))
    async with KafkaReferences(broker, prefix=prefix) as kept:
        assert await kept.read(3) == {"s-1": Malformed()}
        assert await Desk(kept, MASTER, MODEL).compare(3, seen("s-1", *range(8))) == [None] * 8


async def test_no_broker_is_told_in_time() -> None:
    kept = KafkaReferences("127.0.0.1:1")
    for attempt in (kept.start(), kept.read(0)):
        with pytest.raises(TransientError, match="cannot work with the broker"):
            await attempt


async def put(broker: str, send: Callable[[AIOKafkaProducer], Awaitable[object]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        await send(producer)
    finally:
        await producer.stop()


async def everything(broker: str, topic: str, partition: int) -> list[bytes]:
    """Every key, value and header of a partition."""
    tp = TopicPartition(topic, partition)
    reader = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    await reader.start()
    try:
        reader.assign([tp])
        await reader.seek_to_beginning(tp)
        async with asyncio.timeout(30):
            while not (records := (await reader.getmany(tp, timeout_ms=500)).get(tp)):
                pass
    finally:
        await reader.stop()
    return [part for r in records for part in (r.key, r.value or b"", *(data for _, data in r.headers))]
