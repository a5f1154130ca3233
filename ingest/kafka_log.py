"""The log on Apache Kafka, by aiokafka.

Settings and their measurements: one open batch per partition, so the default batch of 16 KB sends each frame alone;
1 MB with a linger of 5 ms takes 1.7 times as many frames at half the CPU. JPEG is not compressed again. Frames are
perishable (acks=1); everything else waits for all replicas, idempotently.

Deadlines: `request_timeout_ms` bounds aiokafka's waits for metadata, for room in a full batch and for the answer to one
request; it ends a perishable batch's life, but an idempotent producer tries for ever, because giving up one batch
would break the sequence of all later ones. So an acknowledgement has a deadline of its own; after it the record may
still be written. For the same reason nothing may reach the broker that it would refuse: sizes are checked before.
"""

from ingest.kafka_reader import KafkaReader
from ingest.kafka_writer import KafkaWriter

__all__ = ["KafkaReader", "KafkaWriter"]
