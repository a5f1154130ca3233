"""What reading and writing Kafka share: how its errors are judged, how a client starts, what a rebalance tells."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from ingest.errors import PoisonError, TransientError
from ingest.messages import Headers
from ingest.topics import TOPICS

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 10.0
LARGEST_REQUEST = 4 << 20
GATHER_BYTES = 256 << 10
"""As much need not be gathered any longer."""
RECORD_OVERHEAD = 256  # a batch's header takes 61 bytes, a record's own fields and their sizes up to 40

log = logging.getLogger(__name__)


def judged(error: Exception, what: str) -> Exception:
    """What to raise for `error`: TransientError, PoisonError, or the error itself when only a new process can help."""
    if isinstance(error, MessageSizeTooLargeError):
        return PoisonError(f"{what}: {error}")
    if getattr(error, "retriable", False) or isinstance(error, KafkaTimeoutError):
        return TransientError(f"{what}: {error or type(error).__name__}")
    return error


def check_size(topic: str, key: bytes | None, value: bytes, headers: Headers) -> None:
    """Refuse here what the broker would refuse: a refused batch breaks an idempotent producer's sequence for good.

    Raises: PoisonError.
    """
    limit = next((t.max_message_bytes for t in TOPICS if t.name == topic), LARGEST_REQUEST)
    size = len(value) + len(key or b"") + sum(len(name) + len(data) for name, data in headers) + RECORD_OVERHEAD
    if size > limit:
        raise PoisonError(f"a record of {size} bytes is too large for {topic}, which takes {limit}")


def gathering(gather_ms: int) -> dict[str, Any]:
    """Settings of a consumer whose answers may come later by so much, with more in them; 0: each record at once."""
    return {"fetch_min_bytes": GATHER_BYTES, "fetch_max_wait_ms": gather_ms} if gather_ms else {}


async def start_client(client: Any, bootstrap: str, deadline_s: float) -> None:
    """Start an aiokafka client.

    Raises: TransientError when no broker answers in time or a topic is missing; the client is closed then.
    """
    try:
        async with asyncio.timeout(deadline_s):
            await client.start()
    except (KafkaError, OSError, TimeoutError) as error:
        await client.stop()
        why = str(error) or "no answer in time"
        raise TransientError(
            f"cannot work with the broker at {bootstrap}: {why}. Is it up, with its topics?"
        ) from error


class Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells a reader that what it holds may now belong to somebody else."""

    def __init__(self, revoked: Callable[[bool], None]) -> None:
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: object) -> None:
        self._revoked(bool(revoked))

    async def on_partitions_assigned(self, assigned: object) -> None:
        log.info("partitions assigned", extra={"assigned": str(assigned)})
