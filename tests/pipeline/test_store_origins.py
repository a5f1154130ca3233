"""Verdicts of policies on trial and of replays beside the live ones, on a real ClickHouse endpoint."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest

from ingest.messages import FramesDropped, encode_bundle, encode_message
from ingest.telemetry import now_ms
from scoring.messages import RiskClass, RiskMessage, Tick, Verdict, decode_bundle
from scoring.rulebook.policy import load_policy
from sinks import queries
from sinks.queries import StoredCounts
from sinks.reconcile import reconcile
from sinks.replayed import store_messages
from sinks.report.reading import read_report
from sinks.store import Store
from tests.own_database import database_on, insert, rows
from tests.sample_exam import SampleExam, as_records, records
from tests.sample_script import DOCUMENT, EPISODES, POLICY
from tests.staged_exam import START_MS, Run, StagedExam, fold_all

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

RUNS = (Run("normal", 12), Run("away", 8), Run("speaking", 12), Run("phone", 9), Run("tab_hidden", 3), Run("normal", 5))


@pytest.fixture(scope="module")
def store(stack: "LocalStack") -> Iterator[Store]:
    """A database of this module's own; the tests keep apart by their sessions' names."""
    with database_on(stack) as made:
        yield made


@pytest.fixture
def exam() -> SampleExam:
    return SampleExam(session=uuid4().hex)


def other_than_live(exam: SampleExam, policy: str, risk_class: RiskClass) -> list[RiskMessage]:
    """The exam's messages under another policy, with another class and no event but the phone."""
    phone = exam.closed(EPISODES[3])
    verdict = msgspec.structs.replace(exam.verdict(), risk_class=risk_class, rules=exam.verdict().rules[3:4])
    some = (exam.calibration(), exam.sample(1), phone, verdict)
    return [msgspec.structs.replace(message, policy=policy) for message in some]


def test_a_policy_on_trial_stands_beside_the_live_one_and_in_no_view_of_it(store: Store, exam: SampleExam) -> None:
    messages = other_than_live(exam, POLICY, "HIGH_RISK")
    insert(store, rows([*as_records(exam), *records("shadow-events", map(encode_message, messages))]))
    assert queries.verdicts(store, exam.session) == [exam.verdict()]
    assert queries.verdicts(store, exam.session, "shadow") == messages[-1:]
    assert queries.risk_events(store, exam.session, POLICY, "shadow") == messages[2:3]
    assert len(queries.risk_events(store, exam.session, POLICY)) == 5
    assert queries.timeline(store, exam.session, POLICY, "shadow") == messages[1:2]
    assert queries.calibration(store, exam.session, POLICY, "shadow") == messages[0]
    assert queries.stored_counts(store, exam.session)[exam.session] == StoredCounts(294, 178, 2, 5, 90, 1)
    of_live = ("session_events", "suppressed_events", "session_timeline", "rule_coverage", "exam_overview")
    counts = [store.rows(f"SELECT count() FROM {v} WHERE session = {{s:String}}", s=exam.session) for v in of_live]
    assert counts == [[(4,)], [(1,)], [(90,)], [(5,)], [(1,)]]
    sql = """SELECT origin, risk_class, other_class, changed, events, other_events, same_observations
    FROM policy_comparison WHERE session = {s:String}"""
    assert store.rows(sql, s=exam.session) == [("shadow", "SUSPICIOUS", "HIGH_RISK", 1, 4, 1, 1)]


def test_replays_stand_beside_the_live_verdict_and_a_later_one_takes_the_place_of_an_earlier(
    store: Store, exam: SampleExam
) -> None:
    log, now = as_records(exam), now_ms()
    insert(store, rows(log))
    assert store_messages(store, exam.risk_messages(), "replay", now) == 101
    assert queries.risk_events(store, exam.session, POLICY, "replay") == queries.risk_events(
        store, exam.session, POLICY
    )
    later = other_than_live(exam, POLICY, "BORDERLINE")
    store_messages(store, later, "replay", now + 1)
    assert queries.risk_events(store, exam.session, POLICY, "replay") == later[2:3]
    assert queries.timeline(store, exam.session, POLICY, "replay") == later[1:2]
    assert queries.verdicts(store, exam.session, "replay") == later[-1:]
    assert queries.verdicts(store, exam.session) == [exam.verdict()]
    assert all(difference.none for difference in reconcile(store, log))


def test_verdicts_of_every_origin_policy_engine_and_revision_are_kept(store: Store, exam: SampleExam) -> None:
    again = msgspec.structs.replace(exam.verdict(), revision=2)
    insert(store, rows([*as_records(exam), *records("risk-events", [encode_message(again)], first_offset=900)]))
    now = now_ms() + 1_000
    newer = msgspec.structs.replace(exam.verdict(), engine="3")
    other = msgspec.structs.replace(exam.verdict(), policy="other")
    for i, verdict in enumerate((exam.verdict(), newer, other)):
        store_messages(store, [verdict], "replay", now + i)
    found = [(v.origin, v.verdict) for v in queries.all_verdicts(store, exam.session)]
    assert found == [
        ("live", exam.verdict()), ("live", again), ("replay", exam.verdict()), ("replay", newer), ("replay", other),
    ]  # fmt: skip
    assert queries.all_verdicts(store, exam.session)[-1].log_ms == now + 2
    compared = store.rows(
        "SELECT other_policy, other_engine FROM policy_comparison WHERE session = {s:String} ORDER BY ALL",
        s=exam.session,
    )
    assert compared == sorted([(POLICY, "2"), (POLICY, "3"), ("other", "2")])


def test_what_is_stored_folds_to_what_was_published(store: Store) -> None:
    """Every kind of observation, announced twice, losses reported twice from one frame on, all of it delivered twice.

    Catches a key that holds fewer of them than the fold does (tried: sessions' starts, then losses, by `seq` alone).
    """
    session = uuid4().hex
    policy = load_policy("default")
    exam = StagedExam(RUNS, 5.0, session=session, policy=policy.document, hands_every=2, identity_every=10, sound=True,
                      page=True)  # fmt: skip
    start, *rest = exam.observations()
    other = msgspec.structs.replace(exam.started(), source="another")
    losses = [FramesDropped(session=session, seq=500, from_ms=START_MS, to_ms=START_MS + late, count=1, stage="ingest",
                            reason="full") for late in (1, 2)]  # fmt: skip
    observed = [start, other, *rest[:300], *losses, *rest[300:]]
    bundles = [encode_bundle(observed[i : i + 8]) for i in range(0, len(observed), 8)]
    _, published = fold_all(policy, observed)
    risk = records("risk-events", map(encode_message, published))
    for _ in range(2):
        insert(store, rows([*records("observations", bundles), *risk]))
    stored = [observation for packed in queries.packed_observations(store, session)
              for observation in decode_bundle(b"\x91" + packed)]  # fmt: skip
    _, again = fold_all(policy, (one for one in stored if not isinstance(one, Tick)))
    assert again == published
    verdict = published[-1]
    assert isinstance(verdict, Verdict)
    assert queries.verdicts(store, session) == [verdict]
    assert (verdict.frames_dropped, verdict.anomalies) == (2, {"announced_again": 1})
    assert {e.rule for e in queries.risk_events(store, session, policy.digest)} >= {"looking_away", "phone"}


def test_the_report_of_another_origin_shows_that_verdict_alone(store: Store, exam: SampleExam) -> None:
    insert(store, rows(as_records(exam)))
    other = other_than_live(exam, "b" * 16, "BORDERLINE")
    store_messages(store, other, "replay", now_ms())
    report = read_report(store, exam.session, origin="replay", document=DOCUMENT)
    assert (report.verdict, [e.rule for e in report.events]) == (other[-1], ["phone"])
    assert (report.events[0].says, report.suppressed, len(report.timeline)) == ("Phone in view", (), 1)
    assert read_report(store, exam.session).verdict == exam.verdict()
