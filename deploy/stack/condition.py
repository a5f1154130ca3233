"""What runs in a state folder, as `proctor status` tells it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.folder import is_locked, read_record, state_folder
from deploy.stack.processes import is_alive
from deploy.stack.records import GIVEN, READY, STOPPED, PartRecord, StackRecord


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of `proctor status`. `since_ms` is wall-clock time, `why` the reason when it is not ready."""

    name: str
    state: str
    address: str
    pid: int | None
    restarts: int
    since_ms: int
    why: str | None


@dataclass(frozen=True, slots=True)
class StackStatus:
    """A stack as it is now: `running` tells whether its supervisor lives."""

    running: bool
    folder: Path
    parts: tuple[PartStatus, ...]

    @property
    def ready(self) -> bool:
        return self.running and all(part.state in (READY, GIVEN) for part in self.parts)


def status(chosen: Path | None = None, environment: Mapping[str, str] = os.environ) -> StackStatus:
    """What runs in this folder. Parts whose supervisor was killed are "stopped" or "left running"."""
    folder = state_folder(environment, chosen)
    record, running = read_record(folder.stack, StackRecord), is_locked(folder.supervisor_lock)
    if record is None:
        return StackStatus(False, folder.path, ())
    told = [_part_status(name, part, record.addresses, running) for name, part in record.parts.items()]
    given = [
        PartStatus(name, GIVEN, address, None, 0, 0, None)
        for name, address in record.addresses.items()
        if name not in record.parts
    ]
    return StackStatus(running, folder.path, (*given, *told))


def _part_status(name: str, part: PartRecord, addresses: Mapping[str, str], supervised: bool) -> PartStatus:
    alive = part.process is not None and is_alive(part.process)
    state = part.state if supervised else ("left running" if alive else STOPPED)
    pid = part.process.pid if part.process and alive else None
    return PartStatus(name, state, addresses.get(name, ""), pid, part.restarts, part.since_ms, part.why)
