"""Finished frames out of the lanes: bundles, each session's frames in their order, and the commits behind them.

One bundle of a lane is under way at a time: while the broker answers, the next one grows, so that bundles grow with the
load and an idle pipeline waits for nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from detectors.intake import Lanes
from detectors.messages import DetectorLook
from detectors.metrics import BUNDLE, FRAME_METERS, FRAMES_DROPPED, SOUND_DROPPED, Meters
from detectors.metrics import OBSERVATIONS as COUNTED
from detectors.ordering import Lane, Slot
from ingest.errors import TransientError
from ingest.log import Reader, TopicPartition, Writer
from ingest.messages import FramesDropped, SoundDropped, encode_bundle
from ingest.telemetry import ERRORS, now_ms
from ingest.topics import OBSERVATIONS

MOST_IN_BUNDLE = 64
COMMIT_S = 0.5

log = logging.getLogger(__name__)


Complete = Callable[[int, Sequence[object]], Awaitable[list[Any]]]
"""Makes the observations of a partition's outcomes, in their order; may raise TransientError."""
Settle = Callable[[int, Sequence[object]], Awaitable[None]]
"""What is to be done between acknowledgement and commit of a partition's observations; may raise that, too."""


async def as_they_are(_: int, outcomes: Sequence[object]) -> list[Any]:
    """Outcomes that are observations already."""
    return list(outcomes)


async def nothing_more(_: int, __: Sequence[object]) -> None:
    """Observations that leave nothing to do."""


class Outbox:
    """Publishes what is finished and commits what is acknowledged."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        lanes: Lanes,
        meters: Meters = FRAME_METERS,
        complete: Complete = as_they_are,
        settle: Settle = nothing_more,
    ) -> None:
        self._writer, self._reader, self._lanes, self._meters = writer, reader, lanes, meters
        self._complete, self._settle = complete, settle
        self._finished, self._acknowledged = asyncio.Event(), asyncio.Event()
        self._busy: set[Lane] = set()

    async def idle(self) -> None:
        """Return when everything read is published and acknowledged."""
        while self._busy or any(len(lane) for lane in self._lanes.values()):
            self._acknowledged.clear()
            await self._acknowledged.wait()

    def nudge(self) -> None:
        """Say that a frame is finished."""
        self._finished.set()

    async def publish_forever(self) -> None:
        """Send what is finished at the lanes' fronts. Raises: TransientError when the broker takes nothing for long."""
        async with asyncio.TaskGroup() as posts:
            while True:
                await self._finished.wait()
                self._finished.clear()
                for tp, lane in self._lanes.items():
                    if lane not in self._busy and (slots := lane.take_finished(MOST_IN_BUNDLE)):
                        self._busy.add(lane)
                        posts.create_task(self._post(tp, lane, slots))

    async def commit_forever(self) -> None:
        """Commit twice a second; what fails is tried again with the next."""
        while True:
            await asyncio.sleep(COMMIT_S)
            self._tell()
            try:
                await self.commit()
            except TransientError as error:
                ERRORS.labels("detectors", "transient").inc()
                log.warning("commit failed", extra={"reason": str(error)})

    async def commit(self) -> None:
        """Commit every lane that got further. Raises: TransientError."""
        offsets = {tp: lane.to_commit for tp, lane in self._lanes.items()}
        moved = {tp: offset for tp, offset in offsets.items() if offset is not None}
        if not moved:
            return
        lanes = {tp: self._lanes[tp] for tp in moved}
        await self._reader.commit(moved)
        for tp, lane in lanes.items():
            lane.committed = moved[tp]

    async def _post(self, tp: TopicPartition, lane: Lane, slots: list[Slot]) -> None:
        observations = await self._complete(tp.partition, [one for slot in slots for one in slot.outcome or ()])
        if observations:
            await (await self._writer.send(OBSERVATIONS, tp.partition, encode_bundle(observations)))
            BUNDLE.observe(len(observations))
            await self._settle(tp.partition, observations)
        lane.acknowledge(slots)
        self._busy.discard(lane)
        self._acknowledged.set()
        self.nudge()
        for observation in observations:
            _count(observation)
        for slot in slots:
            if slot.ingested_ms:
                self._meters.latency.observe(max(0, now_ms() - slot.ingested_ms) / 1000)

    def _tell(self) -> None:
        now = now_ms()
        self._meters.open.clear()
        self._meters.oldest_seconds.clear()
        for tp, lane in self._lanes.items():
            self._meters.open.labels(tp.partition).set(len(lane))
            since = lane.oldest.ingested_ms if lane.oldest else 0
            self._meters.oldest_seconds.labels(tp.partition).set(max(0, now - since) / 1000 if since else 0)


def _count(observation: object) -> None:
    if isinstance(observation, FramesDropped):
        FRAMES_DROPPED.labels(observation.reason).inc()
    elif isinstance(observation, SoundDropped):
        SOUND_DROPPED.labels(observation.reason).inc()
    elif isinstance(observation, DetectorLook):
        COUNTED.labels(_kind(observation)).inc()


def _kind(observation: DetectorLook) -> str:
    """The kind of a look by its tag: "face" of "face/1"."""
    return str(observation.__struct_config__.tag).partition("/")[0]
