"""AUTHORIZED: when it is said, to whom, and what the verdict and the report say of it.

Without these, a stranger could be told that they are recognised, or nobody would ever hear it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
import pytest

from detectors.messages import IdentityObserved
from ingest.log import Record, TopicPartition
from ingest.memory_log import MemoryLog, MemoryWriter
from ingest.messages import Notice, SessionEnded, SessionStarted, decode_notice, encode_bundle, encode_message
from ingest.topics import NOTICES, OBSERVATIONS, RISK_EVENTS
from scoring.fold.holdings import Folded, Retention
from scoring.fold.partition import Partition
from scoring.fold.session import fold
from scoring.messages import Recognised, SessionObservation, Verdict
from scoring.rulebook.policy import Policy, load_policy
from scoring.worker.outbox import Outbox
from scoring.worker.pauses import PauseGuard
from sinks.report.assembly import assemble
from sinks.report.document import report_json
from sinks.report.page import report_html
from tests.sample_report import EXAM, stored

START_MS = 1_700_000_000_000
POLICY = load_policy("default")
SESSION = "s-1"


def session(alike: Sequence[float], end: bool = True) -> list[SessionObservation]:
    """A face compared every 2 s from 4 s on."""
    log: list[SessionObservation] = [SessionStarted(session=SESSION, capture_ms=START_MS, calibration_ms=0)]
    log += [compared(place, value) for place, value in enumerate(alike)]
    ended_ms = START_MS + 60_000
    return log + [SessionEnded(session=SESSION, capture_ms=ended_ms, frames_sent=0)] * end


def compared(place: int, value: float) -> IdentityObserved:
    at_ms = START_MS + 4_000 + 2_000 * place
    return IdentityObserved(
        session=SESSION, seq=20 * place, capture_ms=at_ms, ingested_ms=at_ms + 7, partition=0, offset=place, model="m",
        similarity=value,
    )  # fmt: skip


def verdict(alike: Sequence[float]) -> Verdict:
    state, last = None, None
    for observation in session(alike):
        state, messages = fold(POLICY, state, observation)
        last = messages[-1] if messages else last
    assert isinstance(last, Verdict)
    return last


def records(observations: Iterable[SessionObservation]) -> list[Record]:
    return [
        Record(OBSERVATIONS, 0, place, None, encode_bundle([one]), (), START_MS + place)
        for place, one in enumerate(observations)
    ]


def all_folded(log: Iterable[Record], shadow: Policy | None = None) -> list[Folded]:
    partition = Partition(Retention(), 0, shadow=shadow)
    return [partition.fold(record) for record in log]


@pytest.mark.parametrize(
    ("alike", "expected", "sentence"),
    [
        ((0.8, 0.7), Recognised(status="AUTHORIZED", looks=2, alike=2, at_ms=START_MS + 4_000), "at 0:04, in 2 of 2"),
        (
            (0.2, float("nan"), 0.45, 0.1),
            Recognised(status="AUTHORIZED", looks=3, alike=1, at_ms=START_MS + 8_000),
            "at 0:08, in 1 of 3",
        ),
        ((0.44,), Recognised(status="NOT_RECOGNISED", looks=1, alike=0), "recognised in none of 1 look."),
    ],
    ids=["always", "late, then somebody else", "never"],
)
def test_the_verdict_says_who_was_recognised(alike: Sequence[float], expected: Recognised, sentence: str) -> None:
    """A face that is no longer alike takes nothing back: that is an event's to say."""
    told = verdict(alike)
    assert told.identity == expected
    assert [reason for reason in told.reasons if sentence in reason]
    assert msgspec.msgpack.decode(encode_message(told), type=Verdict) == told


@pytest.mark.parametrize("alike", [(), (float("nan"), float("inf"))], ids=["not compared", "no numbers"])
def test_of_a_session_without_a_comparison_nothing_is_said(alike: Sequence[float]) -> None:
    told = verdict(alike)
    assert told.identity is msgspec.UNSET
    assert "identity" not in msgspec.msgpack.decode(encode_message(told))
    assert not [reason for reason in told.reasons if "recognised" in reason]


def test_the_candidate_is_told_once_and_again_only_after_a_crash() -> None:
    log = records(session((0.2, 0.8, 0.9, 0.1, 0.8)))
    told = [notice for folded in all_folded(log) for notice in folded.notices]
    at_ms = START_MS + 6_000
    assert told == [Notice(session=SESSION, notice="AUTHORIZED", at_ms=at_ms, ingested_ms=at_ms + 7)]
    assert told == [notice for folded in all_folded(log) for notice in folded.notices]
    assert not [notice for folded in all_folded(records(session((0.2, 0.3)))) for notice in folded.notices]


def test_a_repeated_look_and_a_policy_on_trial_tell_nobody() -> None:
    twice = [*session((0.8,), end=False), compared(0, 0.8)]
    assert sum(len(folded.notices) for folded in all_folded(records(twice))) == 1
    assert not [notice for folded in all_folded(records(session((0.8,))), POLICY) for notice in folded.notices]


async def test_notices_go_to_their_own_topic_under_the_session() -> None:
    """What is sent is waited for like everything else that leaves a partition."""
    log = MemoryLog()
    outbox = Outbox(MemoryWriter(log), 3, PauseGuard(30.0))
    for folded in all_folded(records(session((0.8,)))):
        await outbox.publish(folded.messages, folded.notices)
    for arrival in outbox.take():
        await arrival
    (record,) = log.records(TopicPartition(NOTICES, 3))
    assert record.key == SESSION.encode()
    assert decode_notice(record.value).notice == "AUTHORIZED"
    assert log.end(TopicPartition(RISK_EVENTS, 3)) > 0


def test_the_report_has_a_line_for_it() -> None:
    known = Recognised(status="AUTHORIZED", looks=9, alike=8, at_ms=EXAM.verdict().start_ms + 65_000)
    kept = stored()
    recognised = assemble(replace(kept, verdict=msgspec.structs.replace(kept.verdict, identity=known)))
    document = json.loads(json.dumps(report_json(recognised, "camera:0")))
    assert document["verdict"]["identity"] == {"status": "AUTHORIZED", "at_ms": 65_000, "looks": 9, "alike": 8}
    page = report_html(recognised, "camera:0")
    assert "<dt>Identity</dt><dd>Authorized <small>at 1:05.0</small></dd>" in page
    without = assemble(kept)
    assert report_json(without, "camera:0")["verdict"]["identity"] is None
    assert "<dt>Identity</dt>" not in report_html(without, "camera:0")
