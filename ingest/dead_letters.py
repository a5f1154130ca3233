"""Where messages go that can never be processed: their coordinates and the reason, never their content."""

import logging

from ingest.log import Acknowledgement, Record, Writer
from ingest.messages import DeadLetter, encode_message
from ingest.telemetry import DEAD_LETTERS as COUNTED
from ingest.telemetry import ERRORS
from ingest.topics import DEAD_LETTERS

log = logging.getLogger(__name__)


def origin(stage: str, topic: str, partition: int, offset: int) -> bytes:
    """The key of a dead letter: repeated deliveries of one bad message to one stage share it."""
    return f"{stage}/{topic}/{partition}/{offset}".encode()


async def send_dead_letter(writer: Writer, stage: str, record: Record, reason: str) -> Acknowledgement:
    """Count, log and publish that `stage` gave `record` up; await the result before committing past the record."""
    ERRORS.labels(stage, "poison").inc()
    COUNTED.labels(stage, record.topic).inc()
    topic, partition, offset = record.topic, record.partition, record.offset
    where = {"topic": topic, "partition": partition, "offset": offset, "reason": reason}
    log.warning("dead letter", extra=where)
    size = len(record.value)
    letter = DeadLetter(topic=topic, partition=partition, offset=offset, stage=stage, reason=reason, size_bytes=size)
    return await writer.send(
        DEAD_LETTERS, partition, encode_message(letter), key=origin(stage, topic, partition, offset)
    )
