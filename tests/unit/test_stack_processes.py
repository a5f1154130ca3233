"""Processes are known by pid and start time; a reused pid is somebody else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from deploy.stack.processes import (
    PART_VARIABLE,
    STACK_VARIABLE,
    Identity,
    end,
    identify,
    is_alive,
    marked,
    send,
    wait_until,
)

STACK = "stack-of-test-processes"
WAITS = "import sys; print('up', flush=True); sys.stdin.read()"
IGNORES = "import signal, sys; signal.signal(15, signal.SIG_IGN); print('up', flush=True); sys.stdin.read()"


@dataclass(frozen=True, slots=True)
class Running:
    process: subprocess.Popen[bytes]
    identity: Identity


def start(code: str, part: str = "kafka") -> Running:
    marks = {STACK_VARIABLE: STACK, PART_VARIABLE: part}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | marks, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    identity = identify(process.pid)
    assert identity is not None
    return Running(process, identity)


@pytest.fixture
def running() -> Iterator[Running]:
    found = start(WAITS)
    yield found
    found.process.kill()
    found.process.communicate()


def test_a_living_process_is_itself_and_a_zombie_is_dead(running: Running) -> None:
    assert is_alive(running.identity)
    running.process.kill()
    assert wait_until(lambda: not is_alive(running.identity), 5.0)
    assert running.process.returncode is None  # not yet reaped: a zombie, which holds the pid


@pytest.mark.parametrize("changed", [{"started_ticks": 1}, {"boot": "another boot"}])
def test_a_reused_pid_is_somebody_else_and_is_never_ended(running: Running, changed: dict[str, object]) -> None:
    stranger = msgspec.structs.replace(running.identity, **changed)
    assert not is_alive(stranger)
    send(stranger, signal.SIGKILL)
    end([stranger], 0.1)
    assert is_alive(running.identity)


def test_a_pid_that_nobody_has_is_nobody() -> None:
    assert identify(2**22 + 1) is None


def test_marked_processes_are_found_by_stack_and_part(running: Running) -> None:
    assert marked(STACK) == [running.identity]
    assert marked(STACK, "kafka") == [running.identity]
    assert marked(STACK, "sinks") == []
    assert marked(STACK[:-1]) == []


def test_ending_asks_first_and_kills_who_does_not_listen(running: Running) -> None:
    stubborn = start(IGNORES)
    end([running.identity, stubborn.identity], patience_s=0.3)
    assert (running.process.wait(), stubborn.process.wait()) == (-signal.SIGTERM, -signal.SIGKILL)
    stubborn.process.communicate()
