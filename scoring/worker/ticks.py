"""Ticks: once a second the owner of a partition writes into the log what time it is, for sessions that went silent."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from ingest.errors import TransientError
from ingest.log import Writer
from ingest.messages import encode_bundle
from ingest.telemetry import ERRORS, now_ms
from ingest.topics import OBSERVATIONS
from scoring.messages import Tick
from scoring.worker.pauses import PauseGuard

TICK_S = 1.0

log = logging.getLogger(__name__)


async def tick_forever(writer: Writer, pauses: PauseGuard, partitions: Callable[[], Iterable[int]]) -> None:
    """Tick once a second, later when the broker is slow; `partitions` are those that remember a session."""
    while True:
        await asyncio.sleep(TICK_S)
        pauses.check()
        try:
            await tick(writer, partitions(), now_ms())
        except TransientError as error:
            ERRORS.labels("scoring", "transient").inc()
            log.warning("no ticks", extra={"reason": str(error)})


async def tick(writer: Writer, partitions: Iterable[int], at_ms: int) -> None:
    """Write one tick into each of `partitions`.

    Raises: TransientError when the broker did not take one.
    """
    bundle = encode_bundle([Tick(at_ms=at_ms)])
    for arrival in [await writer.send(OBSERVATIONS, partition, bundle) for partition in partitions]:
        await arrival
