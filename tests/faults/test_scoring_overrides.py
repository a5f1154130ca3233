"""Why each override of Faust's transport is there: the same situation with ours and with the stock class, which fails.

A stock class that passes here makes the override superfluous: delete it, then.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faust.transport.drivers import aiokafka as stock

from scoring.worker import transport as ours
from tests.faust_consumers import Application, Bench

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

COMMIT_S = 1.0  # three commit intervals of the applications
LONG_POLL_SUM_S = 1.5


@pytest.fixture
async def bench(stack: "LocalStack", tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(stack.kafka, tmp_path)
    await made.start()
    yield made
    await made.stop()


def after(delivered: Sequence[int], count: int) -> list[int]:
    return list(delivered[count:])


async def _hold_next_fetch(bench: Bench, one: Application) -> None:
    """Ten records more, fetched, and not yet handed over."""
    await one.delivers(9)
    one.gate.is_armed = True
    await bench.append(one.is_ours, 10)
    async with asyncio.timeout(10):
        await one.gate.waiting.wait()


def _let_go(one: Application) -> None:
    one.gate.is_armed = False
    one.gate.opened.set()


async def _end(bench: Bench, one: Application, offset: int) -> list[int]:
    """One record more; when it is delivered, all before it is delivered or lost."""
    await bench.append(one.is_ours, 1)
    await one.delivers(offset)
    return one.delivered


async def test_perform_seek_starts_where_the_application_says_not_at_a_commit_ahead_of_it(bench: Bench) -> None:
    async def scene(bench: Bench, is_ours: bool) -> list[int]:
        await bench.append(is_ours, 20)
        await bench.commit(is_ours, 10)
        async with bench.application(is_ours, position=5) as one:
            await one.delivers(19)
            return list(one.delivered)

    exact, lossy = await bench.both(scene)
    assert exact == list(range(5, 20))
    assert lossy == list(range(10, 20))


@pytest.mark.parametrize("method", ["seek_wait", "seek"])
async def test_after_a_seek_the_wanted_record_comes_next(bench: Bench, method: str) -> None:
    """Amid a fetch of twenty: the stock class goes on with the fetch, then takes what was sought for known."""

    async def back(one: Application) -> None:
        if method == "seek":
            await one.consumer.seek(one.tp, 2)
        else:
            await one.consumer.seek_wait({one.tp: 2})

    async def scene(bench: Bench, is_ours: bool) -> list[int]:
        await bench.append(is_ours, 20)
        async with bench.application(is_ours, at={5: back}) as one:
            await one.delivers(19)
            return await _end(bench, one, 20)

    exact, lossy = await bench.both(scene)
    assert exact == [*range(6), *range(2, 21)]
    assert lossy[6] == 6
    assert not {2, 3, 4} & set(lossy[6:]), "sought and never delivered"


async def test_drain_messages_takes_nothing_for_known_that_was_sought_during_its_delivery(bench: Bench) -> None:
    """At the last record of a fetch: nothing fetched is left, only the stock class's own `_read_offset`."""

    async def back(one: Application) -> None:
        await one.consumer.seek_wait({one.tp: 10})

    async def scene(bench: Bench, is_ours: bool) -> list[int]:
        await bench.append(is_ours, 20)
        async with bench.application(is_ours, at={19: back}) as one:
            await one.delivers(19)
            return await _end(bench, one, 20)

    exact, lossy = await bench.both(scene)
    assert exact == [*range(20), *range(10, 21)]
    assert not set(range(10, 19)) & set(lossy[20:]), "sought and never delivered"


async def test_getmany_delivers_nothing_that_was_fetched_before_a_seek(bench: Bench) -> None:
    async def scene(bench: Bench, is_ours: bool) -> list[int]:
        await bench.append(is_ours, 10)
        async with bench.application(is_ours) as one:
            await _hold_next_fetch(bench, one)
            await one.consumer.seek_wait({one.tp: 2})
            _let_go(one)
            return await _end(bench, one, 20)

    exact, lossy = await bench.both(scene)
    assert after(exact, 10) == list(range(2, 21))
    assert not set(range(2, 10)) & set(after(lossy, 10)), "sought and never delivered"


async def test_getmany_loses_nothing_of_a_partition_that_is_paused_meanwhile(bench: Bench) -> None:
    async def scene(bench: Bench, is_ours: bool) -> tuple[list[int], int | None]:
        await bench.append(is_ours, 10)
        async with bench.application(is_ours) as one:
            await _hold_next_fetch(bench, one)
            one.consumer.pause_partitions({one.tp})
            _let_go(one)
            await asyncio.sleep(0)
            await asyncio.sleep(0.2)  # the fetch is judged while the partition is paused
            one.consumer.resume_partitions({one.tp})
            said = await _end(bench, one, 20)
            await asyncio.sleep(COMMIT_S)
            return said, await bench.committed(is_ours)

    (exact, _), (lossy, committed) = await bench.both(scene)
    assert exact == list(range(21))
    assert lossy == [*range(10), 20]
    assert committed == 21, "the stock class counts the hole as acknowledged"


async def test_getmany_does_not_go_to_the_commits_while_the_flow_is_stopped(bench: Bench) -> None:
    """As in a rebalance: the flow stops, the application says where to start, the flow goes on."""

    async def scene(bench: Bench, is_ours: bool) -> list[int]:
        await bench.append(is_ours, 10)
        async with bench.application(is_ours) as one:
            await one.delivers(9)
            await asyncio.sleep(COMMIT_S)
            await _hold_next_fetch(bench, one)
            one.consumer.stop_flow()
            await one.consumer.seek_wait({one.tp: 2})
            _let_go(one)
            await asyncio.sleep(0.5)  # the fetch is judged while the flow is stopped
            one.consumer.resume_flow()
            return await _end(bench, one, 20)

    exact, lossy = await bench.both(scene)
    assert after(exact, 10) == list(range(2, 21))
    assert after(lossy, 10)[0] == 10, "the stock class went to the commit"


async def test_on_partitions_revoked_ends_the_delivery_of_what_was_fetched_before(bench: Bench) -> None:
    """A fetch is complete when a rebalance begins, and is handed over after it."""

    async def scene(bench: Bench, is_ours: bool) -> list[int]:
        await bench.append(is_ours, 10)
        await bench.commit(is_ours, 2)
        async with bench.application(is_ours, position=2, acknowledges=False) as one:
            await _hold_next_fetch(bench, one)
            await bench.rebalance(one)
            _let_go(one)
            return await _end(bench, one, 20)

    exact, lossy = await bench.both(scene)
    assert after(exact, 8) == list(range(2, 21)), "the next generation starts from its own position"
    assert after(lossy, 8)[0] == 10
    assert not set(range(2, 10)) & set(after(lossy, 8))


async def test_getmany_of_the_thread_has_ended_before_a_seek_begins(bench: Bench) -> None:
    async def scene(bench: Bench, is_ours: bool) -> list[str]:
        await bench.append(is_ours, 10)
        async with bench.application(is_ours) as one:
            await one.delivers(9)
            order: list[str] = []
            fetch = asyncio.create_task(one.consumer._getmany({one.tp}, 1.5))
            fetch.add_done_callback(lambda _: order.append("fetched"))
            await asyncio.sleep(0)
            await one.consumer.seek_wait({one.tp: 10})
            order.append("sought")
            await fetch
            return order

    exact, lossy = await bench.both(scene)
    assert exact == ["fetched", "sought"]
    assert lossy == ["sought", "fetched"], "a fetch under way survives the seek"


async def test_ack_forgets_what_is_done_whatever_was_done_before_it(bench: Bench) -> None:
    """Two records never end: the stock class collects all later ones for ever."""

    async def scene(bench: Bench, is_ours: bool) -> int:
        await bench.append(is_ours, 100)
        await bench.commit(is_ours, 2)
        async with bench.application(is_ours, position=2, acknowledges=False) as one:
            await one.delivers(99)
            for message in [m for m in one.unfinished if m.offset > 3]:
                assert one.consumer.ack(message)
                assert not one.consumer.ack(message)
            await asyncio.sleep(COMMIT_S)
            return sum(len(offsets) for offsets in one.consumer._acked.values())

    assert await bench.both(scene) == (0, 96)


async def test_force_commit_commits_what_is_saved_not_what_is_acknowledged(bench: Bench) -> None:
    """The last of ten records is done first: the stock class commits all ten."""

    async def scene(bench: Bench, is_ours: bool) -> list[int | None]:
        await bench.append(is_ours, 10)
        async with bench.application(is_ours, acknowledges=False) as one:
            await one.delivers(9)
            one.consumer.ack(one.unfinished[-1])
            await asyncio.sleep(COMMIT_S)
            found = [await bench.committed(is_ours)]
            if is_ours:
                one.consumer.mark_durable(one.tp, 4)
                await asyncio.sleep(COMMIT_S)
            return [*found, await bench.committed(is_ours)]

    assert await bench.both(scene) == ([None, 4], [10, 10])


async def test_verify_event_path_does_not_read_what_is_gone(bench: Bench) -> None:
    async def scene(bench: Bench, is_ours: bool) -> str:
        await bench.append(is_ours, 1)
        async with bench.application(is_ours) as one:
            await one.delivers(0)
            one.consumer._thread._ensure_consumer()._subscription.unsubscribe()
            try:
                one.consumer.verify_event_path(time.monotonic(), one.tp)
            except AttributeError as error:
                return str(error)
            return ""

    exact, failing = await bench.both(scene)
    assert exact == ""
    assert "assignment" in failing


async def test_create_worker_consumer_lets_look_ups_through(bench: Bench) -> None:
    """On an idle partition: what else is asked of the broker waits behind the stock class's long poll."""

    async def scene(bench: Bench, is_ours: bool) -> float:
        await bench.append(is_ours, 1)
        async with bench.application(is_ours) as one:
            await one.delivers(0)
            started = time.perf_counter()
            for _ in range(4):
                await one.consumer.highwaters(one.tp)
            return time.perf_counter() - started

    quick, slow = await bench.both(scene)
    assert quick < LONG_POLL_SUM_S < slow


def test_every_override_has_its_test() -> None:
    """Another override without a reason that is tried would stand out here."""
    tried = " ".join(name for name in globals() if name.startswith("test_"))
    renamed = {
        "_getmany": "getmany_of_the_thread",
        "seek_wait": "seek",
        "_new_consumer_thread": "create_worker_consumer",
    }
    for kind, base in ((ours.Consumer, stock.Consumer), (ours.ConsumerThread, stock.AIOKafkaConsumerThread)):
        functions = [name for name, value in vars(kind).items() if inspect.isfunction(value)]
        overridden = [name for name in functions if hasattr(base, name) and not name.startswith("__")]
        assert overridden
        for name in overridden:
            assert renamed.get(name, name).strip("_") in tried, name
