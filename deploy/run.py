"""Runs sources as sessions side by side through a running stack and waits until each one's report can be read."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Literal

from deploy.addresses import Addresses
from deploy.watch import Followed, Watch
from ingest.errors import InputError, ProctorError, TransientError
from ingest.kafka_log import KafkaWriter
from ingest.pacing import InFlight, Speed
from ingest.progress import Progress, SessionSummary
from ingest.session import run_session
from ingest.sources.opening import open_source
from scoring.rulebook.accommodations import Accommodation, accommodations_document
from scoring.rulebook.policy import Policy
from sinks.queries import StoredCounts, stored_counts
from sinks.report.model import Report
from sinks.report.reading import read_report
from sinks.store import Store, over_http

SIDE_BY_SIDE = 4  # sessions sent at the same time at full speed; the others wait
FRAMES_IN_FLIGHT = 96  # of one session: enough to keep every core busy, little enough to stop at once
STALL_S = 120.0  # nothing moved for so long: the stack is not coming back by itself
POLL_S, LAZY_POLL_S = 0.3, 1.0  # while a report waits for its rows; while sessions run, for the display alone

Show = Callable[["Sequence[Job]"], Coroutine[None, None, None]]
State = Literal["waiting", "running", "storing", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Options:
    """How every source of one run is treated; `accommodations`: what its person is allowed under the policy."""

    policy: Policy
    speed: Speed
    rate_fps: float
    calibration_ms: int | None = None
    accommodations: tuple[Accommodation, ...] = ()


@dataclass(slots=True)
class Job:
    """One source on its way to a report; moves while it runs, for a display to look at."""

    spec: str
    followed: Followed
    state: State = "waiting"
    progress: Progress = field(default_factory=Progress)
    in_flight: InFlight = field(default_factory=lambda: InFlight(FRAMES_IN_FLIGHT))
    summary: SessionSummary | None = None
    stored: StoredCounts | None = None
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    report: Report | None = None
    failure: str = ""

    @property
    def session(self) -> str:
        return self.followed.session

    @property
    def marks(self) -> tuple[object, ...]:
        """What changes while anything moves."""
        return (self.progress.frames_sent, self.followed.passed, self.followed.scored, self.state, self.stored)


def new_session() -> str:
    """A pseudonym for a session: says nothing about who sits it or what the file was called."""
    return f"s-{secrets.token_hex(8)}"


async def run_sources(specs: Sequence[str], options: Options, addresses: Addresses, show: Show) -> list[Job]:
    """Run every source; one that cannot be used fails alone. `show` is called with the jobs and runs until cancelled.

    Raises: TransientError when a part of the stack does not answer at the start.
    """
    store = Store(over_http(addresses.clickhouse), addresses.database)
    jobs: dict[str, Job] = {}
    async with (
        Watch(addresses.kafka, lambda session, frames: jobs[session].in_flight.release(frames)) as watch,
        KafkaWriter(addresses.kafka, perishable=True) as frames,
        KafkaWriter(addresses.kafka) as life,
    ):
        for spec in specs:
            job = Job(spec, watch.follow(new_session()))
            jobs[job.session] = job
        running = list(jobs.values())
        beside = [asyncio.create_task(show(running)), asyncio.create_task(_count_stored(running, store))]
        try:
            await _run_all(running, options, frames, life, store)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            store.close()
    return running


async def _run_all(jobs: Sequence[Job], options: Options, frames: KafkaWriter, life: KafkaWriter, store: Store) -> None:
    places = asyncio.Semaphore(SIDE_BY_SIDE if options.speed == "max" else len(jobs))

    async def run_one(job: Job) -> None:
        async with places:
            try:
                await _watched(job, _run_job(job, options, frames, life, store))
            except ProctorError as error:
                job.state, job.failure = "failed", str(error)

    await asyncio.gather(*(run_one(job) for job in jobs))


async def _run_job(job: Job, options: Options, frames: KafkaWriter, life: KafkaWriter, store: Store) -> None:
    source = await asyncio.to_thread(open_source, job.spec)
    job.state = "running"
    job.summary = await run_session(
        source,
        frames,
        life,
        session=job.session,
        policy_document=options.policy.document,
        rate_fps=options.rate_fps,
        speed=options.speed,
        calibration_ms=options.calibration_ms,
        in_flight=job.in_flight,
        progress=job.progress,
        accommodations=accommodations_document(options.accommodations),
    )
    if not job.summary.frames_sent:
        raise InputError(job.spec, job.summary.failure or "no frame could be read", "Try another file")
    await job.followed.finished.wait()
    job.state = "storing"
    await job.complete.wait()
    job.report = await asyncio.to_thread(read_report, store, job.session)
    job.state = "done"


async def _count_stored(jobs: Sequence[Job], store: Store) -> None:
    """Keep each job's stored counts fresh, and say when everything of a session can be queried."""
    while True:
        open_jobs = {job.session: job for job in jobs if job.state in ("running", "storing")}
        with contextlib.suppress(TransientError):  # away for now; a job gives up when nothing moves for long
            for session, counts in (await asyncio.to_thread(stored_counts, store, *open_jobs)).items():
                open_jobs[session].stored = counts
                if is_complete(counts, open_jobs[session].followed):
                    open_jobs[session].complete.set()
        await asyncio.sleep(POLL_S if any(job.state == "storing" for job in jobs) else LAZY_POLL_S)


def is_complete(counts: StoredCounts, followed: Followed) -> bool:
    """Whether everything that the log says of a finished session can be queried."""
    verdict = followed.verdict
    return (
        verdict is not None
        and counts.verdicts > 0
        and counts.samples >= followed.samples
        and counts.events >= sum(rule.events + rule.suppressed for rule in verdict.rules)
        and counts.frames_observed >= verdict.frames_observed
    )


async def _watched(job: Job, work: Awaitable[None]) -> None:
    """Do the work; give up when nothing has moved for STALL_S."""
    task = asyncio.ensure_future(work)
    marks, moved_at = job.marks, asyncio.get_running_loop().time()
    try:
        while not (await asyncio.wait({task}, timeout=1.0))[0]:
            now = asyncio.get_running_loop().time()
            if job.marks != marks:
                marks, moved_at = job.marks, now
            elif now - moved_at > STALL_S:
                raise TransientError(_stalled(job))
        await task
    finally:
        task.cancel()


def _stalled(job: Job) -> str:
    where = "to be stored" if job.state == "storing" else "for the detectors and scoring"
    passed, sent = job.followed.passed, job.progress.frames_sent
    return (
        f"{job.spec}: nothing moved for {STALL_S:.0f} s while waiting {where} ({passed} of {sent} frames looked at). "
        "See `proctor status` and the logs it names"
    )
