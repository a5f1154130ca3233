"""The topics on a real broker. Without these, a retention or a partition count would be a wish."""

import asyncio
import os
import subprocess
import sys

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from ingest.errors import InputError, TransientError
from ingest.topics import OBSERVATIONS, PARTITIONS, TOPICS, create_topics, topic_name


async def test_topics_are_created_as_the_table_says_once(broker: str, unused_prefix: str) -> None:
    await create_topics(broker, unused_prefix)
    await create_topics(broker, unused_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        described = await admin.describe_topics([topic_name(t.name, unused_prefix) for t in TOPICS])
        wanted = [ConfigResource(ConfigResourceType.TOPIC, topic_name(t.name, unused_prefix)) for t in TOPICS]
        (answer,) = await admin.describe_configs(wanted)
    finally:
        await admin.close()
    assert {len(t["partitions"]) for t in described} == {PARTITIONS}
    found = {name: {entry[0]: entry[1] for entry in entries} for _, _, _, name, entries in answer.resources}
    for topic in TOPICS:
        there = found[topic_name(topic.name, unused_prefix)]
        assert {key: there[key] for key in topic.settings} == topic.settings


async def test_topic_with_another_partition_count_is_refused(broker: str, unused_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic_name(OBSERVATIONS, unused_prefix), 3, 1)])
    finally:
        await admin.close()
    with pytest.raises(InputError, match="has 3 partitions, not 8") as caught:
        await create_topics(broker, unused_prefix)
    assert caught.value.what == f"topic {unused_prefix}observations"


async def test_no_broker() -> None:
    with pytest.raises(TransientError, match=r"cannot create topics on 127\.0\.0\.1:1"):
        await create_topics("127.0.0.1:1")


async def test_command(broker: str, unused_prefix: str) -> None:
    environment = {**os.environ, "PROCTOR_KAFKA": broker, "PROCTOR_TOPIC_PREFIX": unused_prefix}
    command = [sys.executable, "-m", "ingest.topics"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{len(TOPICS)} topics of 8 partitions on {broker}\n"
    bad = {**environment, "PROCTOR_TOPIC_PREFIX": "no spaces"}
    refused = await asyncio.to_thread(
        subprocess.run, command, env=bad, capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 1
    assert "PROCTOR_TOPIC_PREFIX" in refused.stderr
    assert refused.stderr.count("\n") == 1
