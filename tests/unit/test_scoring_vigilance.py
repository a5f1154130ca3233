"""When a scoring worker ends itself: frozen, standing still, drowning in bad records."""

import asyncio
import subprocess
import sys

import pytest

from ingest.errors import TransientError
from ingest.log import Acknowledgement
from ingest.messages import Headers
from ingest.topics import OBSERVATIONS
from scoring.messages import Tick, decode_bundle
from scoring.worker.pauses import Exit, PauseGuard
from scoring.worker.poison import WINDOW, PoisonShare
from scoring.worker.progress import NOT_STARTED, Progress
from scoring.worker.ticks import tick

ENDS = dict.fromkeys(range(8), 100)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def beating(guard: PauseGuard) -> None:
    task = asyncio.create_task(guard.beat_forever())
    await asyncio.sleep(0)
    task.cancel()


@pytest.mark.parametrize(("away_s", "frozen"), [(0.0, False), (17.9, False), (18.1, True)])
async def test_a_worker_is_frozen_after_six_tenths_of_its_session(away_s: float, frozen: bool) -> None:
    clock = Clock()
    guard = PauseGuard(30.0, clock)
    await beating(guard)
    clock.now_s += away_s
    assert guard.was_frozen() is frozen


def test_a_slow_start_is_no_freeze() -> None:
    clock = Clock()
    guard = PauseGuard(6.0, clock)
    clock.now_s = 1000.0
    assert not guard.was_frozen()


def test_a_frozen_worker_ends_with_its_own_status() -> None:
    script = "from scoring.worker.pauses import PauseGuard as G; g = G(6.0, lambda: 0.0); g._beat_s = -100.0; g.check()"
    assert subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode == Exit.FROZEN


@pytest.mark.parametrize(("bad", "stops"), [(WINDOW // 2, False), (WINDOW // 2 + 1, True)])
def test_more_than_the_set_share_of_bad_records_stops(bad: int, stops: bool) -> None:
    share = PoisonShare(0.5)
    assert [share.add(is_bad=True) for _ in range(bad)][-1] is stops


def test_bad_records_are_forgotten_as_good_ones_come() -> None:
    share = PoisonShare(0.5)
    for _ in range(20):
        assert not any(share.add(is_bad=True) for _ in range(WINDOW // 2))
        assert not any(share.add(is_bad=False) for _ in range(WINDOW // 2))


def test_a_partition_that_waits_and_does_not_move_is_stalled() -> None:
    progress = Progress(0.0)
    progress.see(0.0, {0: 50, 1: 50}, ENDS)
    progress.see(60.0, {0: 50, 1: 51}, ENDS)
    assert progress.stalled(60.0, 59.0) == "records wait, but partitions [0] stand still"
    assert progress.stalled(60.0, 61.0) is None


def test_a_partition_that_is_read_to_its_end_may_stand_still() -> None:
    progress = Progress(0.0)
    for now_s in (0.0, 1000.0):
        progress.see(now_s, {0: 100}, ENDS)
    assert progress.stalled(1000.0, 5.0) is None
    assert progress.lag == {0: 0}


def test_a_partition_that_is_never_taken_over_is_stalled_even_when_it_is_empty() -> None:
    progress = Progress(0.0)
    for now_s in (0.0, 100.0):
        progress.see(now_s, {3: NOT_STARTED}, dict.fromkeys(range(8), 0))
    assert progress.unassigned() == "partitions [3] not yet taken over"
    assert progress.stalled(100.0, 90.0)


def test_a_partition_that_came_back_starts_anew() -> None:
    progress = Progress(0.0)
    progress.see(0.0, {0: 50}, ENDS)
    progress.see(100.0, {}, ENDS)
    assert progress.unassigned() == "no partitions assigned"
    progress.see(200.0, {0: 50}, ENDS)
    assert progress.stalled(200.0, 90.0) is None


def test_silence_of_the_broker_counts_from_its_last_answer() -> None:
    progress = Progress(10.0)
    assert progress.unreachable(39.0, 30.0) is None
    assert progress.unreachable(41.0, 30.0) == "no answer from the broker for 31 s"
    progress.see(41.0, {}, ENDS)
    assert progress.unreachable(42.0, 30.0) is None


class Recorder:
    """A writer that remembers; its broker takes nothing from a set partition."""

    def __init__(self, dead: int = -1) -> None:
        self.sent: list[tuple[str, int, bytes, bytes | None, Headers]] = []
        self._dead = dead

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(
        self, topic: str, partition: int, value: bytes, *, key: bytes | None = None, headers: Headers = ()
    ) -> Acknowledgement:
        self.sent.append((topic, partition, value, key, headers))
        arrival: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if partition == self._dead:
            arrival.set_exception(TransientError("away"))
        else:
            arrival.set_result(0)
        return arrival


async def test_a_tick_is_a_bundle_for_each_partition() -> None:
    writer = Recorder()
    await tick(writer, [2, 5], 1234)
    assert [sent[:2] for sent in writer.sent] == [(OBSERVATIONS, 2), (OBSERVATIONS, 5)]
    assert decode_bundle(writer.sent[0][2]) == [Tick(at_ms=1234)]


async def test_a_tick_that_does_not_arrive_is_not_hidden() -> None:
    with pytest.raises(TransientError):
        await tick(Recorder(dead=2), [2], 1234)
