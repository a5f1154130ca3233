"""The one table of topics: what is kept, how it is stamped. All have the same number of partitions, keyed by session.

Run: `python -m ingest.topics` creates what is missing of it.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from ingest.errors import InputError, ProctorError, TransientError
from ingest.settings import LogSettings, from_environment

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
PARTITIONS = 8
KEPT_BY_KEY = -1
CREATE_DEADLINE_S = 20.0

# Who recovers reads such a topic whole, so it is kept close to one record a key: what is closed (after `segment_ms` or
# 16 MB) is compacted within another minute even when little of it is stale. A key that was forgotten stays visible as
# forgotten for longer than a reader may take.
KEEP_LATEST = {
    "cleanup.policy": "compact",
    "segment.bytes": str(16 << 20),
    "max.compaction.lag.ms": str(MINUTE_MS),
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": str(5 * MINUTE_MS),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `stamped_by` is message.timestamp.type: a client's clock must not keep perishable data for ever.

    `retention_ms` KEPT_BY_KEY: the latest record of each key is kept, nothing else (`KEEP_LATEST`). `latest_only`: the
    same, but for no longer than `retention_ms`.
    """

    name: str
    key: str
    value: str
    written_by: str
    read_by: str
    retention_ms: int
    stamped_by: str = "CreateTime"
    segment_ms: int = HOUR_MS
    max_message_bytes: int = 1 << 20
    latest_only: bool = False

    @property
    def settings(self) -> dict[str, str]:
        """The topic's configuration in Kafka's names."""
        settings = {
            "retention.ms": str(self.retention_ms),
            "segment.ms": str(self.segment_ms),
            "message.timestamp.type": self.stamped_by,
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.latest_only:
            return settings | KEEP_LATEST | {"cleanup.policy": "compact,delete"}
        return settings | KEEP_LATEST if self.retention_ms == KEPT_BY_KEY else settings


FRAMES, AUDIO, OBSERVATIONS = "frames", "audio", "observations"
RISK_EVENTS, SHADOW_EVENTS = "risk-events", "shadow-events"
NOTICES, DEAD_LETTERS, CHECKPOINTS = "notices", "dead-letters", "scoring-checkpoints"
REFERENCES = "references"


def kept_by_key(name: str, stage: str) -> Topic:
    """A topic of checkpoints: what `stage` reads when it recovers."""
    key, value = "session, policy or position", "state after the last checkpoint"
    return Topic(name, key, value, stage, stage, KEPT_BY_KEY, segment_ms=MINUTE_MS)


# A segment of 30 s and a check every 15 s bound what is kept of a retention of 2 minutes to about 4.
TOPICS = (
    Topic(
        FRAMES, "session", "JPEG bytes, metadata in headers", "ingest", "detectors",
        2 * MINUTE_MS, "LogAppendTime", 30_000, 4 << 20,
    ),
    Topic(
        AUDIO, "session", "1 s of 16 kHz mono PCM, metadata in headers", "ingest", "detectors",
        2 * MINUTE_MS, "LogAppendTime", 30_000,
    ),
    Topic(
        OBSERVATIONS, "none", "bundle of observations", "ingest, detectors, scoring (ticks)", "scoring, sinks",
        DAY_MS,
    ),
    Topic(RISK_EVENTS, "session", "event, score sample or verdict", "scoring", "sinks", 7 * DAY_MS),
    Topic(SHADOW_EVENTS, "session", "the same under a policy on trial", "scoring", "sinks", 7 * DAY_MS),
    Topic(
        NOTICES, "session", "what a candidate may be told", "scoring", "ingest",
        5 * MINUTE_MS, "LogAppendTime", MINUTE_MS,
    ),
    Topic(DEAD_LETTERS, "origin", "coordinates and reason, never pixels", "every stage", "`proctor dlq`", 7 * DAY_MS),
    kept_by_key(CHECKPOINTS, "scoring"),
    # Deleted at a session's end; the day is for sessions that never end.
    Topic(
        REFERENCES, "session", "sealed reference of a face", "detectors", "detectors",
        DAY_MS, "LogAppendTime", MINUTE_MS, 64 << 10, latest_only=True,
    ),
)  # fmt: skip


def partition_of(session: str, partitions: int = PARTITIONS) -> int:
    """The partition of a session in every topic: worked out once, where the session enters."""
    return crc32(session.encode()) % partitions


def topic_name(name: str, prefix: str = "") -> str:
    """What a topic of the table is called on a broker where `prefix` sets several pipelines apart."""
    return prefix + name


async def create_topics(bootstrap: str, prefix: str = "", replicas: int = 1, topics: Sequence[Topic] = TOPICS) -> None:
    """Create what is missing of `topics`.

    Raises: TransientError when the broker does not answer; InputError when a topic exists with another partition count.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        async with asyncio.timeout(CREATE_DEADLINE_S):
            await admin.start()
            await _create_missing(admin, prefix, replicas, topics)
            while not await _all_led(admin, prefix, topics):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # only asking again tells
    except (KafkaError, OSError, TimeoutError) as error:
        raise TransientError(
            f"cannot create topics on {bootstrap}: {error or 'no answer'}. Is the broker up?"
        ) from error
    finally:
        await admin.close()


async def _create_missing(admin: AIOKafkaAdminClient, prefix: str, replicas: int, topics: Sequence[Topic]) -> None:
    wanted = [NewTopic(topic_name(t.name, prefix), PARTITIONS, replicas, topic_configs=t.settings) for t in topics]
    reply = await admin.create_topics(wanted)
    for name, code, *detail in reply.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name}: {detail}")


async def _all_led(admin: AIOKafkaAdminClient, prefix: str, topics: Sequence[Topic]) -> bool:
    """Whether every partition has a leader: a new topic takes a moment until it can be written."""
    described = await admin.describe_topics([topic_name(t.name, prefix) for t in topics])
    _check_partitions(described)
    return all(t["partitions"] and all(p["leader"] >= 0 for p in t["partitions"]) for t in described)


def _check_partitions(topics: list[dict[str, Any]]) -> None:
    for described in topics:
        count = len(described["partitions"])
        if count not in (0, PARTITIONS):
            raise InputError(
                f"topic {described['topic']}",
                f"has {count} partitions, not {PARTITIONS}, so sessions would not stay in one partition",
                "Delete the topic or use another broker",
            )


def main() -> int:
    """Create the topics where the environment says; 0, or 1 with one line on standard error."""
    try:
        settings = from_environment(LogSettings)
        asyncio.run(create_topics(settings.kafka, settings.topic_prefix, settings.topic_replicas))
    except ProctorError as error:
        print(f"ingest.topics: {error}", file=sys.stderr)
        return 1
    print(f"{len(TOPICS)} topics of {PARTITIONS} partitions on {settings.kafka}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
