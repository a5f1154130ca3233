"""Waiting for outside systems: growing pauses, what is said meanwhile, and how a stop ends it."""

import asyncio

import pytest

from ingest.errors import InputError, TransientError
from sinks import patience
from sinks.patience import Patience, pause_s


class Flaky:
    """Fails some times, then answers."""

    def __init__(self, failures: int, patience: Patience) -> None:
        self.calls, self._failures, self._patience = 0, failures, patience
        self.said: list[str | None] = []
        self.patient = asyncio.Event()  # set when the next pause is 1.6 s long

    async def __call__(self) -> str:
        self.said.append(self._patience.trouble)
        self.calls += 1
        if self.calls == 5:
            self.patient.set()
        if self.calls <= self._failures:
            raise TransientError(f"away {self.calls}")
        return "done"


@pytest.mark.parametrize(("failures", "expected"), [(1, 0.1), (2, 0.2), (4, 0.8), (6, 3.2), (7, 5.0), (10_000, 5.0)])
def test_pauses_double_up_to_five_seconds(failures: int, expected: float) -> None:
    assert pause_s(failures) == pytest.approx(expected)


async def test_tries_until_it_answers_and_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_S", 0.001)
    waiting = Patience(asyncio.Event())
    flaky = Flaky(2, waiting)
    assert await waiting.until_done(flaky) == "done"
    assert flaky.said == [None, "away 1", "away 2"]
    assert waiting.trouble is None


async def test_a_stop_ends_the_waiting_at_once() -> None:
    stop = asyncio.Event()
    waiting = Patience(stop)
    flaky = Flaky(10**9, waiting)
    task = asyncio.create_task(waiting.until_done(flaky))
    await asyncio.wait_for(flaky.patient.wait(), 30.0)
    stop.set()
    with pytest.raises(TransientError, match="away 6"):
        await asyncio.wait_for(task, 1.0)


async def test_other_errors_pass() -> None:
    async def wrong() -> None:
        raise InputError("it", "is wrong", "Mend it")

    with pytest.raises(InputError):
        await Patience(asyncio.Event()).until_done(wrong)
