"""Waiting for a stack to be ready, telling what happens meanwhile, giving up with the reason."""

import time
from collections.abc import Callable, Mapping

from deploy.stack.diagnosis import diagnose
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder, is_locked, read_record
from deploy.stack.logs import last_start
from deploy.stack.processes import is_alive
from deploy.stack.records import FAILED, READY, STARTING, PartRecord, Plan, StackRecord
from deploy.stack.restarts import HOPELESS_FAILURES

Report = Callable[[str, str], None]
POLL_S = 0.05


def wait_ready(folder: StateFolder, plan: Plan, report: Report, deadline_s: float) -> None:
    """Until every planned part is ready. Raises StackError for one that cannot start, or is late."""
    began = time.monotonic()
    told: dict[str, str] = {}
    while True:
        followed = _recorded_parts(folder, plan)
        parts = followed or {}
        _tell_changes(parts, told, report, plan, time.monotonic() - began)
        late = [name for name in plan.parts if name not in parts or parts[name].state != READY]
        if followed is not None and not late:
            return
        _give_up_hopeless(parts, folder)
        if not is_locked(folder.supervisor_lock):
            raise failure("supervisor", folder, "it ended")
        if time.monotonic() - began > deadline_s:
            late = late or ["supervisor"]
            known = parts.get(late[0])
            why = f"not ready after {deadline_s:.0f} s" + (f": {known.why}" if known and known.why else "")
            raise failure(late[0], folder, why)
        time.sleep(POLL_S)


def _recorded_parts(folder: StateFolder, plan: Plan) -> dict[str, PartRecord] | None:
    """The living supervisor's word on this plan; None while it still follows an older one."""
    record = read_record(folder.stack, StackRecord)
    current = record is not None and record.attempt == plan.attempt and is_alive(record.supervisor)
    return record.parts if record is not None and current else None


def _tell_changes(
    parts: Mapping[str, PartRecord], told: dict[str, str], report: Report, plan: Plan, elapsed_s: float
) -> None:
    for name, part in parts.items():
        if told.get(name) == part.state:
            continue
        told[name] = part.state
        address = f" at {plan.addresses[name]} after {elapsed_s:.1f} s" if part.state == READY else ""
        why = f": {part.why}" if part.why and part.state not in (READY, STARTING) else ""
        report(name, f"{part.state}{address}{why}")


def _give_up_hopeless(parts: Mapping[str, PartRecord], folder: StateFolder) -> None:
    for name, part in parts.items():
        if part.state == FAILED and (part.failures >= HOPELESS_FAILURES):
            raise failure(name, folder, part.why or "it ended")


def failure(part: str, folder: StateFolder, why: str) -> StackError:
    """The part's end with the reason from its log."""
    log = folder.log(part)
    found = diagnose(last_start(log), str(log))
    return StackError(part, f"{why}: {found.why}", found.mend)
