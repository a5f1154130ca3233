"""Watches the worker from inside: asks the broker where the log ends, measures the lag, ends what stands still."""

import asyncio
import logging
import time
from typing import Any

from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from ingest.telemetry import Check, now_ms
from ingest.topics import OBSERVATIONS, PARTITIONS, topic_name
from scoring.settings import ScoringSettings
from scoring.worker.host import Host
from scoring.worker.metrics import LAG, OLDEST_UNREAD_SECONDS
from scoring.worker.pauses import Exit, end_process
from scoring.worker.progress import NOT_STARTED, Progress

PROBE_S = 2.0
PROBE_DEADLINE_S = 5.0
UNHEALTHY_SHARE = 1 / 3  # of what ends the process: an orchestrator may notice first

log = logging.getLogger(__name__)


class Watch:
    """Health of one worker."""

    def __init__(self, settings: ScoringSettings, app: Any, host: Host) -> None:
        self._app, self._host, self._limit_s = app, host, settings.stalled_s
        self._topic = topic_name(OBSERVATIONS, settings.topic_prefix)
        self._progress = Progress(time.monotonic())

    def checks(self) -> dict[str, Check]:
        """The named checks of `/healthz`."""
        limit_s = self._limit_s * UNHEALTHY_SHARE
        return {
            "broker": lambda: self._progress.unreachable(time.monotonic(), limit_s),
            "partitions": self._progress.unassigned,
            "progress": lambda: self._progress.stalled(time.monotonic(), limit_s),
        }

    async def watch_forever(self) -> None:
        """Look every PROBE_S seconds; end the process when it has stood still for too long."""
        while True:
            await asyncio.sleep(PROBE_S)
            await self._probe()
            if reason := self._standstill(time.monotonic()):
                end_process(Exit.STALLED, f"{reason}; a restart may help")

    def _standstill(self, now_s: float) -> str | None:
        reason = self._progress.unreachable(now_s, self._limit_s) or self._progress.stalled(now_s, self._limit_s)
        if reason and not self._sees_topic():
            return f"{reason}, and the broker shows no topic {self._topic}"
        return reason

    def _sees_topic(self) -> bool:
        try:
            return bool(self._app.consumer.sees(self._topic))
        except ConsumerNotStarted:
            return False

    async def _probe(self) -> None:
        consumer = self._app.consumer
        try:
            async with asyncio.timeout(PROBE_DEADLINE_S):
                ends = await consumer.highwaters(*[TP(self._topic, number) for number in range(PARTITIONS)])
        except (OSError, TimeoutError, ConsumerNotStarted) as error:
            log.info("the broker did not say where the log ends", extra={"reason": repr(error)})
            return
        owned = self._host.owned()
        assigned = [tp.partition for tp in consumer.assignment()]
        next_offsets = {n: owned[n].partition.next_offset if n in owned else NOT_STARTED for n in assigned}
        self._progress.see(time.monotonic(), next_offsets, {tp.partition: end for tp, end in ends.items()})
        self._measure()

    def _measure(self) -> None:
        LAG.clear()
        OLDEST_UNREAD_SECONDS.clear()
        owned = self._host.owned()
        for number, lag in self._progress.lag.items():
            LAG.labels(number).set(lag)
            read_ms = owned[number].partition.log_ms if number in owned else 0
            age_s = (now_ms() - read_ms) / 1000 if lag and read_ms else 0.0
            OLDEST_UNREAD_SECONDS.labels(number).set(max(0.0, age_s))
