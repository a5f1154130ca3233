"""kill -9 of every process of the local stack: it comes back, at its address, with its data."""

import os
import signal
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import clickhouse_connect
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tritonclient.grpc import aio as triton_client

from deploy.stack.local import LocalStack
from deploy.stack.processes import is_alive, wait_until
from deploy.stack.records import BACKENDS


@pytest.fixture
def whole(stack: LocalStack) -> Iterator[LocalStack]:
    """The stack, whole again afterwards whatever the test did."""
    yield stack
    stack.start()


async def write(stack: LocalStack, name: str) -> None:
    """Leave a message in a topic and a row in a table of that name, both acknowledged."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all") as producer:
        await producer.send_and_wait(name, name.encode(), partition=0)
    command(stack, f"CREATE TABLE {name} (s String) ENGINE = MergeTree ORDER BY s")
    command(stack, f"INSERT INTO {name} VALUES ('{name}')")


async def read(stack: LocalStack, name: str) -> tuple[bytes, object, bool]:
    """That message, that row, and whether the object model is ready."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka)
    async with consumer:
        consumer.assign([TopicPartition(name, 0)])
        await consumer.seek_to_beginning()
        message = (await consumer.getone()).value
    client = triton_client.InferenceServerClient(stack.triton)
    try:
        ready = await client.is_model_ready("objects")
    finally:
        await client.close()
    return message, command(stack, f"SELECT s FROM {name}"), ready


def command(stack: LocalStack, sql: str) -> object:
    there = urlsplit(stack.clickhouse)
    with clickhouse_connect.get_client(host=there.hostname, port=there.port or 0) as client:
        return client.command(sql)


def new_name() -> str:
    return f"t{uuid.uuid4().hex}"


async def test_every_part_killed_at_once_comes_back_with_its_data(whole: LocalStack) -> None:
    name, addresses = new_name(), whole.addresses
    await write(whole, name)
    killed = {part: whole.kill(part) for part in BACKENDS}
    with ThreadPoolExecutor(len(BACKENDS)) as pool:
        list(pool.map(lambda part: whole.wait_ready(part, instead_of=killed[part]), BACKENDS))
    assert whole.addresses == addresses
    assert all(part.restarts >= 1 for part in whole.status().parts)
    assert await read(whole, name) == (name.encode(), name, True)


async def test_a_killed_supervisor_leaves_the_parts_at_work_and_the_next_up_adopts_them(whole: LocalStack) -> None:
    name = new_name()
    await write(whole, name)
    before, addresses = {part: whole.process(part) for part in BACKENDS}, whole.addresses
    whole.kill_supervisor()
    assert not whole.status().running
    assert {part.state for part in whole.status().parts} == {"left running"}
    assert await read(whole, name) == (name.encode(), name, True)
    assert whole.start() == addresses
    assert {part: whole.process(part) for part in BACKENDS} == before
    assert whole.status().ready


async def test_supervisor_and_parts_killed_come_back_with_the_next_up(whole: LocalStack) -> None:
    name, addresses = new_name(), whole.addresses
    await write(whole, name)
    dead = {part: whole.process(part) for part in BACKENDS}
    whole.kill_supervisor()
    for part in BACKENDS:
        whole.kill(part)
    assert not any(map(is_alive, dead.values()))
    assert whole.start() == addresses
    assert all(whole.process(part) != dead[part] for part in BACKENDS)
    assert await read(whole, name) == (name.encode(), name, True)


def test_a_held_part_stays_down_until_it_is_released(whole: LocalStack) -> None:
    whole.kill("clickhouse", hold=True)
    assert wait_until(lambda: state_of(whole, "clickhouse") == "held", 10.0)
    with pytest.raises(OSError, match="refused"):
        command_raw(whole)
    whole.release("clickhouse")
    assert command(whole, "SELECT 1") == 1


def command_raw(stack: LocalStack) -> None:
    there = urlsplit(stack.clickhouse)
    socket.create_connection((there.hostname or "", there.port or 0), timeout=5).close()


def state_of(stack: LocalStack, part: str) -> str:
    return next(found.state for found in stack.status().parts if found.name == part)


def test_a_part_that_hangs_is_seen_as_unwell(whole: LocalStack) -> None:
    """SIGSTOP: it lives and says nothing. (When it is ended for that is `restarts.why_end`, tested alone.)"""
    process = whole.process("clickhouse")
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert wait_until(lambda: state_of(whole, "clickhouse") == "unwell", 20.0)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    whole.wait_ready("clickhouse")
    assert whole.process("clickhouse") == process
