"""Pace and bounds. Without these, a fast source would bury the detectors or a lost release would stop it for ever."""

import asyncio

import pytest

from ingest.pacing import IN_FLIGHT, InFlight, wait_s


async def blocked(task: "asyncio.Task[None]") -> bool:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return not task.done()


async def test_bound_holds_until_a_release() -> None:
    in_flight = InFlight(2)
    await in_flight.acquire()
    await in_flight.acquire()
    third = asyncio.create_task(in_flight.acquire())
    assert await blocked(third)
    in_flight.release()
    await asyncio.wait_for(third, 1)
    assert in_flight.outstanding == 2
    in_flight.release(2)


async def test_releases_of_what_is_not_outstanding_do_not_widen_the_bound() -> None:
    before = IN_FLIGHT._value.get()
    in_flight = InFlight(1)
    in_flight.release(5)
    await in_flight.acquire()
    second = asyncio.create_task(in_flight.acquire())
    assert await blocked(second)
    in_flight.release(5)
    await asyncio.wait_for(second, 1)
    in_flight.release()
    assert in_flight.outstanding == 0
    assert IN_FLIGHT._value.get() == before


async def test_several_wait_and_one_release_lets_one_go() -> None:
    in_flight = InFlight(1)
    await in_flight.acquire()
    waiting = [asyncio.create_task(in_flight.acquire()) for _ in range(3)]
    in_flight.release()
    await asyncio.wait(waiting, timeout=1, return_when=asyncio.FIRST_COMPLETED)
    assert sum(task.done() for task in waiting) == 1
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    in_flight.release()


def test_nothing_may_be_in_flight_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        InFlight(0)


def test_waits() -> None:
    assert wait_s("max", 1000, 9000, 1000) == 0.0
    assert wait_s("1x", 1000, 500, 1200) == 0.3
    assert wait_s("1x", 1000, 500, 9000) == 0.0
