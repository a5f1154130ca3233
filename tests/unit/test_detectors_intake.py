"""Reading through rebalances and floods, on the log in memory: nothing twice, nothing lost, nobody held up."""

import asyncio
import time

from detectors.intake import Intake, Lanes
from detectors.messages import FramesEnded
from detectors.ordering import MOST_FRAMES, Slot
from ingest.log import Record, TopicPartition
from ingest.memory_log import MemoryLog, MemoryReader
from ingest.topics import FRAMES

P0, P1 = TopicPartition(FRAMES, 0), TopicPartition(FRAMES, 1)


class Desk:
    """An intake with what it accepted."""

    def __init__(self, log: MemoryLog) -> None:
        self.lanes: Lanes = {}
        self.accepted: list[tuple[int, int]] = []
        self.slots: list[Slot] = []
        self.reader = MemoryReader(log, "detectors", FRAMES)
        self.intake = Intake(self.reader, self.lanes, self._accept)

    def _accept(self, record: Record, slot: Slot) -> None:
        self.accepted.append((record.partition, record.offset))
        self.slots.append(slot)

    async def read_until(self, count: int) -> None:
        until = time.monotonic() + 10
        while len(self.accepted) < count:
            assert time.monotonic() < until, self.accepted
            await self.intake.read()


def log_of(counts: dict[int, int]) -> MemoryLog:
    log = MemoryLog(partitions=2)
    for partition, count in counts.items():
        for _ in range(count):
            log.append(FRAMES, partition, b"jpeg", None, ())
    return log


async def test_a_rebalance_opens_no_frame_twice_and_forgets_what_went_away() -> None:
    """The eager rebalance starts both partitions again from the commit; partition 1 goes to the other member."""
    log = log_of({0: 5, 1: 5})
    desk, other = Desk(log), MemoryReader(log, "detectors", FRAMES)
    await desk.reader.start()
    await desk.read_until(10)
    lost = [slot for place, slot in zip(desk.accepted, desk.slots, strict=True) if place[0] == 1]
    await other.start()
    log.append(FRAMES, 0, b"jpeg", None, ())
    await desk.read_until(11)
    assert set(desk.lanes) == {P0}
    assert sorted(desk.accepted[:10]) == [(0, o) for o in range(5)] + [(1, o) for o in range(5)]
    assert desk.accepted[10:] == [(0, 5)]
    assert [slot.outcome for slot in lost] == [()] * 5, "nobody needs to look at them here"
    await other.stop()
    await desk.read_until(16)
    assert desk.accepted[11:] == [(1, o) for o in range(5)], "what came back uncommitted is looked at again"


async def test_a_flood_is_held_back_and_the_other_partition_is_read() -> None:
    log = log_of({0: 500})
    desk = Desk(log)
    await desk.reader.start()
    await desk.read_until(MOST_FRAMES)
    for _ in range(3):
        await desk.intake.read()
    held = len(desk.accepted)
    assert held <= 2 * MOST_FRAMES
    log.append(FRAMES, 1, b"jpeg", None, ())
    await desk.read_until(held + 1)
    assert desk.accepted[-1] == (1, 0)
    for slot in desk.slots:
        slot.settle(FramesEnded(session="s", seq=0, capture_ms=0, ingested_ms=0))
    desk.lanes[P0].take_finished(1000)
    await desk.read_until(held + 2)
    assert desk.accepted[held + 1] == (0, held)


async def test_a_partition_moved_back_is_looked_at_again() -> None:
    """Somebody resets the group to have frames looked at anew: offsets below our commit are no repetition."""
    log = log_of({0: 3})
    desk = Desk(log)
    await desk.reader.start()
    await desk.read_until(3)
    desk.lanes[P0].committed = 3
    log.commits["detectors"][P0] = 1
    await desk.reader.stop()
    await desk.reader.start()
    await asyncio.wait_for(desk.read_until(5), 10)
    assert desk.accepted[3:] == [(0, 1), (0, 2)]
