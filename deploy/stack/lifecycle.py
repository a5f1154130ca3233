"""What `proctor up`, `down` and `status` do. Each is a function of an environment and a state folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from deploy.stack.class_cache import record_class_cache
from deploy.stack.condition import StackStatus, status
from deploy.stack.errors import StackError
from deploy.stack.folder import Lock, StateFolder, is_locked, read_record, state_folder, write_record
from deploy.stack.jars import cache_folder, resolve_jars
from deploy.stack.java import Java, class_cache
from deploy.stack.logs import open_log
from deploy.stack.planning import make_plan
from deploy.stack.processes import STACK_VARIABLE, Identity, end, marked, send, wait_until
from deploy.stack.readiness import Report, failure, wait_ready
from deploy.stack.records import PARTS, Plan, StackRecord
from deploy.stack.stages import python_environment

__all__ = ["StackStatus", "down", "prepare", "silent", "status", "up"]

UP_DEADLINE_S = 180.0
DOWN_DEADLINE_S = 60.0
UP_LOCK_DEADLINE_S = 60.0
SUPERVISOR_DEADLINE_S = 20.0
POLL_S = 0.05


def silent(_step: str, _message: str) -> None:
    """Reports nothing."""


def prepare(report: Report = silent, environment: Mapping[str, str] = os.environ) -> None:
    """Fetch Kafka's jars and record their class cache; some milliseconds once that is done. Raises StackError."""
    cache = cache_folder(environment)

    def say(message: str) -> None:
        report("kafka", message)

    record_class_cache(Java(tuple(resolve_jars(cache, say)), class_cache(cache)), say)


def up(
    chosen: Path | None = None,
    parts: Collection[str] | None = None,
    report: Report = silent,
    deadline_s: float = UP_DEADLINE_S,
    environment: Mapping[str, str] = os.environ,
    owner: Identity | None = None,
) -> dict[str, str]:
    """Start what is not yet running of the wanted parts (all when None) and wait until it is ready.

    Returns the address of every part of the stack: host:port for Kafka and Triton's gRPC, URLs for ClickHouse and the
    stages' telemetry. A second call finds the first one's stack. Raises StackError; what this call began is then ended.
    """
    folder = state_folder(environment, chosen)
    lock = _up_lock(folder)
    try:
        plan = make_plan(folder, frozenset(PARTS if parts is None else parts), environment, owner)
        if "kafka" in plan.parts:
            prepare(report, environment)
        for part in plan.parts:
            folder.held(part).unlink(missing_ok=True)
        fresh = not is_locked(folder.supervisor_lock)
        write_record(folder.plan, plan)
        try:
            if fresh:
                _start_supervisor(folder, plan, environment)
            wait_ready(folder, plan, report, deadline_s)
        except BaseException:
            if fresh:
                down(chosen, environment=environment)
            raise
        return plan.addresses
    finally:
        lock.release()


def down(chosen: Path | None = None, report: Report = silent, environment: Mapping[str, str] = os.environ) -> bool:
    """End every process of this folder's stack, also when its supervisor was killed. True when there was any."""
    folder = state_folder(environment, chosen)
    plan, record = read_record(folder.plan, Plan), read_record(folder.stack, StackRecord)
    running = is_locked(folder.supervisor_lock)
    if running and record is not None:
        report("stack", "stopping")
        _stop_supervisor(record.supervisor, folder)
    strays = marked(plan.stack_id) if plan else []
    end(strays, 10.0)
    folder.stack.unlink(missing_ok=True)
    report("stack", "stopped" if running or strays else "was not running")
    return running or bool(strays)


def _stop_supervisor(supervisor: Identity, folder: StateFolder) -> None:
    """Ask the supervisor to end the stack; kill it if it does not (its children are swept up by the caller)."""
    send(supervisor, signal.SIGTERM)
    if not wait_until(lambda: not is_locked(folder.supervisor_lock), DOWN_DEADLINE_S, POLL_S):
        end([supervisor], 1.0)


def _up_lock(folder: StateFolder) -> Lock:
    """One `up` at a time in a folder."""
    lock = Lock(folder.up_lock)
    try:
        folder.make()
        if wait_until(lock.take, UP_LOCK_DEADLINE_S, POLL_S):
            return lock
    except OSError as error:
        why = f"{folder.path} cannot be written: {error.strerror}"
        raise StackError("state folder", why, "Set PROCTOR_HOME to a folder of yours") from error
    raise StackError("stack", f"another `proctor up` is at work in {folder.path}", "Wait for it, or end it")


def _start_supervisor(folder: StateFolder, plan: Plan, environment: Mapping[str, str]) -> None:
    """Start it detached and wait until it has taken the folder. Raises StackError."""
    log = open_log(folder.log("supervisor"), "supervisor")
    try:
        subprocess.run(
            [sys.executable, "-m", "deploy.stack", "supervise", str(folder.path)],
            env={**environment, **python_environment(), STACK_VARIABLE: plan.stack_id},
            cwd=folder.path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=SUPERVISOR_DEADLINE_S,
            check=False,
        )
    finally:
        os.close(log)
    if not wait_until(lambda: is_locked(folder.supervisor_lock), SUPERVISOR_DEADLINE_S, POLL_S):
        raise failure("supervisor", folder, "it did not start")
