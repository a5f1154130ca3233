"""Whatever befalls the workers, what they say is what an undisturbed fold says: nothing lost, extra or contradicted."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.kafka_log import KafkaWriter
from scoring.worker.pauses import Exit
from tests.scoring_pipeline import SESSION_TIMEOUT_S
from tests.scoring_team import Feed, Team

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

SESSIONS, FRAMES, TOGETHER = 200, 125, 80
OBSERVATIONS = 50_000
OUTAGE_S = SESSION_TIMEOUT_S * 1.2
FREEZE_S = SESSION_TIMEOUT_S * 1.4
SHARE = 1 / 14  # of the records, for each step of the plan


@pytest.fixture
async def team(stack: "LocalStack", prefix: str, tmp_path: Path) -> AsyncIterator[Team]:
    async with Team(stack.kafka, prefix, tmp_path, most=5, statics=3) as five:
        yield five


class Plan:
    """What befalls the team, each time while a share of the feed is being folded."""

    def __init__(self, stack: "LocalStack", team: Team, feed: Feed, writer: KafkaWriter) -> None:
        self._stack, self._team, self._feed, self._writer = stack, team, feed, writer
        self._three, self._two = team.workers[:3], team.workers[3:]
        self._sending: list[asyncio.Task[None]] = []
        self.seconds: dict[str, int] = {}

    async def run(self) -> None:
        """All of it, in order; afterwards the whole feed is in the log and three workers run."""
        await self._team.start(*self._three)
        for step in (
            self._killed_one_by_one,
            self._killed_together,
            self._restarted_in_turn,
            self._one_frozen,
            self._broker_killed,
            self._scaled_to_five_and_back,
        ):
            started = time.monotonic()
            await step()
            self.seconds[step.__name__.strip("_")] = round(time.monotonic() - started)
        await self._feed.send(self._writer, 1.0)
        await asyncio.gather(*self._sending)

    async def _amid_a_share(self) -> None:
        before = await self._team.published()  # asked first: a share may be folded before a broker that is back answers
        self._sending.append(asyncio.create_task(self._feed.send(self._writer, SHARE)))
        await self._team.folding(before)

    async def _killed_one_by_one(self) -> None:
        first = self._three[0]
        for worker in self._three:
            await self._amid_a_share()
            self._team.kill(worker)
        await self._team.own(*self._three)
        await self._amid_a_share()
        self._team.kill(first)
        await first.says("Consumer]: Starting")
        self._team.kill(first)
        await self._team.own(first)

    async def _killed_together(self) -> None:
        await self._amid_a_share()
        self._team.kill(*self._three[1:])
        await self._team.own(*self._three)
        await self._amid_a_share()
        self._team.kill(*self._three[1:])
        await self._team.own(*self._three)

    async def _restarted_in_turn(self) -> None:
        await self._amid_a_share()
        for worker in self._three:
            await self._team.leave(worker)
            worker.start()
        await self._team.own(*self._three)

    async def _one_frozen(self) -> None:
        await self._amid_a_share()
        frozen = self._three[1].process
        assert frozen is not None
        frozen.send_signal(signal.SIGSTOP)
        thaw_s = time.monotonic() + FREEZE_S
        await self._amid_a_share()
        await asyncio.sleep(max(0.0, thaw_s - time.monotonic()))
        frozen.send_signal(signal.SIGCONT)
        assert await asyncio.to_thread(frozen.wait, 20) in (Exit.FROZEN, Exit.FENCED)
        self._team.tally.freezes += 1
        await self._team.start(self._three[1])

    async def _broker_killed(self) -> None:
        await self._amid_a_share()
        self._stack.kill("kafka", hold=True)
        self._team.tally.outages += 1
        await asyncio.sleep(OUTAGE_S)
        await asyncio.to_thread(self._stack.release, "kafka")
        await self._team.revive(*self._three)
        await self._amid_a_share()

    async def _scaled_to_five_and_back(self) -> None:
        await self._team.start(*self._two)
        await self._amid_a_share()
        self._team.kill(self._two[0])
        await self._team.own(self._two[0])
        await self._amid_a_share()
        for worker in self._two:
            await self._team.leave(worker)
        await self._amid_a_share()


@pytest.mark.timeout(480)  # 80 s on a quiet machine, most of it waiting; its waits have deadlines of their own
async def test_kills_freezes_leaves_outages_and_scaling_change_no_event(
    stack: "LocalStack", team: Team, writer: KafkaWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    started, feed = time.monotonic(), Feed(SESSIONS, FRAMES, TOGETHER, seed=7)
    assert feed.observations >= OBSERVATIONS
    plan = Plan(stack, team, feed, writer)
    await plan.run()
    await team.finish()
    from_log, from_exams = await team.verdict(feed)
    with capsys.disabled():
        print(
            f"\n{team.tally}; {feed.observations} observations of {SESSIONS} sessions in {feed.records} records, "
            f"{feed.repeated} of them repeated, {feed.garbage} garbage\n"
            f"{time.monotonic() - started:.0f} s: {plan.seconds}\n"
            f"against a fold of the log: {from_log}\nagainst the exams undisturbed: {from_exams}"
        )
    assert from_log.is_exact, from_log
    assert from_exams.is_exact, from_exams
    assert (team.tally.kills, team.tally.leaves, team.tally.freezes, team.tally.outages) == (10, 5, 1, 1)
    assert from_log.repeated > 0, "no kill hit anything that was not yet saved: the test shows nothing"


async def test_the_comparison_sees_a_worker_that_forgets_a_session(team: Team, writer: KafkaWriter) -> None:
    """Negative control: the same harness, and a worker that leaves one changed session out of each checkpoint."""
    forgetful, feed = team.workers[0], Feed(24, FRAMES, 24, seed=8)
    forgetful.program = ("tests/faults/forgetful_scoring.py",)
    await team.start(forgetful)
    await feed.send(writer, 0.5)
    await team.saved()
    before = await team.published()
    sending = asyncio.create_task(feed.send(writer, 0.2))
    await team.folding(before)
    team.kill(forgetful)
    await sending
    await feed.send(writer, 1.0)
    await team.finish()
    from_log, from_exams = await team.verdict(feed)
    assert from_log.lost > 0, from_log
    assert from_exams.lost > 0, from_exams
