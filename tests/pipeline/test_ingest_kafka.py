"""What only Kafka can do wrong. Without these, one bad record could stop a reader or a writer for good."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from ingest.errors import PoisonError, TransientError
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.log import TopicPartition
from ingest.topics import FRAMES, OBSERVATIONS, PARTITIONS, topic_name
from tests.own_topics import own_topics

DEADLINE_S = 30

pytestmark = pytest.mark.timeout(120)


async def send_unreadable_header(broker: str, topic: str, partition: int) -> None:
    """Write a record with a header whose name is not UTF-8, as clients in C can."""
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    batch = producer.create_batch()
    batch.append(timestamp=None, key=b"k", value=b"v", headers=[("NAME", b"1")])
    packed = bytearray(batch._build())
    at = packed.index(b"NAME")
    packed[at : at + 4] = b"\xff\xfe\xfd\xfc"
    packed[17:21] = calc_crc32c(bytes(packed[21:])).to_bytes(4, "big")
    batch._buffer = bytes(packed)
    await (await producer.send_batch(batch, topic, partition=partition))
    await producer.stop()


async def read_values(reader: KafkaReader, count: int, most: int = 100) -> dict[int, list[bytes]]:
    read: dict[int, list[bytes]] = {}
    async with asyncio.timeout(DEADLINE_S):
        while sum(map(len, read.values())) < count:
            for tp, records in (await reader.read(200, most)).items():
                read.setdefault(tp.partition, []).extend(r.value for r in records)
    return read


async def test_record_that_the_client_cannot_unpack_becomes_an_empty_one(broker: str, prefix: str) -> None:
    """And nothing is lost of the partitions that were fetched with it."""
    bad = {3: 13, 6: 0}
    async with KafkaWriter(broker, prefix=prefix) as writer:
        for number in range(20):
            for partition in range(PARTITIONS):
                if bad.get(partition) == number:
                    await send_unreadable_header(broker, topic_name(FRAMES, prefix), partition)
            sent = [await writer.send(FRAMES, partition, b"%d" % number) for partition in range(PARTITIONS)]
            await asyncio.gather(*(asyncio.ensure_future(one) for one in sent))
    async with KafkaReader(broker, "g", FRAMES, prefix=prefix) as reader:
        read = await read_values(reader, 20 * PARTITIONS + len(bad))
    for partition in range(PARTITIONS):
        expected = [b"%d" % n for n in range(20)]
        if partition in bad:
            expected.insert(bad[partition], b"")
        assert read[partition] == expected


async def test_too_large_a_record_is_refused_and_the_writer_goes_on(broker: str, prefix: str) -> None:
    async with (
        KafkaWriter(broker, prefix=prefix) as writer,
        KafkaReader(broker, "g", OBSERVATIONS, prefix=prefix) as reader,
    ):
        with pytest.raises(PoisonError, match="too large for observations"):
            await writer.send(OBSERVATIONS, 0, bytes(1 << 20))
        largest = bytes((1 << 20) - 256)
        await (await writer.send(OBSERVATIONS, 0, largest))
        await (await writer.send(OBSERVATIONS, 0, b"next"))
        assert await read_values(reader, 2) == {0: [largest, b"next"]}


async def test_full_batches_stay_below_the_limit_of_the_topic(broker: str, prefix: str) -> None:
    async with KafkaWriter(broker, prefix=prefix) as writer:
        sent = [await writer.send(OBSERVATIONS, 0, bytes(50_000)) for _ in range(100)]
        offsets = [await one for one in sent]
    assert offsets == list(range(100))


async def test_prefixes_set_logs_apart(broker: str, prefix: str) -> None:
    async with (
        own_topics(broker, "other") as other,
        KafkaWriter(broker, prefix=prefix) as mine,
        KafkaWriter(broker, prefix=other) as theirs,
    ):
        await (await theirs.send(FRAMES, 0, b"theirs"))
        await (await mine.send(FRAMES, 0, b"mine"))
    async with KafkaReader(broker, "g", FRAMES, prefix=prefix) as reader:
        assert await read_values(reader, 1) == {0: [b"mine"]}
        assert reader.assignment() == {TopicPartition(FRAMES, p) for p in range(PARTITIONS)}


async def test_static_member_that_comes_back_disturbs_nobody(broker: str, prefix: str) -> None:
    revoked = asyncio.Event()
    stays = KafkaReader(broker, "g", FRAMES, prefix=prefix, member="stays", on_revoked=revoked)
    leaves = KafkaReader(broker, "g", FRAMES, prefix=prefix, member="leaves")
    async with stays:
        async with leaves, asyncio.timeout(DEADLINE_S):
            while len(stays.assignment()) != PARTITIONS // 2:
                await stays.read(50, 10)
            had = leaves.assignment()
        revoked.clear()
        async with KafkaReader(broker, "g", FRAMES, prefix=prefix, member="leaves") as back:
            assert back.assignment() == had
        assert not revoked.is_set()


async def test_no_broker_is_told_in_time() -> None:
    with pytest.raises(TransientError, match="cannot work with the broker"):
        await KafkaWriter("127.0.0.1:1").start()
    with pytest.raises(TransientError, match="cannot work with the broker"):
        await KafkaReader("127.0.0.1:1", "g", FRAMES).start()
