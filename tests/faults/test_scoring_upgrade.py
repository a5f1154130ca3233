"""Another version of the fold takes over in the middle of exams: nothing is lost, every verdict is of one version."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.messages import SessionStarted, encode_message
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, RISK_EVENTS, partition_of
from scoring.fold.engine import ENGINE
from scoring.fold.replay import Logged, replay
from scoring.messages import RiskMessage, Tick, Verdict, decode_risk_message, unpack_bundle
from tests.exam_runs import bundles, exam
from tests.scoring_pipeline import IDENTIFYING, WorkerProcess, read_topic, wait_until_folded

UNDER_WAY = [f"under-way-{n}" for n in range(10)]
ENDED = [f"ended-{n}" for n in range(4)]
OLDER = ("-m", "tests.faults.older_scoring")
AGAIN = "are folded again"


class Versions:
    """The same member of the group under one version and the next."""

    def __init__(self, kafka: str, prefix: str, folder: Path) -> None:
        self._kafka, self._prefix = kafka, prefix
        self.newer = WorkerProcess("w0", kafka, prefix, folder)
        self.older = WorkerProcess("w0", kafka, prefix, folder, OLDER)

    async def has_folded(self, worker: WorkerProcess) -> None:
        await wait_until_folded(self._kafka, self._prefix, [worker], deadline_s=90)


@pytest.fixture
async def versions(broker: str, prefix: str, tmp_path: Path) -> AsyncIterator[Versions]:
    both = Versions(broker, prefix, tmp_path)
    yield both
    both.newer.stop()
    both.older.stop()


def values_of(sessions: Sequence[str], frames: int) -> dict[str, list[bytes]]:
    at_ms = now_ms()
    return {s: list(bundles(exam(s, n, frames, at_ms, at_ms), random.Random(n))) for n, s in enumerate(sessions)}


async def send(writer: KafkaWriter, exams: Mapping[str, Sequence[bytes]]) -> None:
    for session, values in exams.items():
        for value in values:
            await (await writer.send(OBSERVATIONS, partition_of(session), value))


def logged(log: Mapping[int, Sequence[Record]]) -> dict[str, list[Logged]]:
    """The observations of each session, as a store would keep them."""
    found: defaultdict[str, list[Logged]] = defaultdict(list)
    for record in (record for records in log.values() for record in records):
        for observation, packed in unpack_bundle(record.value):
            if not isinstance(observation, Tick):
                found[observation.session].append(Logged(record.offset, packed))
    return found


def last_words(published: Mapping[int, Sequence[Record]]) -> dict[str, dict[tuple[object, ...], bytes]]:
    """What of each session was said last of everything that has an identity of its own: what a table keeps."""
    said: defaultdict[str, dict[tuple[object, ...], bytes]] = defaultdict(dict)
    for record in (record for records in published.values() for record in records):
        message = decode_risk_message(record.value)
        said[message.session][identity(message)] = record.value
    return said


def identity(message: RiskMessage) -> tuple[object, ...]:
    return type(message).__name__, *(getattr(message, name, None) for name in IDENTIFYING)


def verdicts(published: Mapping[int, Sequence[Record]], sessions: Sequence[str]) -> dict[str, list[Verdict]]:
    said = [decode_risk_message(record.value) for records in published.values() for record in records]
    return {s: [m for m in said if isinstance(m, Verdict) and m.session == s] for s in sessions}


@pytest.mark.parametrize("way", ["stopped", "killed", "killed and killed again while it folds again"])
async def test_an_upgrade_in_the_middle_of_exams_loses_nothing_and_every_verdict_can_be_recomputed(
    broker: str, prefix: str, writer: KafkaWriter, versions: Versions, way: str
) -> None:
    """Catches: going on with another version's state; a checkpoint while behind; telling again what had ended."""
    exams = values_of(UNDER_WAY, 120)
    middle = {session: len(values) // 2 for session, values in exams.items()}
    versions.older.start()
    await send(writer, values_of(ENDED, 40))
    await send(writer, {session: values[: middle[session]] for session, values in exams.items()})
    await versions.has_folded(versions.older)
    if way == "stopped":
        assert versions.older.terminate() == 0
    else:
        versions.older.kill()

    versions.newer.start()
    await versions.newer.says(AGAIN)
    if way == "killed and killed again while it folds again":
        versions.newer.kill()
        versions.newer.start()
        await versions.newer.says(AGAIN)
    await send(writer, {session: values[middle[session] :] for session, values in exams.items()})
    await versions.has_folded(versions.newer)
    versions.newer.kill()
    versions.newer.start()  # from its own checkpoint: nothing is another version's any more
    await versions.newer.owns()
    await versions.has_folded(versions.newer)
    assert versions.newer.terminate() == 0

    published = await read_topic(broker, prefix + RISK_EVENTS)
    stored, said = logged(await read_topic(broker, prefix + OBSERVATIONS)), last_words(published)
    for session in UNDER_WAY:
        wanted = [encode_message(message) for message in replay(stored[session]).messages]
        assert list(said[session].values()) == wanted
        assert len(wanted) > 20
    of = verdicts(published, [*UNDER_WAY, *ENDED])
    assert all({one.engine for one in of[session]} == {ENGINE} for session in UNDER_WAY)
    assert all([one.engine for one in of[session]] == ["0"] for session in ENDED)


async def test_where_the_log_no_longer_reaches_back_every_verdict_says_so(
    broker: str, prefix: str, writer: KafkaWriter, versions: Versions
) -> None:
    exams = values_of(UNDER_WAY, 60)
    versions.older.start()
    await send(writer, {session: values[:6] for session, values in exams.items()})
    await versions.has_folded(versions.older)
    assert versions.older.terminate() == 0  # so that its position is saved where the log still reaches
    await _forget_all_but_the_last(broker, prefix)

    versions.newer.start()
    await versions.newer.says(AGAIN)
    await send(writer, {session: values[6:] for session, values in exams.items()})
    await versions.has_folded(versions.newer)
    assert versions.newer.terminate() == 0

    stored = logged(await read_topic(broker, prefix + OBSERVATIONS))
    cut = [s for s in UNDER_WAY if not any(isinstance(_unpacked(one), SessionStarted) for one in stored[s])]
    of = verdicts(await read_topic(broker, prefix + RISK_EVENTS), UNDER_WAY)
    assert cut == UNDER_WAY
    assert all([(one.engine, one.risk_class) for one in of[s]] == [(ENGINE, "INCONCLUSIVE")] for s in cut)
    assert all("beginning_lost" in one.anomalies for some in of.values() for one in some)


def _unpacked(one: Logged) -> object:
    ((observation, _),) = unpack_bundle(b"\x91" + one.packed)
    return observation


async def _forget_all_but_the_last(kafka: str, prefix: str) -> None:
    """What retention does, at once: of each partition the last two records stay, one of them perhaps a tick."""
    ends = {number: len(records) for number, records in (await read_topic(kafka, prefix + OBSERVATIONS)).items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        below = {TopicPartition(prefix + OBSERVATIONS, n): RecordsToDelete(max(0, end - 2)) for n, end in ends.items()}
        await admin.delete_records(below)
    finally:
        await admin.close()
