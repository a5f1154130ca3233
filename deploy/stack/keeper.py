"""Keeps one part alive: starts it when what it needs is ready, asks for its health, ends it when it hangs."""

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable

from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder
from deploy.stack.logs import open_log
from deploy.stack.part import Part
from deploy.stack.processes import PART_VARIABLE, STACK_VARIABLE, Identity, end, identify, is_alive, marked
from deploy.stack.records import FAILED, HELD, READY, STARTING, STOPPED, UNWELL, WAITING, PartRecord
from deploy.stack.restarts import Pulse, RestartRule, born, why_end
from ingest.errors import ProctorError
from ingest.telemetry import now_ms

TICK_S = 0.1
# How often health is asked: often while somebody waits for it, seldom after.
ASK_STARTING_S, ASK_READY_S = 0.1, 2.0
ANSWER_DEADLINE_S = 6.0
ORPHANS_PATIENCE_S = 2.0

_log = logging.getLogger(__name__)


class Child:
    """A process of a part, started here or found running."""

    def __init__(self, identity: Identity, started: subprocess.Popen[bytes] | None = None) -> None:
        self.identity = identity
        self._started = started

    @property
    def alive(self) -> bool:
        return self._started.poll() is None if self._started else is_alive(self.identity)

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        status = self._started.poll() if self._started else None
        if status is None:
            return "it is gone"
        return f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


class Keeper:
    """One part's life. `record` is what is known of it; `changed` is called whenever that changes."""

    def __init__(
        self,
        part: Part,
        folder: StateFolder,
        stack_id: str,
        needs_ready: Callable[[], bool],
        changed: Callable[[], None],
        previous: PartRecord | None,
        rule: RestartRule,
    ) -> None:
        self.part = part
        self.record = PartRecord(WAITING, now_ms(), digest=part.digest)
        self._folder, self._stack_id, self._rule = folder, stack_id, rule
        self._needs_ready, self._changed, self._previous = needs_ready, changed, previous
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"keeper of {part.name}")

    async def stop(self) -> None:
        """End the part and whatever it left; returns when all of it is gone."""
        self._stopping.set()
        await self._task

    async def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._wanted_down():
                    await self._pause(TICK_S)
                elif not self._needs_ready():
                    self._set(WAITING, why="waits for " + ", ".join(self.part.needs))
                    await self._pause(TICK_S)
                else:
                    await self._live()
        finally:
            await self._end()
            self._set(STOPPED, process=None, why=None)

    def _wanted_down(self) -> bool:
        held = self._folder.held(self.part.name).exists()
        if held:
            self._set(HELD, process=None, why="held down on request")
        return held

    async def _live(self) -> None:
        """One life of the part, from its start to its end and the pause after it."""
        started_s = time.monotonic()
        why = await self._start_and_watch()
        await self._end()
        if why is None:
            return
        failures = self._rule.failures_after(self.record.failures, time.monotonic() - started_s)
        _log.warning("part ended", extra={"part": self.part.name, "why": why, "failures": failures})
        self._set(FAILED, process=None, why=why, failures=failures, restarts=self.record.restarts + 1)
        await self._pause(self._rule.delay_s(failures))

    async def _start_and_watch(self) -> str | None:
        """Why this life ended; None when it was ended on purpose."""
        try:
            child = self._adopted() or await self._started()
        except (ProctorError, OSError, subprocess.SubprocessError) as error:
            return str(error)
        self._set(STARTING, process=child.identity, why=None)
        return await self._watch(child)

    def _adopted(self) -> Child | None:
        """The process that an earlier supervisor left, if it was started just as it would be now."""
        left, self._previous = self._previous, None
        if left is None or left.process is None or left.digest != self.part.digest or not is_alive(left.process):
            return None
        _log.info("part adopted", extra={"part": self.part.name, "pid": left.process.pid})
        return Child(left.process)

    async def _started(self) -> Child:
        self._set(STARTING, process=None, why=None)
        await self._end()
        await asyncio.to_thread(self.part.prepare)
        return self._spawn()

    def _spawn(self) -> Child:
        marks = {STACK_VARIABLE: self._stack_id, PART_VARIABLE: self.part.name}
        home = self._folder.data(self.part.name)
        home.mkdir(parents=True, exist_ok=True)
        output = open_log(self._folder.log(self.part.name), f"{self.part.name} at {now_ms()} ms")
        try:
            process = subprocess.Popen(
                self.part.command,
                env=os.environ | dict(self.part.environment) | marks,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a terminal's Ctrl-C is for the command in front of it
            )
        finally:
            os.close(output)
        identity = identify(process.pid)
        if identity is None:
            raise StackError(self.part.name, f"ended at once with status {process.wait()}", "Read its log")
        return Child(identity, process)

    async def _watch(self, child: Child) -> str | None:
        pulse, ask_at = born(time.monotonic()), 0.0
        while not self._stopping.is_set() and not self._folder.held(self.part.name).exists():
            if not child.alive:
                return child.ending
            if time.monotonic() >= ask_at:
                pulse = await self._ask(pulse)
                ask_at = time.monotonic() + (ASK_READY_S if self.record.state == READY else ASK_STARTING_S)
            late = why_end(self._rule, pulse, time.monotonic(), self.part.start_deadline_s, self._needs_ready())
            if late:
                return f"{late}: {self.record.why}" if self.record.why else late
            await self._pause(TICK_S)
        return None

    async def _ask(self, pulse: Pulse) -> Pulse:
        """Ask for health and note the answer."""
        try:
            async with asyncio.timeout(ANSWER_DEADLINE_S):
                why = await self.part.health()
        except OSError as error:  # TimeoutError is one of them
            self._set(UNWELL if pulse.was_ready else STARTING, why=str(error) or "no answer in time")
            return pulse
        if why is None:
            self._set(READY, why=None)
        else:
            self._set(UNWELL if pulse.was_ready else STARTING, why=why)
        return pulse.answered(time.monotonic(), well=why is None)

    async def _end(self) -> None:
        """End the part's process, then what it left: children of its own that survived it."""
        leader, asked_s = self.record.process, time.monotonic()
        if leader is not None and is_alive(leader):
            await asyncio.to_thread(end, [leader], self.part.stop_deadline_s)
            took_s = round(time.monotonic() - asked_s, 1)
            _log.info("part is down", extra={"part": self.part.name, "pid": leader.pid, "seconds": took_s})
        await asyncio.to_thread(lambda: end(marked(self._stack_id, self.part.name), ORPHANS_PATIENCE_S))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _set(self, state: str, **changes: object) -> None:
        old = self.record
        fields = {name: getattr(old, name) for name in PartRecord.__struct_fields__} | changes
        fields |= {"state": state, "since_ms": old.since_ms if state == old.state else now_ms()}
        new = PartRecord(**fields)
        if new != old:
            self.record = new
            self._changed()
