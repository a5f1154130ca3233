"""The delivery rules of the exact transport, each against the fetches that break the stock one; no broker."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from scoring.worker.transport import Consumer

SOURCE = TP("observations", 0)
OTHER = TP("observations", 1)


class ScriptedConsumer(Consumer):
    """The transport's consumer with fetches from a script and seeks that are written down instead of sent."""

    should_stop = False
    flow_active = True
    app: Any = SimpleNamespace(should_stop=False, rebalancing=False)
    log: Any = SimpleNamespace(info=lambda *_: None)
    scheduler: Any = SimpleNamespace(iterate=lambda records: ((tp, r) for tp, rs in records.items() for r in rs))

    def __init__(self, **wanted: int) -> None:
        self._wanted = {SOURCE: wanted["source"]} if "source" in wanted else {}
        self._seeks, self._durable, self._buffered_partitions = Counter(), {}, set()
        self._committed_offset: dict[TP, int | None] = {SOURCE: None}
        self._unacked_messages: Any = set()
        self._waiting_for_ack = None
        self._fetching = asyncio.Lock()
        self.sought: list[dict[TP, int]] = []
        self.committed: list[dict[TP, int]] = []

    def _to_message(self, _: TP, record: Any) -> Any:
        return record.offset

    async def _wait_next_records(self, _: float) -> tuple[Any, Any]:
        records, active, meanwhile = self._script
        if meanwhile:
            await meanwhile()
        return records, active

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        self.sought.append(dict(partitions))
        for tp, offset in partitions.items():
            self._seeks[tp] += 1
            self._wanted[tp] = offset

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        self.committed.append(dict(offsets))
        return True

    async def fetch(
        self,
        offsets: list[int],
        meanwhile: Callable[[], Awaitable[None]] | None = None,
        active: set[TP] | None = None,
        tp: TP = SOURCE,
    ) -> list[Any]:
        """What is delivered of a fetch of `offsets`, when `meanwhile` happens between the fetch and its delivery."""

        self._script = {tp: [SimpleNamespace(offset=offset) for offset in offsets]}, active, meanwhile
        return [message async for _, message in self.getmany(1.0)]


async def test_a_partition_without_a_start_is_not_delivered_at_all() -> None:
    consumer = ScriptedConsumer()
    assert await consumer.fetch([5, 6]) == []
    assert consumer.sought == []


async def test_what_lies_below_the_start_is_dropped_and_the_rest_delivered_once() -> None:
    consumer = ScriptedConsumer(source=5)
    assert await consumer.fetch([3, 4, 5, 6]) == [5, 6]
    assert await consumer.fetch([5, 6, 7]) == [7]


async def test_a_hole_is_fetched_again_instead_of_skipped() -> None:
    consumer = ScriptedConsumer(source=5)
    assert await consumer.fetch([5, 6, 8, 9]) == [5, 6]
    assert consumer.sought == [{SOURCE: 7}]


async def test_records_fetched_before_a_seek_are_not_delivered_after_it() -> None:
    consumer = ScriptedConsumer(source=5)
    assert await consumer.fetch([5, 6], meanwhile=lambda: consumer.seek_wait({SOURCE: 5})) == []
    assert consumer.sought[-1] == {SOURCE: 5}
    assert await consumer.fetch([5, 6]) == [5, 6]


async def test_records_of_a_paused_partition_are_fetched_again_later() -> None:
    consumer = ScriptedConsumer(source=5)
    assert await consumer.fetch([5], active=set()) == []
    assert consumer.sought == [{SOURCE: 5}]
    assert await consumer.fetch([5], active={SOURCE}) == [5]


async def test_nothing_is_delivered_while_the_flow_is_stopped() -> None:
    consumer = ScriptedConsumer(source=5)
    consumer.flow_active = False
    assert await consumer.fetch([5]) == []
    assert consumer._wanted[SOURCE] == 5


async def test_revoked_partitions_are_silent_until_their_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def base(self: Any, revoked: set[TP]) -> None:
        assert not self._wanted, "silent before anybody else hears of the revocation"

    monkeypatch.setattr("faust.transport.drivers.aiokafka.Consumer.on_partitions_revoked", base)
    consumer = ScriptedConsumer(source=5)
    consumer.mark_durable(SOURCE, 5)
    await consumer.on_partitions_revoked({SOURCE})
    assert await consumer.fetch([5, 6]) == []
    assert not await consumer.force_commit()


async def test_a_revocation_between_fetch_and_delivery_drops_the_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    async def base(self: Any, revoked: set[TP]) -> None:
        await self.seek_wait({SOURCE: 5})  # the next generation starts at once, where this one was

    monkeypatch.setattr("faust.transport.drivers.aiokafka.Consumer.on_partitions_revoked", base)
    consumer = ScriptedConsumer(source=5)
    assert await consumer.fetch([5, 6], meanwhile=lambda: consumer.on_partitions_revoked({SOURCE})) == []


async def test_an_acknowledgement_ends_the_tracking_and_commits_nothing() -> None:
    consumer = ScriptedConsumer(source=5)
    message: Any = _Tracked()
    consumer._unacked_messages.add(message)
    assert consumer.ack(message)
    assert not consumer.ack(message)
    assert not consumer._unacked_messages
    assert not await consumer.force_commit()
    assert consumer.committed == []


async def test_only_saved_positions_are_committed_and_each_once() -> None:
    consumer = ScriptedConsumer(source=5)
    consumer.mark_durable(SOURCE, 7)
    consumer.mark_durable(OTHER, 9)
    assert await consumer.force_commit()
    assert consumer.committed == [{SOURCE: 7}]
    assert not await consumer.force_commit()


class _Tracked:
    """A message as far as an acknowledgement looks at it; acknowledged twice by a careless stream."""

    acked = False
