"""A stack of one's own, for tests and benchmarks: the same functions as the command's, and ways to hurt its parts."""

import os
import signal
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.stack.condition import StackStatus, status
from deploy.stack.errors import StackError
from deploy.stack.folder import is_locked, read_record, state_folder
from deploy.stack.lifecycle import down, silent, up
from deploy.stack.processes import Identity, identify, is_alive, send, wait_until
from deploy.stack.readiness import Report
from deploy.stack.records import BACKENDS, HELD, READY, PartRecord, Plan, StackRecord

READY_DEADLINE_S = 90.0
DEATH_DEADLINE_S = 10.0
POLL_S = 0.02


def without_proctor(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no address, port or folder of another stack is set."""
    return {name: value for name, value in environment.items() if not name.startswith("PROCTOR_")}


class LocalStack:
    """A stack in `folder`; it ends with this process, whatever becomes of that. A context manager, too."""

    def __init__(
        self, folder: Path, parts: Collection[str] = BACKENDS, environment: Mapping[str, str] | None = None
    ) -> None:
        self._parts = frozenset(parts)
        self._environment = without_proctor(os.environ) | dict(environment or {})
        self._folder = state_folder(self._environment, folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, parts: Collection[str] = (), report: Report = silent) -> dict[str, str]:
        """Start what is not running, these parts too; returns the addresses when all is ready. Raises StackError."""
        wanted = self._parts | frozenset(parts)
        return up(self._folder.path, wanted, report, environment=self._environment, owner=identify(os.getpid()))

    def stop(self) -> None:
        """End every process; the data stay."""
        down(self._folder.path, environment=self._environment)

    @property
    def folder(self) -> Path:
        return self._folder.path

    @property
    def addresses(self) -> dict[str, str]:
        """Part to address, as `up` returns it."""
        return self._plan().addresses

    @property
    def kafka(self) -> str:
        """Bootstrap server, host:port."""
        return self.addresses["kafka"]

    @property
    def triton(self) -> str:
        """Triton's gRPC service, host:port."""
        return self.addresses["triton"]

    @property
    def triton_metrics(self) -> str:
        """URL of Triton's own metrics."""
        return f"http://127.0.0.1:{self._plan().ports['triton_metrics']}/metrics"

    @property
    def clickhouse(self) -> str:
        """URL of the ClickHouse endpoint."""
        return self.addresses["clickhouse"]

    @property
    def environment(self) -> dict[str, str]:
        """PROCTOR_KAFKA, PROCTOR_TRITON, PROCTOR_CLICKHOUSE, for a stage that a test starts itself."""
        return {f"PROCTOR_{part.upper()}": address for part, address in self.addresses.items() if part in BACKENDS}

    def status(self) -> StackStatus:
        return status(self._folder.path, self._environment)

    def log(self, part: str) -> Path:
        """The file with this part's output."""
        return self._folder.log(part)

    def process(self, part: str) -> Identity:
        """The part's process. Raises StackError when it has none."""
        found = self._record(part).process
        if found is None:
            raise StackError(part, "it is not running", "Start it")
        return found

    def kill(self, part: str, hold: bool = False) -> Identity:
        """kill -9 the part's process. It comes back by itself, unless it is to be held down. Returns who died."""
        if hold:
            self._folder.held(part).touch()
        return self._kill(self.process(part))

    def release(self, part: str) -> None:
        """Let a held part come back, and wait until it is ready."""
        self._folder.held(part).unlink(missing_ok=True)
        self.wait_ready(part)

    def hold(self, part: str) -> None:
        """End a part in good order and keep it down until `release`."""
        self._folder.held(part).touch()
        self._wait(part, lambda record: record.state == HELD and record.process is None, DEATH_DEADLINE_S * 3)

    def restart(self, part: str) -> None:
        """kill -9 and wait until a new process is ready."""
        self.wait_ready(part, instead_of=self.kill(part))

    def kill_supervisor(self) -> Identity:
        """kill -9 the supervisor alone; every part lives on. Returns who died."""
        record = read_record(self._folder.stack, StackRecord)
        if record is None or not is_locked(self._folder.supervisor_lock):
            raise StackError("supervisor", "it is not running", "Start the stack")
        killed = self._kill(record.supervisor)
        wait_until(lambda: not is_locked(self._folder.supervisor_lock), DEATH_DEADLINE_S, POLL_S)
        return killed

    def wait_ready(self, part: str, instead_of: Identity | None = None, deadline_s: float = READY_DEADLINE_S) -> None:
        """Until the part is ready, with another process than `instead_of`. Raises StackError at the deadline."""
        self._wait(part, lambda record: record.state == READY and record.process != instead_of, deadline_s)

    def _wait(self, part: str, condition: Callable[[PartRecord], bool], deadline_s: float) -> None:
        if not wait_until(lambda: condition(self._record(part)), deadline_s, POLL_S):
            record = self._record(part)
            raise StackError(part, f"{record.state} after {deadline_s:.0f} s: {record.why}", f"Read {self.log(part)}")

    def _kill(self, process: Identity) -> Identity:
        send(process, signal.SIGKILL)
        if not wait_until(lambda: not is_alive(process), DEATH_DEADLINE_S, POLL_S):
            raise StackError("stack", f"pid {process.pid} does not die", "Look at it")
        return process

    def _plan(self) -> Plan:
        plan = read_record(self._folder.plan, Plan)
        if plan is None:
            raise StackError("stack", "it was never started", "Start it")
        return plan

    def _record(self, part: str) -> PartRecord:
        record = read_record(self._folder.stack, StackRecord)
        if record is None or part not in record.parts:
            raise StackError(part, "no part of a running stack", "Start it")
        return record.parts[part]
