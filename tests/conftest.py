"""What every layer of tests may use."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack
    from ingest.kafka_log import KafkaWriter


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LocalStack]":
    """A real Kafka broker, Triton with our models and the ClickHouse endpoint, started once for the whole run.

    `stack.kafka`, `stack.triton` (gRPC; host:port both), `stack.clickhouse` (URL), `stack.environment` for processes.
    Tests that kill parts of it wait until they are ready again (`stack.restart`), so that the next test finds it whole.
    """
    from deploy.stack.local import LocalStack  # unit tests should not wait for its imports

    with LocalStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def whole_stack(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LocalStack]":
    """A stack of its own with every part, the stages too, as `proctor up` starts it."""
    from deploy.stack.local import LocalStack
    from deploy.stack.records import PARTS

    with LocalStack(tmp_path_factory.mktemp("whole"), PARTS) as running:
        yield running


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> str:
    """The address of a real broker."""
    return os.environ.get("PROCTOR_KAFKA") or str(request.getfixturevalue("stack").kafka)


@pytest.fixture
async def unused_prefix(broker: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A prefix under which there is no topic yet, and after the test none again: thousands make a broker slow."""
    from tests.own_topics import delete_topics

    prefix = f"{request.path.stem.removeprefix('test_').replace('_', '-')}-{uuid.uuid4().hex[:8]}-"
    yield prefix
    await delete_topics(broker, prefix)


@pytest.fixture
async def prefix(broker: str, unused_prefix: str) -> str:
    """Topics of this test's own, all of them."""
    from ingest.topics import create_topics

    await create_topics(broker, unused_prefix)
    return unused_prefix


@pytest.fixture
async def writer(broker: str, prefix: str) -> "AsyncIterator[KafkaWriter]":
    """What writes into them."""
    from ingest.kafka_log import KafkaWriter

    async with KafkaWriter(broker, prefix=prefix) as open_writer:
        yield open_writer
