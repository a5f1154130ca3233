"""What every layer of tests may use."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack


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
