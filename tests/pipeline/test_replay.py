"""Stored exams replayed and verified on the real stack: real scoring, real writer, the command as a person calls it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from deploy.cli import exit_status
from ingest.kafka_log import KafkaWriter
from ingest.log import Record
from ingest.messages import encode_bundle, encode_message
from ingest.telemetry import now_ms
from ingest.topics import OBSERVATIONS, RISK_EVENTS, SHADOW_EVENTS, partition_of
from scoring.fold.replay import replay_partition
from scoring.messages import SessionObservation, Verdict
from scoring.rulebook.accommodations import RulesOff, accommodations_document
from scoring.rulebook.policy import Policy, load_policy
from sinks.observation_rows import observation_rows
from sinks.queries import StoredVerdict, all_verdicts, risk_events, stored_observations
from sinks.rows import ObservationRow
from tests.scoring_pipeline import WorkerProcess, compare, read_topic
from tests.sinks_process import Place, place_on, until
from tests.staged_exam import Run, StagedExam
from tests.stored_exams import put

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

RUNS = [Run("normal", 10), Run("away", 5), Run("normal", 6), Run("phone", 8), Run("absent", 3), Run("normal", 5)]
PLAIN, ALLOWED, SILENT = "plain", "allowed", "silent"
STRICT = """extends = "default"
[rules.looking_away]
hold_ms = 6000
[rules.no_face]
hold_ms = 1000
points = 40.0
"""


@pytest.fixture
async def place(stack: "LocalStack", tmp_path: Path) -> AsyncIterator[Place]:
    async with place_on(stack, tmp_path) as made:
        made.store().migrate()
        made.start()
        yield made


@pytest.fixture
def worker(place: Place) -> Iterator[WorkerProcess]:
    """The scoring worker that counts."""
    one = WorkerProcess("w0", place.kafka, place.prefix, place.folder, is_static=False)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def command(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command `proctor` works on the test's own log and tables."""
    for name, value in environment(place).items():
        monkeypatch.setenv(name, value)


def environment(place: Place) -> dict[str, str]:
    return {
        "PROCTOR_KAFKA": place.kafka,
        "PROCTOR_CLICKHOUSE": place.clickhouse,
        "PROCTOR_DATABASE": place.name,
        "PROCTOR_TOPIC_PREFIX": place.prefix,
    }


def exams(folder: Path) -> dict[str, list[SessionObservation]]:
    """An ordinary exam, one of somebody who may look away, one that goes silent halfway and comes back."""
    (folder / "hasty.toml").write_text('extends = "default"\nsilence_ms = 2000\n')
    hasty = load_policy(str(folder / "hasty.toml")).document
    allowed = accommodations_document((RulesOff(reason="Reads from paper", rules=("looking_away",)),))
    found = {}
    for name, changes in ((PLAIN, {}), (ALLOWED, {"accommodations": allowed}), (SILENT, {"policy": hasty})):
        every = list(StagedExam(RUNS, fps=4.0, session=name).observations())
        every[0] = msgspec.structs.replace(every[0], **changes)
        found[name] = every
    return found


async def send(place: Place, observations: Sequence[SessionObservation], at_once: int = 6) -> None:
    """Write observations of one session as bundles."""
    async with KafkaWriter(place.kafka, prefix=place.prefix) as writer:
        for at in range(0, len(observations), at_once):
            bundle = observations[at : at + at_once]
            await (await writer.send(OBSERVATIONS, partition_of(bundle[0].session), encode_bundle(bundle)))


async def stored_verdicts(place: Place, session: str, count: int, origin: str = "live") -> list[StoredVerdict]:
    """The verdicts of one origin, once there are so many."""
    store = place.store()

    def found() -> list[StoredVerdict]:
        return [one for one in all_verdicts(store, session) if one.origin == origin]

    await until(lambda: len(found()) >= count, f"{count} {origin} verdicts of {session}")
    return found()


async def play(place: Place, folder: Path) -> dict[str, list[SessionObservation]]:
    """All exams through real scoring into the tables; the silent one waits for its first verdict."""
    sent = exams(folder)
    half = len(sent[SILENT]) // 2
    await send(place, sent[SILENT][:half])
    await send(place, sent[PLAIN])
    await send(place, sent[ALLOWED])
    await stored_verdicts(place, SILENT, 1)
    await send(place, sent[SILENT][half:])
    for session, count in ((PLAIN, 1), (ALLOWED, 1), (SILENT, 2)):
        await stored_verdicts(place, session, count)
    return sent


async def proctor(*arguments: str) -> int:
    return await asyncio.to_thread(exit_status, list(arguments))


async def test_stored_exams_are_verified_and_judged_again(
    place: Place, worker: WorkerProcess, command: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await play(place, tmp_path)
    assert await proctor("verify", "--all") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [[ALLOWED, "equal"], [PLAIN, "equal"], [SILENT, "equal"]]
    before = {session: verdicts(place, session) for session in (PLAIN, ALLOWED, SILENT)}
    assert [one.verdict.closed_by for one in before[SILENT]] == ["silence", "end"]

    (tmp_path / "strict.toml").write_text(STRICT)
    strict = load_policy(str(tmp_path / "strict.toml"))
    assert await proctor("replay", "--all", "--policy", str(tmp_path / "strict.toml"), "--json") == 0
    told = {one["session"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told[PLAIN]["class_changed"] is True
    assert {(event["how"], event["rule"]) for event in told[PLAIN]["events"]} == {
        ("went", "looking_away"),
        ("changed", "no_face"),
    }
    assert {(event["how"], event["rule"]) for event in told[ALLOWED]["events"]} >= {("changed", "no_face")}
    for session, live in before.items():
        after = verdicts(place, session)
        assert [one for one in after if one.origin == "live"] == live
        (again,) = {one.verdict.policy for one in after if one.origin == "replay"}
        assert again == strict.digest
    from_tables = replayed(place, PLAIN, strict.digest)
    assert await proctor("replay", PLAIN, "--policy", str(tmp_path / "strict.toml"), "--source", "kafka") == 0
    assert "changes class" in capsys.readouterr().out
    assert replayed(place, PLAIN, strict.digest) == from_tables

    assert await proctor("verify", "--all") == 0, "replays change nothing that counts"
    await the_errors_of_a_user(capsys)


async def the_errors_of_a_user(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, never a traceback."""
    capsys.readouterr()
    for arguments, status, why in (
        (("verify", "nobody"), 1, "session nobody: is not stored"),
        (("replay", "nobody", "--policy", "default"), 1, "session nobody: is not stored"),
        (("verify",), 2, "Name sessions, or say --all"),
        (("replay", "--policy", "default"), 2, "Name sessions, or say --all"),
        (("replay", PLAIN, "--policy", "nonsense"), 2, "Invalid value for '--policy'"),
    ):
        assert await proctor(*arguments) == status
        error = capsys.readouterr().err
        assert why in error
        assert "Traceback" not in error


async def test_one_flipped_bit_of_a_stored_observation_is_found(
    place: Place, worker: WorkerProcess, command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    await send(place, list(StagedExam(RUNS, fps=4.0, session=PLAIN).observations()))
    await stored_verdicts(place, PLAIN, 1)
    assert await proctor("verify", PLAIN) == 0
    capsys.readouterr()
    whole = rows(place, PLAIN)
    face = whole[31]
    for field, named in ((b"yaw_deg", "disagree about yaw_deg"), (b"box_xyxy", "are not those of the verdict")):
        bit = 8 * (face.packed.index(field) + len(field) + 4) + 3
        place.store().insert([msgspec.structs.replace(face, packed=flipped(face.packed, bit))])
        assert await proctor("verify", PLAIN) == 1
        line = capsys.readouterr().out
        assert line.startswith(f"{PLAIN}: different: ")
        assert named in line
        place.store().insert([face])
        assert await proctor("verify", PLAIN) == 0
        capsys.readouterr()
    place.store().insert([msgspec.structs.replace(face, packed=face.packed[:-1])])
    assert await proctor("verify", PLAIN) == 1
    assert f"face {face.seq} at {face.log_offset}.{face.position}: its bytes cannot be read" in capsys.readouterr().out
    assert await proctor("replay", PLAIN, "--policy", "interview") == 1
    assert "its observations are not those of its verdict" in capsys.readouterr().err


def rows(place: Place, session: str) -> list[ObservationRow]:
    """The rows of a session, as they would be inserted."""
    store = place.store()
    found = []
    for one in stored_observations(store, session):
        record = Record(OBSERVATIONS, partition_of(session), one.log_offset, None, b"\x91" + one.packed, (), one.log_ms)
        row, *_ = observation_rows(record)
        assert isinstance(row, ObservationRow)
        found.append(msgspec.structs.replace(row, position=one.position))
    return found


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def verdicts(place: Place, session: str) -> list[StoredVerdict]:
    return list(all_verdicts(place.store(), session))


def replayed(place: Place, session: str, policy: str) -> tuple[list[Verdict], list[object]]:
    """What the last replay stored, without the time at which it did."""
    store = place.store()
    judged = [one.verdict for one in all_verdicts(store, session) if one.origin == "replay"]
    return judged, list(risk_events(store, session, policy, "replay"))


async def test_expired_observations_are_told_from_removed_ones(
    place: Place, command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = load_policy("default")
    store = place.store()
    old = {"old": list(StagedExam(RUNS, fps=2.0, session="old").observations())}
    put(store, policy, old, now_ms() - 40 * 86_400_000)
    assert await proctor("verify", "old") == 1
    assert "observations of this session are no longer stored: 30 days" in capsys.readouterr().err
    put(store, policy, {"robbed": list(StagedExam(RUNS, fps=2.0, session="robbed").observations())}, now_ms())
    assert await proctor("verify", "robbed") == 0
    store.command("ALTER TABLE observations DELETE WHERE session = 'robbed' SETTINGS mutations_sync = 2")
    assert await proctor("replay", "robbed", "--policy", "default") == 1
    assert "its observations are missing" in capsys.readouterr().err


async def test_a_policy_on_trial_speaks_into_rows_of_its_own(
    stack: "LocalStack", place: Place, worker: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "strict.toml").write_text(STRICT)
    strict = load_policy(str(tmp_path / "strict.toml"))
    policy = str(tmp_path / "strict.toml")
    trial = WorkerProcess(
        "trial", place.kafka, place.prefix, tmp_path, ("-m", "deploy", "shadow", policy), 0, False, environment(place)
    )
    try:
        trial.start()
        await trial.owns()
        await play(place, tmp_path)
        shadows = {session: await stored_verdicts(place, session, 1, "shadow") for session in (PLAIN, ALLOWED)}
        trial.kill()
        trial.start()
        await send(place, list(StagedExam(RUNS, fps=4.0, session="later").observations()))
        shadows["later"] = await stored_verdicts(place, "later", 1, "shadow")
        await stored_verdicts(place, "later", 1)
        assert worker.terminate() == 0
    finally:
        trial.stop()
    assert {one.verdict.policy for some in shadows.values() for one in some} == {strict.digest}
    assert shadows[ALLOWED][0].verdict.accommodations == ("Reads from paper",)
    (live,) = await stored_verdicts(place, PLAIN, 1)
    assert shadows[PLAIN][0].verdict.risk_class != live.verdict.risk_class
    await nothing_else_has_changed(stack.kafka, place, strict)


async def nothing_else_has_changed(kafka: str, place: Place, strict: Policy) -> None:
    """What counts is byte for byte the fold of the log, and the trial is what a replay of it says."""
    log = await read_topic(kafka, place.prefix + OBSERVATIONS)
    live = await read_topic(kafka, place.prefix + RISK_EVENTS)
    difference = compare(log, live)
    assert difference.is_exact, difference
    assert difference.repeated == 0
    tried = await read_topic(kafka, place.prefix + SHADOW_EVENTS)
    for number, records in log.items():
        again = replay_partition(records, (PLAIN, ALLOWED, SILENT, "later"), strict)
        wanted = {encode_message(message) for messages in again.values() for message in messages}
        assert {record.value for record in tried[number]} == wanted
    ticks = [record for records in log.values() for record in records if b"tick/1" in record.value]
    seconds = (max(one.timestamp_ms for one in ticks) - min(one.timestamp_ms for one in ticks)) / 1000
    assert len(ticks) <= (seconds + 2) * len({one.partition for one in ticks}), "the trial does not tell the time"
