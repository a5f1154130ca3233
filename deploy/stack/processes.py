"""Processes by identity: a pid with its start time, so that a reused pid is never taken for ours, let alone ended.

Every process of a stack also carries the stack's id in its environment, and so do its children; that finds the ones
whose parent was killed, even before it could write their pid down.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

PROC = Path("/proc")
STACK_VARIABLE = "PROCTOR_STACK_ID"
PART_VARIABLE = "PROCTOR_STACK_PART"


class Identity(msgspec.Struct, frozen=True):
    """One process for good. `started_ticks` since the machine's boot (/proc/PID/stat): no clock change moves them."""

    pid: int
    started_ticks: int
    boot: str


def boot_id() -> str:
    """This boot of the machine."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> Identity | None:
    """Who has this pid now; None when nobody has, or it is dead and only waits for its parent."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if (
        fields[0] in ("Z", "X") and int(fields[17]) <= 1
    ):  # a killed process is gone, locks and all, with its last thread
        return None
    return Identity(pid, int(fields[19]), boot_id())


def is_alive(process: Identity) -> bool:
    return identify(process.pid) == process


def marked(stack_id: str, part: str | None = None) -> list[Identity]:
    """Living processes of a stack, or of one part of it, without the caller itself."""
    wanted = {f"{STACK_VARIABLE}={stack_id}".encode()}
    if part is not None:
        wanted.add(f"{PART_VARIABLE}={part}".encode())
    pids = (pid for pid, environment in _environments() if wanted <= environment)
    return [process for process in map(identify, pids) if process is not None]


def _environments() -> Iterator[tuple[int, frozenset[bytes]]]:
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            yield int(entry.name), frozenset((entry / "environ").read_bytes().split(b"\0"))


def send(process: Identity, number: signal.Signals) -> None:
    """Signal this very process; nothing when it is gone."""
    if is_alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def end(processes: Iterable[Identity], patience_s: float) -> None:
    """Ask all to end, wait that long together, kill what is left, and wait until it is gone."""
    doomed = list(processes)
    for process in doomed:
        send(process, signal.SIGTERM)
    if _gone(doomed, patience_s):
        return
    for process in doomed:
        send(process, signal.SIGKILL)
    _gone(doomed, 10.0)


def _gone(processes: list[Identity], deadline_s: float) -> bool:
    return wait_until(lambda: not any(map(is_alive, processes)), deadline_s, 0.02)


def wait_until(condition: Callable[[], bool], deadline_s: float, every_s: float = 0.05) -> bool:
    """Whether the condition came true before the deadline."""
    end_at = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end_at:
            return False
        time.sleep(every_s)
    return True
