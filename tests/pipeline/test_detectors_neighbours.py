"""A picture that takes for ever holds up its own session alone, also within a partition that it shares."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from ingest.topics import partition_of
from tests.detector_pipeline import Listener, detector_on, expected, send_sessions

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

PREFIX = "neighbours-"
TOGETHER = 8
IN_A_PROCESS = 2
"""Pictures that a process of the pool holds: one looked at, the next in its pipe."""


def neighbours() -> list[str]:
    """Sessions of one partition."""
    names = [f"candidate-{number}" for number in range(1000)]
    return [name for name in names if partition_of(name) == partition_of(names[0])][:TOGETHER]


async def test_a_stuck_picture_holds_up_no_other_session(stack: "LocalStack", tmp_path: Path) -> None:
    """One of two processes stops over its pictures. With results in the order of the partition, no session would end
    before that process is given up."""
    sessions = set(neighbours())
    detector = await detector_on(stack.environment, PREFIX, tmp_path, PROCTOR_LOOKING_PROCESSES="2")
    with detector:
        async with Listener(stack.kafka, PREFIX) as listener:
            await send_sessions(stack.kafka, PREFIX, ["warm"], frames=4)
            await listener.until(lambda: "warm" in listener.ended())
            stuck = psutil.Process(detector.pid).children()[0]
            stuck.suspend()
            sent = await send_sessions(stack.kafka, PREFIX, sessions, frames=8)
            await listener.until(lambda: len(listener.ended() & sessions) >= TOGETHER - IN_A_PROCESS)
            assert stuck.status() == psutil.STATUS_STOPPED, "it was given up before the others went on"
            assert sessions - listener.ended(), "no picture was stuck: nothing was shown"
            os.kill(stuck.pid, signal.SIGCONT)
            await listener.until(lambda: sessions <= listener.ended())
        assert detector.terminate() == 0
    assert expected(sent) <= listener.encoded()
    for session in sessions:
        order = [said.seq for said in listener.said if said.session == session]
        assert order == sorted(order)
