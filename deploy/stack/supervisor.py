"""The one background process of a stack: makes what is what the plan wants, and writes down what is."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterable

from deploy.stack.errors import StackError
from deploy.stack.folder import Lock, StateFolder, read_record, write_record
from deploy.stack.keeper import Keeper
from deploy.stack.logs import rotate
from deploy.stack.parts import build_part
from deploy.stack.processes import Identity, end, identify, is_alive, marked
from deploy.stack.records import FAILED, NEEDS, PARTS, READY, STAGES, PartRecord, Plan, StackRecord
from deploy.stack.restarts import HOPELESS_FAILURES, RestartRule
from ingest.errors import ProctorError
from ingest.telemetry import configure_logging, now_ms

TICK_S = 0.2
ROTATE_EVERY_TICKS = 50
_log = logging.getLogger(__name__)


class Supervisor:
    """Runs until it is told to stop, its plan is gone, or the process that owns the stack is."""

    def __init__(self, folder: StateFolder, rule: RestartRule) -> None:
        self._folder, self._rule = folder, rule
        self._me = _myself()
        self._plan: Plan | None = None
        self._keepers: dict[str, Keeper] = {}
        self._broken: dict[str, PartRecord] = {}
        earlier = read_record(folder.stack, StackRecord)
        self._earlier = dict(earlier.parts) if earlier else {}
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; every process of the stack is gone when this returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        ticks = 0
        while not self._stop.is_set() and await self._follow_plan():
            ticks += 1
            if ticks % ROTATE_EVERY_TICKS == 0:
                self._rotate_logs()
            await self._tick()
        await self._end_all()

    async def _follow_plan(self) -> bool:
        """Apply the plan if it is new. False when there is nothing to live for any more."""
        plan = read_record(self._folder.plan, Plan)
        if plan is None or (plan.owner is not None and not is_alive(plan.owner)):
            _log.info("the plan or the owner of this stack is gone")
            return False
        if plan != self._plan:
            await self._apply(plan)
        return True

    async def _apply(self, plan: Plan) -> None:
        self._plan, self._broken = plan, {}
        await self._stop_parts(name for name in list(self._keepers) if name not in plan.parts)
        for name in plan.parts:
            await self._keep(name, plan)
        self._write()

    async def _keep(self, name: str, plan: Plan) -> None:
        """Start keeping a part, or start over if it is now to be started differently."""
        try:
            part = build_part(name, plan, self._folder)
        except ProctorError as error:
            self._broken[name] = PartRecord(FAILED, now_ms(), why=str(error), failures=HOPELESS_FAILURES)
            return
        kept = self._keepers.get(name)
        if kept is not None and kept.part.digest == part.digest and kept.record.state != FAILED:
            return
        await self._stop_parts([name])
        previous = self._earlier.pop(name, None)
        self._keepers[name] = Keeper(
            part, self._folder, plan.stack_id, lambda: self._needs_ready(name), self._write, previous, self._rule
        )

    def _needs_ready(self, name: str) -> bool:
        """Whether all that a part needs is ready; what is given from outside was checked by `up`."""
        kept = [self._keepers[need] for need in NEEDS.get(name, ()) if need in self._keepers]
        return all(keeper.record.state == READY for keeper in kept)

    async def _stop_parts(self, names: Iterable[str]) -> None:
        leaving = [self._keepers.pop(name) for name in names if name in self._keepers]
        await asyncio.gather(*(keeper.stop() for keeper in leaving))

    async def _end_all(self) -> None:
        """Stages first, so that they can still hand over what they hold; then what they stand on; then strays."""
        await self._stop_parts(STAGES)
        await self._stop_parts(PARTS)
        if self._plan is not None:
            end(marked(self._plan.stack_id), 2.0)
        self._folder.stack.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._plan is None or not self._folder.path.exists():
            return
        parts = self._broken | {name: keeper.record for name, keeper in self._keepers.items()}
        plan = self._plan
        write_record(self._folder.stack, StackRecord(plan.stack_id, self._me, plan.addresses, parts, plan.attempt))

    def _rotate_logs(self) -> None:
        for path in self._folder.logs.glob("*.log"):
            rotate(path)

    async def _tick(self) -> None:
        try:
            async with asyncio.timeout(TICK_S):
                await self._stop.wait()
        except TimeoutError:
            return


def _myself() -> Identity:
    me = identify(os.getpid())
    if me is None:
        raise StackError("supervisor", "/proc cannot be read", "The local stack needs Linux with /proc")
    return me


async def supervise(folder: StateFolder) -> None:
    """Supervise the stack of this folder, unless another process already does."""
    configure_logging("supervisor")
    lock = Lock(folder.supervisor_lock)
    if not lock.take():
        _log.info("another supervisor has this folder")
        return
    try:
        await Supervisor(folder, RestartRule()).run()
    finally:
        lock.release()
