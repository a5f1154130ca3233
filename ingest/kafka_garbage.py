"""Reading on past records that aiokafka cannot unpack.

Kafka takes any bytes as the name of a header, and some clients send them; aiokafka (0.14) wants UTF-8 and raises from
`getmany`, each time again, so that one such record would stop all partitions of a reader. What other partitions had
given in the same call is lost with it although their positions moved. So: go back to where the reader's owner stands,
read each partition alone, one record at a time, and hand the bad one out as an empty record, which no stage accepts: it
becomes a dead letter.
"""

import logging
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

Records = list["ConsumerRecord[bytes, bytes]"]
FETCH_MS = 1_000

log = logging.getLogger(__name__)


async def read_past_garbage(
    consumer: AIOKafkaConsumer, delivered: Mapping[TopicPartition, int], most: int
) -> dict[TopicPartition, Records]:
    """What `getmany` would have returned; `delivered`: the offset behind what the reader's owner has, by partition."""
    await _go_back(consumer, delivered)
    read = {}
    for tp in consumer.assignment() - consumer.paused():
        end = consumer.highwater(tp)
        if end is not None and end > await consumer.position(tp):
            records = await _read_one(consumer, tp, most)
            most -= len(records)
            if records:
                read[tp] = records
        if most <= 0:
            break
    return read


async def _go_back(consumer: AIOKafkaConsumer, delivered: Mapping[TopicPartition, int]) -> None:
    for tp in consumer.assignment():
        offset = delivered.get(tp)
        offset = await consumer.committed(tp) if offset is None else offset
        if offset is None:
            await consumer.seek_to_beginning(tp)
        else:
            consumer.seek(tp, offset)


async def _read_one(consumer: AIOKafkaConsumer, tp: TopicPartition, most: int) -> Records:
    """Records of one partition up to the first bad one, or that alone."""
    read: Records = []
    while len(read) < most:
        start = await consumer.position(tp)
        try:
            one = (await consumer.getmany(tp, timeout_ms=FETCH_MS if not read else 0, max_records=1)).get(tp, [])
        except UnicodeDecodeError:
            if not read:
                return [_skip(consumer, tp, start)]
            consumer.seek(tp, start)
            return read
        if not one:
            return read
        read += one
    return read


def _skip(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> "ConsumerRecord[bytes, bytes]":
    log.warning("unreadable record", extra={"topic": tp.topic, "partition": tp.partition, "offset": offset})
    consumer.seek(tp, offset + 1)
    return ConsumerRecord(tp.topic, tp.partition, offset, -1, 0, None, b"", None, -1, 0, ())
