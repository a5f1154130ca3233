"""Every part of the running stack is killed in the middle of exams, twice: nothing is lost, changed or doubled."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from deploy.addresses import Addresses
from deploy.demo import EXAM
from deploy.run import Job, Options, run_sources
from deploy.stack.local import LocalStack
from detectors.messages import IdentityObserved
from ingest.messages import SessionStarted
from ingest.topics import OBSERVATIONS, RISK_EVENTS
from scoring.messages import Tick, decode_bundle
from scoring.rulebook.policy import load_policy
from sinks.reconcile import reconcile
from sinks.store import Store, over_http
from tests.scoring_pipeline import compare, read_topic

CALM = Options(load_policy("default"), "max", rate_fps=5.0)
HURT = replace(CALM, speed="1x")  # as long on any machine: 90 s leave each part the time to come back
KILLS = ("detectors", "scoring", "sinks", "triton", "clickhouse", "kafka") * 2
FRAMES = 450


def addresses(stack: LocalStack) -> Addresses:
    """Where the stack's parts are."""
    return Addresses(stack.kafka, stack.triton, stack.clickhouse)


async def undisturbed(_: Sequence[Job]) -> None:
    """Shows nothing, kills nothing."""


class Hurting:
    """A display that kills one part after the other, evenly over the exam, each when the one before is back."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack, self.killed = stack, 0

    async def __call__(self, jobs: Sequence[Job]) -> None:
        for number, part in enumerate(KILLS, start=1):
            while sum(job.followed.passed for job in jobs) < len(jobs) * FRAMES * number / (len(KILLS) + 3):
                await asyncio.sleep(0.02)
            killed = await asyncio.to_thread(self.stack.kill, part)
            await asyncio.to_thread(self.stack.wait_ready, part, killed)
            self.killed += 1


async def observed(kafka: str, session: str) -> dict[tuple[str, int], bytes]:
    """What the detectors said first of each frame, without what differs between two runs: names, places and clocks;
    when a face is compared, and whether a picture lives, which a killed worker begins to watch anew."""
    told: dict[tuple[str, int], bytes] = {}
    for records in (await read_topic(kafka, OBSERVATIONS)).values():
        for observation in (o for r in records for o in decode_bundle(r.value)):
            if isinstance(observation, Tick | SessionStarted | IdentityObserved) or observation.session != session:
                continue
            said = msgspec.to_builtins(observation)
            for name in ("session", "capture_ms", "ingested_ms", "partition", "offset"):
                said.pop(name, None)
            for name in ("frozen", "looped"):
                said.get("quality", {}).pop(name, None)
            told.setdefault((said["type"], said.get("seq", 0)), msgspec.msgpack.encode(said))
    return told


@pytest.mark.timeout(400)
async def test_kills_of_every_part_change_nothing(whole_stack: LocalStack) -> None:
    """Observations as in an undisturbed run; events byte for byte a fold of the log; rows exactly the log's."""
    (calm,) = await run_sources([EXAM], CALM, addresses(whole_stack), undisturbed)
    hurt = Hurting(whole_stack)
    hurt_jobs = await run_sources([EXAM] * 2, HURT, addresses(whole_stack), hurt)
    assert hurt.killed == len(KILLS)
    reference = await observed(whole_stack.kafka, calm.session)
    assert len(reference) > FRAMES
    for job in hurt_jobs:
        assert not job.failure
        assert await observed(whole_stack.kafka, job.session) == reference
    log, events = await read_topic(whole_stack.kafka, OBSERVATIONS), await read_topic(whole_stack.kafka, RISK_EVENTS)
    difference = compare(log, events)
    assert difference.is_exact, difference
    store = Store(over_http(whole_stack.clickhouse), "proctor")
    rows = reconcile(store, [record for topic in (log, events) for records in topic.values() for record in records])
    store.close()
    assert all(table.none for table in rows), rows
