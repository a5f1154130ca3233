"""The partitions of this worker: taken over from their checkpoints, folded, saved, let go."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from ingest.errors import ProctorError
from ingest.log import Record, Writer
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.settings import ScoringSettings
from scoring.worker.changelog import Changelog, FencedError, read_changelog
from scoring.worker.checkpoint import View
from scoring.worker.metrics import LIVE_SESSIONS, RECOVERY_SECONDS, REFOLDED
from scoring.worker.outbox import Outbox
from scoring.worker.ownership import OwnedPartition
from scoring.worker.pauses import Exit, PauseGuard, end_process
from scoring.worker.poison import PoisonShare

LEAVE_DEADLINE_S = 10.0  # a rebalance waits for the last checkpoint, but not for ever

log = logging.getLogger(__name__)


class Host:
    """What this worker owns; every failure to write ends the process, since only the log is true then."""

    def __init__(self, settings: ScoringSettings, writer: Writer, pauses: PauseGuard) -> None:
        self._settings, self._writer, self._pauses = settings, writer, pauses
        self._retention = Retention(int(settings.finished_s * 1000), int(settings.silence_s * 1000))
        self._poison = PoisonShare(settings.poison_share)
        self._owned: dict[int, OwnedPartition] = {}

    def owned(self) -> Mapping[int, OwnedPartition]:
        """The partitions taken over, by number."""
        return self._owned

    def with_sessions(self) -> list[int]:
        """The partitions that remember a session."""
        owned = ((number, one.partition) for number, one in self._owned.items())
        return [number for number, partition in owned if partition.sessions or partition.awaited]

    async def take_over(self, held: Mapping[int, range], generation: int) -> dict[int, int]:
        """Own the partitions of `held` (the offsets that the log has of each); where to start reading each of them."""
        try:
            return await self._take_over(held, generation)
        except ProctorError as error:
            end_process(Exit.RECOVERY_FAILED, f"cannot take partitions over: {error}", partitions=sorted(held))

    async def _take_over(self, held: Mapping[int, range], generation: int) -> dict[int, int]:
        started = time.perf_counter()
        changelogs = await self._fence(held)
        try:
            views = await read_changelog(self._settings.kafka, self._settings.changelog, held)
            owned = {
                number: await self._own(number, view, held[number], changelogs[number], generation)
                for number, view in views.items()
            }
        except BaseException:
            await _all(changelog.close() for changelog in changelogs.values())
            raise
        self._owned = owned
        RECOVERY_SECONDS.observe(time.perf_counter() - started)
        starts = {number: one.partition.next_offset for number, one in owned.items()}
        log.info("partitions taken over", extra={"starts": starts, "seconds": round(time.perf_counter() - started, 3)})
        return starts

    async def take(self, record: Record, generation: int) -> None:
        """Fold one record, if it was read under the generation that owns its partition."""
        owned = self._owned.get(record.partition)
        if owned is None or owned.generation != generation:
            return  # whoever owns the partition now reads it
        self._pauses.check()
        try:
            is_poison = await owned.take(record)
        except ProctorError as error:
            end_process(Exit.WRITE_FAILED, f"cannot publish: {error}", partition=record.partition)
        except Exception:
            log.exception("defect", extra={"partition": record.partition, "offset": record.offset})
            end_process(Exit.DEFECT, "a defect in folding or publishing; see the line before")
        if self._poison.add(is_poison):
            end_process(Exit.POISON, "too many bad records: something is wrong with this worker or its input")

    async def checkpoint(self) -> None:
        """Save what each partition has folded."""
        await _all(self._save(number, owned) for number, owned in list(self._owned.items()))
        LIVE_SESSIONS.set(sum(owned.partition.live for owned in self._owned.values()))

    async def checkpoint_forever(self, saved: Callable[[Mapping[int, int]], None]) -> None:
        """Checkpoint every `checkpoint_s` seconds of the wall clock, which bounds what a crash repeats and what the
        changelog grows; `saved` is told the positions."""
        while True:
            await asyncio.sleep(self._settings.checkpoint_s)
            await self.checkpoint()
            saved({number: owned.saved_offset for number, owned in self._owned.items()})

    async def let_go(self) -> None:
        """Save and release everything: a rebalance or the end."""
        leaving, self._owned = self._owned, {}
        for owned in leaving.values():
            owned.is_revoked = True
        try:
            async with asyncio.timeout(LEAVE_DEADLINE_S):
                await _all(self._save(number, owned) for number, owned in leaving.items())
        except TimeoutError:
            log.warning("no time for a last checkpoint: the next owner repeats what came after the one before")
        await _all(owned.release() for owned in leaving.values())

    async def _save(self, number: int, owned: OwnedPartition) -> None:
        self._pauses.check()
        try:
            await owned.checkpoint()
        except FencedError as error:
            if not owned.is_revoked:
                end_process(Exit.FENCED, f"{error}: this worker was away for too long", partition=number)
        except ProctorError as error:
            end_process(Exit.WRITE_FAILED, f"cannot save: {error}", partition=number)

    async def _fence(self, numbers: Iterable[int]) -> dict[int, Changelog]:
        at = self._settings
        changelogs = {number: Changelog(at.kafka, at.changelog, number, at.group) for number in numbers}
        await _all(changelog.open() for changelog in changelogs.values())
        return changelogs

    async def _own(self, number: int, view: View, held: range, changelog: Changelog, generation: int) -> OwnedPartition:
        start = held.start if view.position is None else view.position
        if start not in held:
            start = await self._restart(number, view, held, changelog)
        partition = view.partition(self._retention, start, self._settings.shadow, held.start)
        _tell_of_another_version(number, partition)
        outbox = Outbox(self._writer, number, self._pauses, self._settings.events)
        return OwnedPartition(partition, outbox, changelog, generation)

    async def _restart(self, number: int, view: View, held: range, changelog: Changelog) -> int:
        """The log no longer holds the position: retention took it, or the topic was made anew."""
        what = f"partition {number}: position {view.position} is outside the log ({held.start} to {held.stop - 1})"
        if self._settings.lost_position == "stop":
            end_process(Exit.POSITION_LOST, f"{what}. `python -m scoring position` says what is lost and how to go on")
        log.error("position lost, going on with what the log still has", extra={"reason": what})
        if view.position is not None and view.position >= held.stop:
            await changelog.write(list(view.forget()))
        return held.start


def _tell_of_another_version(number: int, partition: Partition) -> None:
    again = partition.again
    if not again.sessions:
        return
    REFOLDED.inc(len(again.sessions))
    cut, records = sorted(again.cut), again.until - partition.next_offset
    says = {"partition": number, "sessions": len(again.sessions), "records": records, "without_beginning": cut}
    log.warning("sessions of another version of the fold are folded again", extra=says)


async def _all(steps: Iterable[Awaitable[Any]]) -> None:
    await asyncio.gather(*steps)
