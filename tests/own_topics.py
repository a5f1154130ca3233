"""Topics of a test's own on a shared broker, gone when the test ends: thousands of partitions make a broker slow."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient

from ingest.topics import TOPICS, create_topics, topic_name


@asynccontextmanager
async def own_topics(bootstrap: str, name: str) -> AsyncIterator[str]:
    """Create all topics under a new prefix, which it yields."""
    prefix = f"{name}-{uuid.uuid4().hex[:8]}-"
    await create_topics(bootstrap, prefix)
    try:
        yield prefix
    finally:
        await delete_topics(bootstrap, prefix)


async def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete what there is of the topics under a prefix."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic_name(t.name, prefix) for t in TOPICS])
    finally:
        await admin.close()
