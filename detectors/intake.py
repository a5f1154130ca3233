"""Frames from the log into the lanes: what is owned, what is read twice, when to stop reading for a while."""

import logging
from collections.abc import Callable

from detectors.metrics import FRAME_METERS, Meters
from detectors.ordering import Lane, Slot
from ingest.log import Reader, Record, TopicPartition

READ_MS = 200
READ_MOST = 64

Lanes = dict[TopicPartition, Lane]

log = logging.getLogger(__name__)


class Intake:
    """Reads one batch after another. `accept` is handed every new record with its slot, opened in its lane.

    `left` hears of partitions whose lane was abandoned: they are another worker's, or begin again further back.
    """

    def __init__(
        self,
        reader: Reader,
        lanes: Lanes,
        accept: Callable[[Record, Slot], None],
        meters: Meters = FRAME_METERS,
        left: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._reader, self._lanes, self._accept, self._meters, self._left = reader, lanes, accept, meters, left
        self._paused: set[TopicPartition] = set()

    async def read(self) -> None:
        """Read what is there, at most for READ_MS. Polls in any case: full partitions are paused, not left unread."""
        self._forget_lost()
        self._hold_back()
        for tp, records in (await self._reader.read(READ_MS, READ_MOST)).items():
            for record in records:
                self._open(tp, record)
        self._meters.lag.clear()  # a partition that went away must not leave its last figure behind
        for tp, behind in self._reader.lag().items():
            self._meters.lag.labels(tp.partition).set(behind)

    def _open(self, tp: TopicPartition, record: Record) -> None:
        lane = self._lanes.get(tp)
        if lane is not None and lane.was_rewound(record.offset):
            log.warning("partition was rewound", extra={"partition": tp.partition, "offset": record.offset})
            self._abandon(tp)
            lane = None
        if lane is None:
            lane = self._lanes[tp] = Lane()
        if lane.holds(record.offset):
            return
        slot = Slot(record.offset, size=len(record.value))
        lane.open(slot)
        self._meters.read.inc()
        self._accept(record, slot)

    def _forget_lost(self) -> None:
        """Drop lanes of partitions that went to another worker. During a rebalance nothing is owned: then wait."""
        owned = self._reader.assignment()
        for tp in [tp for tp in self._lanes if owned and tp not in owned]:
            log.info("partition lost", extra={"partition": tp.partition, "open_frames": len(self._lanes[tp])})
            self._abandon(tp)
            self._paused.discard(tp)

    def _abandon(self, tp: TopicPartition) -> None:
        self._lanes.pop(tp).abandon()
        self._left(tp.partition)

    def _hold_back(self) -> None:
        """Pause full lanes, resume those with room. A rebalance forgets pauses, so they are said again every time."""
        self._paused |= {tp for tp, lane in self._lanes.items() if lane.is_full}
        roomy = {tp for tp in self._paused if tp not in self._lanes or self._lanes[tp].has_room}
        self._paused -= roomy
        self._reader.resume(*roomy)
        self._reader.pause(*self._paused)
