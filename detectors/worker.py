"""The worker: frames from the log to the detectors and their observations back, in order, losing nothing.

Every frame has a slot in its partition's lane. Hands of two kinds look at frames side by side; finished frames leave
their lane in their session's order. A crash repeats what was not committed, with the same bytes.
"""

import asyncio
import logging

from detectors.admission import TOO_OLD, UNREADABLE, given_up, is_too_old
from detectors.burying import Burial, check_session
from detectors.draining import Stopped, read_until_stopped
from detectors.frame import OBJECTS, PICTURE, Frame, Glance, objects_observed
from detectors.identity.desk import Desk
from detectors.intake import Intake, Lanes
from detectors.looking.pool import Pool
from detectors.looks import Looks
from detectors.messages import FramesEnded, ObjectsObserved
from detectors.objects import TritonObjects
from detectors.ordering import Slot
from detectors.outbox import Outbox
from detectors.plan import LookPlan
from detectors.recollection import Recollection
from ingest.errors import PoisonError
from ingest.log import Reader, Record, Writer
from ingest.messages import FrameHeader, FramesDropped, read_frame_header
from ingest.telemetry import now_ms

HANDS_A_PROCESS = 3
"""One picture looked at, one in the pipe, one on its way back."""

log = logging.getLogger(__name__)


class Worker:
    """One run between a start of the reader and its stop; a new one begins from the commits."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        pool: Pool,
        objects: TritonObjects,
        plan: LookPlan,
        desk: Desk | None = None,
    ) -> None:
        self._pool, self._objects, self._plan = pool, objects, plan
        self._recollection = Recollection(desk)
        self._lanes: Lanes = {}
        self._burial = Burial(writer, self._settle)
        self._intake = Intake(reader, self._lanes, self._accept, left=self._recollection.leave)
        self._outbox = Outbox(
            writer, reader, self._lanes, complete=self._recollection.complete, settle=self._recollection.settle
        )
        at_once = HANDS_A_PROCESS * pool.size
        self._picture_looks = Looks(PICTURE, at_once, self._look_at_picture, self._give_up, self._bury)
        in_flight = plan.objects_in_flight
        self._object_looks = Looks(OBJECTS, in_flight, self._look_at_objects, self._give_up, self._bury)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what was read and commit.

        Raises: ExceptionGroup of what ended it; if all in it is transient, a new run may go on from the commits.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._start(group)
                await read_until_stopped(self._intake, self._outbox, stop)
        except* Stopped:
            log.info("stopped", extra={"open_frames": sum(len(lane) for lane in self._lanes.values())})

    def _start(self, group: asyncio.TaskGroup) -> None:
        self._picture_looks.start(group)
        self._object_looks.start(group)
        for forever in (self._outbox.publish_forever, self._outbox.commit_forever, self._burial.bury_headless_forever):
            group.create_task(forever())

    def _accept(self, record: Record, slot: Slot) -> None:
        """Decide what becomes of a record that was just read."""
        try:
            header = _read_header(record)
        except PoisonError as error:
            self._burial.add_headless(record, slot, str(error))
            return
        slot.session, slot.ingested_ms = header.session, header.ingested_ms
        if header.end:
            self._settle(slot, _ended(header))
        else:
            self._assign(Frame(record, header, slot))

    def _assign(self, frame: Frame) -> None:
        """Hand a frame to the looks that are due."""
        header, plan = frame.header, self._plan
        kinds = ((self._picture_looks, plan.takes_face(header)), (self._object_looks, plan.takes_objects(header)))
        due = [looks for looks, takes in kinds if takes]
        frame.slot.awaited = len(due)
        for looks in due:
            looks.put(frame)
        if not due:
            self._settle(frame.slot)
        elif is_too_old(header, now_ms()):
            self._give_up(frame)

    async def _look_at_picture(self, frame: Frame) -> None:
        likeness = self._recollection.wants_likeness(frame)
        reading = await self._pool.look(self._plan.asked(frame.header, frame.record.value, likeness))
        self._answer(frame.slot, PICTURE, Glance(frame, reading, self._pool.models))

    async def _look_at_objects(self, frame: Frame) -> None:
        reading = await self._objects.look(frame.record.value, lambda: _is_wanted(frame))
        self._answer(frame.slot, OBJECTS, objects_observed(frame, reading))

    def _answer(self, slot: Slot, rank: int, seen: Glance | ObjectsObserved) -> None:
        slot.answer(rank, seen)
        if slot.outcome is not None:
            self._burial.count_good()
            self._outbox.nudge()

    def _settle(self, slot: Slot, *outcome: FramesEnded | FramesDropped) -> None:
        slot.settle(*outcome)
        self._outbox.nudge()

    def _give_up(self, frame: Frame) -> None:
        self._settle(frame.slot, given_up(frame.header, TOO_OLD))

    async def _bury(self, frame: Frame, reason: str) -> None:
        """A picture that nobody can look at; both kinds of look may find that out."""
        if not frame.slot.refused:
            frame.slot.refused = True
            await self._burial.bury(frame.record, reason)
            self._settle(frame.slot, given_up(frame.header, UNREADABLE))


def _is_wanted(frame: Frame) -> bool:
    """Whether an answer still counts: it is young enough, and the other kind of look has not given it up."""
    return frame.slot.outcome is None and not is_too_old(frame.header, now_ms())


def _read_header(record: Record) -> FrameHeader:
    """Raises: PoisonError when it cannot be read, or would make observations too large for their topic."""
    header = read_frame_header(record.headers)
    check_session(header.session)
    return header


def _ended(header: FrameHeader) -> FramesEnded:
    return FramesEnded(
        session=header.session, seq=header.seq, capture_ms=header.capture_ms, ingested_ms=header.ingested_ms
    )
