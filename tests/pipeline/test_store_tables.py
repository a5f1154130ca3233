"""The tables on a real ClickHouse endpoint: what a repeated, reordered or late insert leaves to be read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest

from ingest.errors import InputError
from ingest.messages import FramesDropped, SessionEnded, SessionStarted, encode_bundle, encode_message
from sinks import queries
from sinks.queries import StoredCounts
from sinks.reconcile import reconcile
from sinks.report.reading import read_report
from sinks.rows import ObservationRow
from sinks.schema import SCHEMA_VERSION
from sinks.store import Store, over_http
from tests.own_database import database_on, insert, rows
from tests.sample_exam import SampleExam, as_records, records
from tests.sample_script import ALLOWED, EPISODES, POLICY, SUPPRESSED

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def store(stack: "LocalStack") -> Iterator[Store]:
    """A database of this module's own; the tests keep apart by their sessions' names."""
    with database_on(stack) as made:
        yield made


@pytest.fixture
def session() -> str:
    """A name of the test's own."""
    return uuid4().hex


@pytest.fixture
def exam(session: str) -> SampleExam:
    return SampleExam(session=session)


def test_migrating_again_changes_nothing_and_keeps_the_rows(store: Store, exam: SampleExam) -> None:
    insert(store, rows(as_records(exam)))
    before = queries.stored_counts(store, exam.session)[exam.session]
    store.migrate()
    assert queries.stored_counts(store, exam.session)[exam.session] == before
    assert store.rows("SELECT count(), max(version) FROM schema_version FINAL") == [(1, SCHEMA_VERSION)]


def test_a_database_of_another_version_is_refused_and_left_alone(stack: "LocalStack") -> None:
    store = Store(over_http(stack.clickhouse), f"test_{uuid4().hex}")
    store.migrate()
    store.command(f"INSERT INTO schema_version (version) VALUES ({SCHEMA_VERSION + 1})")
    with pytest.raises(InputError, match=f"version {SCHEMA_VERSION + 1}"):
        store.migrate()
    store.command(f"DROP DATABASE {store.database}")
    store.close()


def test_a_missing_database_is_named(stack: "LocalStack") -> None:
    with pytest.raises(InputError, match="nowhere"):
        Store(over_http(stack.clickhouse), "nowhere").ping()


def test_everything_comes_back_as_it_was_published(store: Store, exam: SampleExam) -> None:
    insert(store, rows(as_records(exam)))
    assert queries.packed_observations(store, exam.session) == [encode_message(o) for o in exam.observations()]
    assert queries.verdicts(store, exam.session) == [exam.verdict()]
    assert queries.risk_events(store, exam.session, POLICY) == [exam.closed(e) for e in (*EPISODES, SUPPRESSED)]
    assert queries.timeline(store, exam.session, POLICY) == [exam.sample(second) for second in range(1, 91)]
    assert queries.calibration(store, exam.session, POLICY) == exam.calibration()
    assert queries.dropped_frames(store, exam.session) == [exam.dropped()]
    life = queries.session_life(store, exam.session)
    assert [life.started, life.ended] == [
        o for o in exam.observations() if isinstance(o, SessionStarted | SessionEnded)
    ]
    assert queries.stored_counts(store, exam.session)[exam.session] == StoredCounts(294, 178, 2, 5, 90, 1)


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_any_repetition_leave_the_same_rows(store: Store, exam: SampleExam, seed: int) -> None:
    draw, log = Random(seed), as_records(exam)
    for _ in range(2):
        insert(store, draw.sample(rows(log), 200))
    late = rows(log)
    draw.shuffle(late)
    insert(store, late)
    assert all(difference.none for difference in reconcile(store, log))


def test_the_first_delivery_of_an_observation_stays(store: Store, exam: SampleExam) -> None:
    first = exam.face(7)
    again = msgspec.structs.replace(first, model="another")
    bundles = [encode_bundle([exam.objects(6), first]), encode_bundle([again, again])]
    log = records("observations", bundles, first_offset=40)
    insert(store, rows(log[1:]))
    insert(store, rows(log[:1]))
    kept = queries.packed_observations(store, exam.session)
    assert kept == [encode_message(exam.objects(6)), encode_message(first)]


def test_a_session_that_starts_and_ends_twice_keeps_the_first(store: Store, session: str) -> None:
    starts = [SessionStarted(session=session, capture_ms=at, source=str(at)) for at in (10, 20)]
    ends = [SessionEnded(session=session, capture_ms=at, frames_sent=at) for at in (90, 99)]
    insert(store, rows(records("observations", [encode_bundle(starts), encode_bundle(ends)])))
    life = queries.session_life(store, session)
    assert (life.started, life.ended) == (starts[0], ends[0])


@pytest.mark.parametrize("late", ["opened", "closed"])
def test_a_complete_event_replaces_its_beginning_in_any_order(store: Store, exam: SampleExam, late: str) -> None:
    episode = EPISODES[1]
    log = records("risk-events", [encode_message(exam.opened(episode)), encode_message(exam.closed(episode))])
    for record in log if late == "closed" else log[::-1]:
        insert(store, rows([record]))
    assert queries.risk_events(store, exam.session, POLICY) == [exam.closed(episode)]


def test_an_event_that_did_not_close_is_there_as_it_opened(store: Store, exam: SampleExam) -> None:
    insert(store, rows(records("risk-events", [encode_message(exam.opened(EPISODES[0]))])))
    assert queries.risk_events(store, exam.session, POLICY) == [exam.opened(EPISODES[0])]


def test_lost_frames_are_counted_once_for_each_stage(store: Store, session: str) -> None:
    lost = [
        FramesDropped(session=session, seq=5, from_ms=1, to_ms=2, count=count, stage=stage, reason="r")  # type: ignore[arg-type]
        for stage, count in (("ingest", 3), ("detectors", 4), ("detectors", 4))
    ]
    insert(store, rows(records("observations", [encode_bundle(lost)])))
    assert queries.stored_counts(store, session)[session].frames_dropped == 7


def test_sessions_are_counted_each_for_itself(store: Store, session: str) -> None:
    exams = [SampleExam(session=f"{session}-{i}") for i in range(2)]
    insert(store, rows([record for exam in exams for record in as_records(exam)]))
    counts = queries.stored_counts(store, exams[0].session, "unknown", exams[1].session)
    assert counts[exams[0].session] == counts[exams[1].session] == StoredCounts(294, 178, 2, 5, 90, 1)
    assert counts["unknown"] == StoredCounts(0, 0, 0, 0, 0, 0)
    assert queries.stored_counts(store) == {}


def test_capture_times_of_any_clock_stay_until_the_log_time_expires(store: Store, session: str) -> None:
    log = [
        record
        for i, start in enumerate((0, 4_102_444_800_000 * 50, -(2**62)))
        for record in as_records(SampleExam(session=f"{session}-{i}", start_ms=start))
    ]
    insert(store, rows(log))
    assert all(difference.none for difference in reconcile(store, log))


def test_rows_expire_by_the_time_of_the_log(store: Store, exam: SampleExam) -> None:
    log = [replace(record, timestamp_ms=record.timestamp_ms - 31 * DAY_MS) for record in as_records(exam)]
    insert(store, rows(log))
    counts = queries.stored_counts(store, exam.session)[exam.session]
    assert (counts.observations, counts.samples, counts.verdicts) == (0, 90, 1)
    assert read_report(store, exam.session).frames.observed == 178  # as the verdict says


def test_a_backlog_of_many_days_goes_in_at_once(store: Store, exam: SampleExam) -> None:
    (record, *_) = as_records(exam)
    days = [replace(record, offset=i, timestamp_ms=record.timestamp_ms + i * DAY_MS) for i in range(110)]
    insert(store, rows(days))
    assert store.rows("SELECT count() FROM observations WHERE session = {s:String}", s=exam.session) == [(110 * 8,)]


def test_the_views_read_each_row_once(store: Store, exam: SampleExam) -> None:
    again = msgspec.structs.replace(exam.verdict(), revision=2, risk_class="HIGH_RISK")
    log = [*as_records(exam), *records("risk-events", [encode_message(again)], first_offset=900)]
    for _ in range(2):
        insert(store, rows(log))

    def view(what: str, order: str = "") -> Sequence[object]:
        return store.rows(f"SELECT {what} WHERE session = {{s:String}}{order}", s=exam.session)

    overview = view("source, duration_s, risk_class, revision, events, suppressed, attention FROM exam_overview")
    assert overview == [(exam.source, 90.0, "HIGH_RISK", 2, 4, 1, 86.4)]
    events = view("rule, label, duration_s FROM session_events", " ORDER BY start_ms")
    assert events == [
        ("looking_away", "looking_away", 6.5), ("no_face", "absent", 4.0), ("multiple_faces", "another_person", 4.0),
        ("phone", "phone", 7.5),
    ]  # fmt: skip
    assert view("rule, suppressed, unless_value FROM suppressed_events") == [("talking", ALLOWED, 0.8001)]
    assert view("count(), max(risk), countIf(face_count IS NULL) FROM session_timeline") == [(90, 15.0, 5)]
    assert view("countIf(attention IS NULL), min(attention) FROM session_timeline") == [(5, 0.0)]
    assert view("count(), countIf(face_count = 0) FROM frame_signals") == [(178, 8)]
    assert view("rule, events, coverage FROM rule_coverage", " ORDER BY rule")[-1:] == [("talking", 0, 0.62)]
    assert view("class_without_accommodations, anomalies FROM exam_overview") == [("SUSPICIOUS", {"clock_jumps": 1})]
    assert view("count() FROM policy_comparison") == [(0,)]


def test_the_kinds_of_observation_can_be_queried_by_their_columns(store: Store, exam: SampleExam) -> None:
    insert(store, rows(as_records(exam)))
    sql = """SELECT kind, count(), max(hand_holding), max(level_dbfs), max(similarity), countIf(sign_on),
    max(length(face_width_shares)) FROM observations FINAL WHERE session = {s:String} GROUP BY kind ORDER BY kind"""
    found = {row[0]: tuple(row[1:]) for row in store.rows(sql, s=exam.session)}
    assert found["hands"] == (9, 0.4, None, None, 0, 0)
    assert found["speech"] == (9, None, -31.5, None, 0, 0)
    assert found["identity"] == (3, None, None, 0.71, 0, 0)
    assert found["browser"] == (2, None, None, None, 1, 0)
    assert found["face"] == (178, None, None, None, 0, 2)


def test_observations_come_back_with_their_places_and_the_logs_times(store: Store, exam: SampleExam) -> None:
    log = [r for r in as_records(exam) if r.topic == "observations"]
    insert(store, rows(log))
    found = queries.stored_observations(store, exam.session)
    expected = [(r.log_offset, r.position, r.log_ms) for r in rows(log) if isinstance(r, ObservationRow)]
    assert [(o.log_offset, o.position, o.log_ms) for o in found] == expected
    assert [o.packed for o in found] == queries.packed_observations(store, exam.session)


def test_every_announcement_and_every_loss_that_scoring_folds_is_kept(store: Store, session: str) -> None:
    starts = [SessionStarted(session=session, capture_ms=10, source=source) for source in ("a", "b", "a")]
    losses = [FramesDropped(session=session, seq=5, from_ms=1, to_ms=to, count=2, stage="ingest", reason="r")
              for to in (3, 4, 3)]  # fmt: skip
    insert(store, rows(records("observations", [encode_bundle(starts), encode_bundle(losses)])))
    expected = [encode_message(o) for o in (*starts[:2], *losses[:2])]
    assert queries.packed_observations(store, session) == expected


def test_a_session_that_only_started_is_in_the_overview(store: Store, session: str) -> None:
    insert(store, rows(records("observations", [encode_bundle([SessionStarted(session=session, capture_ms=10)])])))
    sql = "SELECT ended_at, duration_s, risk_class FROM exam_overview WHERE session = {s:String}"
    assert store.rows(sql, s=session) == [(None, None, "")]


def test_the_report_reads_the_latest_verdict_of_the_first_policy(store: Store, exam: SampleExam) -> None:
    shadow = msgspec.structs.replace(exam.verdict(), policy="shadow", risk_class="CLEAN")
    latest = msgspec.structs.replace(exam.verdict(), revision=2, risk_class="HIGH_RISK")
    log = [*as_records(exam), *records("risk-events", map(encode_message, (shadow, latest)), first_offset=900)]
    insert(store, rows(log))
    report = read_report(store, exam.session)
    assert (report.verdict, len(report.events), len(report.suppressed), len(report.timeline)) == (latest, 4, 1, 90)
    assert report.events[3].says == "Phone in view"
    assert read_report(store, exam.session, "shadow").verdict == shadow
    assert read_report(store, exam.session, "shadow").thresholds == {}  # the text of that policy is not stored


def test_a_session_without_a_verdict_has_no_report(store: Store) -> None:
    with pytest.raises(InputError, match="no verdict"):
        read_report(store, "nobody")


def test_names_from_outside_are_never_sql(store: Store, session: str) -> None:
    exam = SampleExam(session=f"{session}' OR 1=1 --\\\x00\u2028\u00e9")
    log = as_records(exam)
    insert(store, rows([*log, *as_records(SampleExam(session=session))]))
    assert queries.stored_counts(store, exam.session)[exam.session] == StoredCounts(294, 178, 2, 5, 90, 1)
    assert all(difference.none for difference in reconcile(store, log))


def test_reconcile_finds_what_is_missing_changed_or_not_from_the_log(store: Store, exam: SampleExam) -> None:
    log = as_records(exam)
    made = rows(log)
    one, other = made[20], made[21]
    assert isinstance(one, ObservationRow)
    assert isinstance(other, ObservationRow)
    changed, stranger = msgspec.structs.replace(one, packed=b"\x80"), msgspec.structs.replace(other, seq=5_000)
    insert(store, [*made[:20], changed, stranger, *made[22:-1]])
    found = {d.table: (d.missing, d.surplus, d.differing) for d in reconcile(store, log) if not d.none}
    assert found == {"observations": (1, 1, 1), "verdicts": (1, 0, 0)}
