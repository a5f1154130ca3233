"""Messages become rows: each column from the right field, exact bytes kept, nothing that a column cannot hold."""

from typing import Any

import msgspec
import pytest

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import FramesDropped, SessionEnded, SessionStarted, encode_bundle, encode_message
from ingest.topics import RISK_EVENTS, SHADOW_EVENTS
from scoring.messages import Activity, RuleTotal, Tick
from sinks.observation_rows import observation_rows
from sinks.risk_rows import risk_row
from sinks.rows import TABLE_OF, CalibrationRow, EventRow, Logged, ObservationRow, SampleRow, SessionRow, VerdictRow
from sinks.tables import OBSERVATIONS, VERDICTS
from tests.sample_exam import SampleExam
from tests.sample_script import ACCOMMODATIONS, ALLOWED, EPISODES, POLICY, SUPPRESSED

EXAM = SampleExam(start_ms=1_000_000)


def bundle(*observations: msgspec.Struct) -> Record:
    return Record("observations", 3, 77, None, encode_bundle(observations), (), 5_000)


def risk(message: msgspec.Struct, topic: str = RISK_EVENTS) -> Record:
    return Record(topic, 3, 78, None, encode_message(message), (), 5_001)


@pytest.mark.parametrize("kind", TABLE_OF, ids=lambda kind: kind.__name__)
def test_fields_of_a_row_are_the_columns_of_its_table(kind: type[Logged]) -> None:
    assert set(kind.__struct_fields__) == set(TABLE_OF[kind].column_names)


@pytest.mark.parametrize("kind", TABLE_OF, ids=lambda kind: kind.__name__)
def test_keys_are_columns(kind: type) -> None:
    assert set(TABLE_OF[kind].key) <= set(TABLE_OF[kind].column_names)


def test_a_face() -> None:
    (row,) = observation_rows(bundle(EXAM.face(84)))
    assert isinstance(row, ObservationRow)
    assert (row.session, row.kind, row.seq, row.capture_ms) == ("exam-7f3a", "face", 84, 1_042_000)
    assert (row.frame_partition, row.frame_offset, row.model) == (3, 1084, "facemesh-1")
    assert (row.log_partition, row.log_offset, row.log_ms, row.position) == (3, 77, 5_000, 0)
    assert (row.face_count, row.yaw_deg, row.face_width_share, row.brightness) == (2, 2.5, 0.3125, 128.5)
    assert (row.face_width_shares, row.frozen, row.gaze_x, row.mouth_openness) == ((0.3125, 0.3125), False, 0.02, 0.05)


def test_no_face_leaves_the_numbers_of_faces_unknown() -> None:
    (row,) = observation_rows(bundle(EXAM.face(62)))
    assert isinstance(row, ObservationRow)
    assert (row.face_count, row.yaw_deg, row.gaze_x, row.brightness) == (0, None, None, 128.5)
    assert (row.face_width_share, row.face_width_shares) == (None, ())


def test_objects() -> None:
    (row,) = observation_rows(bundle(EXAM.objects(124)))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.labels, row.confidences) == ("objects", ("person", "phone"), (0.93, 0.87))
    assert row.face_count is None


def test_hands() -> None:
    (row,) = observation_rows(bundle(EXAM.hands(20)))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.seq, row.frame_offset, row.model) == ("hands", 20, 1020, "hands-1")
    assert (row.hand_at_face, row.hand_signal, row.hand_holding) == (0.12, 0.03, 0.4)
    assert (row.face_count, row.speech) == (None, None)


def test_speech() -> None:
    (row,) = observation_rows(bundle(EXAM.speech(2)))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.seq, row.capture_ms, row.frame_offset) == ("speech", 2, 1_021_000, 52)
    assert (row.speech, row.other_voice, row.level_dbfs, row.hand_signal) == (0.8, 0.1, -31.5, None)


def test_identity() -> None:
    (row,) = observation_rows(bundle(EXAM.identity(60)))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.seq, row.similarity) == ("identity", 60, 0.71)


def test_what_the_browser_says_comes_from_no_frame() -> None:
    rows = observation_rows(bundle(EXAM.browser(0), EXAM.browser(1)))
    shown = [(r.kind, r.seq, r.sign, r.sign_on, r.frame_offset) for r in rows if isinstance(r, ObservationRow)]
    assert shown == [("browser", 0, "tab_hidden", True, -1), ("browser", 1, "tab_hidden", False, -1)]


@pytest.mark.parametrize("stage", ["ingest", "detectors"])
def test_lost_frames_of_two_stages_do_not_hide_each_other(stage: str) -> None:
    lost = FramesDropped(session="s", seq=9, from_ms=10, to_ms=20, count=4, stage=stage, reason="too_old")  # type: ignore[arg-type]
    (row,) = observation_rows(bundle(lost))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.seq, row.capture_ms, row.dropped, row.reason) == (f"dropped-{stage}", 9, 10, 4, "too_old")
    assert row.to_ms == 20


def test_a_later_report_of_losses_from_the_same_frame_on_is_another_one() -> None:
    """As scoring counts both: without `to_ms` in the key a replay of the rows would count one."""
    losses = [FramesDropped(session="s", seq=9, from_ms=10, to_ms=to_ms, count=4, stage="ingest", reason="full")
              for to_ms in (20, 30)]  # fmt: skip
    keys = {tuple(getattr(row, name) for name in OBSERVATIONS.key) for row in observation_rows(bundle(*losses))}
    assert len(keys) == 2


def test_different_announcements_of_a_session_are_kept_apart_and_the_same_one_is_not() -> None:
    """As scoring folds each different one once: a replay of the rows must find them all."""
    starts = [SessionStarted(session="s", capture_ms=10, source=source) for source in ("cam", "file", "cam")]
    seqs = [row.seq for row in observation_rows(bundle(*starts)) if isinstance(row, ObservationRow)]
    assert seqs[0] == seqs[2] != seqs[1]
    assert all(0 <= seq < 2**63 for seq in seqs)


def test_a_session_keeps_the_digest_of_its_policy_and_what_is_allowed() -> None:
    rows = observation_rows(bundle(*EXAM.observations()))
    began = next(row for row in rows if isinstance(row, SessionRow))
    assert (began.policy, began.accommodations) == (POLICY, ACCOMMODATIONS)


def test_start_and_end_go_to_sessions_too() -> None:
    start = SessionStarted(session="s", capture_ms=10, source="cam", frame_interval_ms=500)
    end = SessionEnded(session="s", capture_ms=90, frames_sent=7, reason="cancelled")
    rows = observation_rows(bundle(start, end))
    assert [type(row) for row in rows] == [ObservationRow, SessionRow, ObservationRow, SessionRow]
    assert [row.kind for row in rows if isinstance(row, ObservationRow)] == ["session-started", "session-ended"]
    began, ended = (row for row in rows if isinstance(row, SessionRow))
    assert (began.phase, began.capture_ms, began.source, began.frame_interval_ms) == ("started", 10, "cam", 500)
    assert began.policy == ""
    assert (ended.phase, ended.capture_ms, ended.frames_sent, ended.reason) == ("ended", 90, 7, "cancelled")


def test_ticks_are_not_stored_and_positions_count_them() -> None:
    rows = observation_rows(bundle(Tick(at_ms=1), EXAM.face(0), Tick(at_ms=2), EXAM.objects(0)))
    assert [row.position for row in rows] == [1, 3]


def test_packed_is_the_very_message_with_fields_that_this_version_does_not_know() -> None:
    newer = msgspec.to_builtins(EXAM.face(3)) | {"from_the_future": 1}
    pieces = [msgspec.msgpack.encode(newer), encode_message(EXAM.face(4))]
    value = b"\x92" + b"".join(pieces)
    rows = observation_rows(Record("observations", 0, 0, None, value, (), 0))
    assert [row.packed for row in rows] == pieces


def test_every_observation_of_an_exam_has_a_key_of_its_own() -> None:
    rows = observation_rows(bundle(*EXAM.observations()))
    keys = [(row.session, row.kind, row.seq) for row in rows if isinstance(row, ObservationRow)]
    assert len(keys) == len(set(keys)) == 294


@pytest.mark.parametrize("garbage", [b"", b"\xff\x00", b"\x91\x80", b"\x93\x01\x02", b"<html>", b"\x91" * 5_000])
def test_garbage_is_poison(garbage: bytes) -> None:
    with pytest.raises(PoisonError):
        observation_rows(Record("observations", 0, 0, None, garbage, (), 0))
    with pytest.raises(PoisonError):
        risk_row(Record("risk-events", 0, 0, None, garbage, (), 0))


@pytest.mark.parametrize("field", ["seq", "capture_ms", "ingested_ms", "partition", "offset"])
def test_a_number_that_no_column_holds_is_poison(field: str) -> None:
    huge = msgspec.structs.replace(EXAM.face(0), **{field: 2**63})
    with pytest.raises(PoisonError, match="out of range"):
        observation_rows(bundle(huge))


def test_a_risk_message_out_of_range_is_poison() -> None:
    with pytest.raises(PoisonError, match="out of range"):
        risk_row(risk(msgspec.structs.replace(EXAM.sample(1), at_ms=2**63)))


HUGE = 2**63
PERIOD = Activity(start_ms=0, end_ms=HUGE, alerts=1, per_minute=1.0)
TOTAL = msgspec.structs.replace(EXAM.verdict().rules[0], suppressed=HUGE)


@pytest.mark.parametrize("change", [
    {"alerts": {"phone": HUGE}}, {"anomalies": {"odd": HUGE}}, {"rules": (TOTAL,)}, {"high_activity": (PERIOD,)},
])  # fmt: skip
def test_a_number_out_of_range_deep_in_a_verdict_is_poison(change: dict[str, Any]) -> None:
    with pytest.raises(PoisonError, match="table verdicts is out of range"):
        risk_row(risk(msgspec.structs.replace(EXAM.verdict(), **change)))


def test_a_topic_gives_rows_their_origin() -> None:
    topics = {"live": RISK_EVENTS, "shadow": SHADOW_EVENTS}
    for message in EXAM.risk_messages():
        assert {origin: risk_row(risk(message, topic)).origin for origin, topic in topics.items()} == {
            "live": "live", "shadow": "shadow",
        }  # fmt: skip


def test_an_opened_event() -> None:
    row = risk_row(risk(EXAM.opened(EPISODES[3])))
    assert isinstance(row, EventRow)
    assert (row.rule, row.closed, row.start_ms, row.fired_ms) == ("phone", False, 1_061_500, 1_066_500)
    assert (row.points, row.permanent, row.onset_seq, row.end_seq) == (15.0, True, 123, -1)
    assert (row.label, row.onset_partition, row.onset_offset, row.peak_offset) == ("phone", 3, 1123, -1)


def test_a_closed_event() -> None:
    message = EXAM.closed(EPISODES[0])
    row = risk_row(risk(message))
    assert isinstance(row, EventRow)
    assert (row.event_id, row.closed, row.end_ms, row.hold_ms) == (message.event_id, True, 1_024_500, 3_000)
    assert (row.signal, row.direction, row.threshold, row.peak) == ("head_yaw", "right", 25.0, 41.3)
    assert (row.label, row.held_ms, row.repeats, row.confidence) == ("looking_away", 6_250, 0, 0.96)
    assert (row.suppressed, row.unless_field, row.unless_value) == ("", "threshold", 41.3001)
    assert (row.onset_seq, row.peak_seq, row.end_seq) == (36, 42, 49)
    assert (row.onset_offset, row.peak_offset, row.end_offset) == (1036, 1042, 1049)
    assert {row.onset_partition, row.peak_partition, row.end_partition} == {3}
    assert row.packed == encode_message(message)


def test_a_suppressed_event_says_why() -> None:
    row = risk_row(risk(EXAM.closed(SUPPRESSED)))
    assert isinstance(row, EventRow)
    assert (row.suppressed, row.unless_field) == (ALLOWED, "share")


def test_a_sample() -> None:
    row = risk_row(risk(EXAM.sample(53)))
    assert isinstance(row, SampleRow)
    assert (row.at_ms, row.seen, row.faces, row.frames) == (1_053_000, False, -1, 106)
    assert (row.attention, row.state) == (None, "")
    row = risk_row(risk(EXAM.sample(20)))
    assert isinstance(row, SampleRow)
    assert (row.attention, row.state) == (35.5, "Focused")


def test_a_calibration() -> None:
    row = risk_row(risk(EXAM.calibration()))
    assert isinstance(row, CalibrationRow)
    assert (row.status, row.frames, row.rejected, row.baseline["yaw_deg"]) == ("SUCCESS", 15, {"unstable": 1}, 2.5)
    assert (row.needed, row.extended) == (13, False)


def test_a_verdict() -> None:
    row = risk_row(risk(EXAM.verdict()))
    assert isinstance(row, VerdictRow)
    assert (row.revision, row.risk_class, row.integrity, row.frames_dropped) == (1, "SUSPICIOUS", 64.0, 2)
    assert row.rules[3:] == (("phone", 1, 7_500, 15.0, 0.91, "phone", 0), ("talking", 0, 0, 0.0, 0.62, "talking", 1))
    assert (row.engine, row.policy_name, row.attention, row.alerts["phone"]) == ("2", "default", 86.4, 1)
    assert (row.accommodations, row.anomalies) == ((ALLOWED,), {"clock_jumps": 1})
    assert row.high_activity == ((1_018_000, 1_041_000, 3, 3.0),)
    assert (row.without_class, row.without_confidence, row.without_integrity) == ("SUSPICIOUS", 0.58, 60.0)
    assert len(row.reasons) == 3


def test_a_verdict_without_accommodations_has_no_second_score() -> None:
    row = risk_row(risk(msgspec.structs.replace(EXAM.verdict(), without=None)))
    assert isinstance(row, VerdictRow)
    assert (row.without_class, row.without_confidence) == ("", None)


@pytest.mark.parametrize(("column", "kind"), [("rules", RuleTotal), ("high_activity", Activity)])
def test_tuples_of_a_verdict_have_the_fields_of_their_messages_in_order(
    column: str, kind: type[RuleTotal] | type[Activity]
) -> None:
    """Catches a field put anywhere but at the end of such a message, or one without its place in the column."""
    declared = next(c.kind for c in VERDICTS.columns if c.name == column)
    inside = declared.removeprefix("Array(Tuple(").removesuffix("))")
    assert [field.split()[0] for field in inside.split(", ")] == list(kind.__struct_fields__)
