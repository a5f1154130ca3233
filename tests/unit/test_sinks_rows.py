"""Messages become rows: each column from the right field, exact bytes kept, nothing that a column cannot hold."""

import dataclasses

import msgspec
import pytest

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import FramesDropped, SessionEnded, SessionStarted, encode_bundle, encode_message
from scoring.messages import Tick
from sinks.observation_rows import observation_rows
from sinks.risk_rows import risk_row
from sinks.rows import TABLE_OF, CalibrationRow, EventRow, ObservationRow, SampleRow, SessionRow, VerdictRow
from tests.sample_exam import EPISODES, SampleExam

EXAM = SampleExam(start_ms=1_000_000)


def bundle(*observations: msgspec.Struct) -> Record:
    return Record("observations", 3, 77, None, encode_bundle(observations), (), 5_000)


def risk(message: msgspec.Struct) -> Record:
    return Record("risk-events", 3, 78, None, encode_message(message), (), 5_001)


@pytest.mark.parametrize("kind", TABLE_OF, ids=lambda kind: kind.__name__)
def test_fields_of_a_row_are_the_columns_of_its_table(kind: type) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}
    assert fields == set(TABLE_OF[kind].column_names)


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


def test_no_face_leaves_the_numbers_of_faces_unknown() -> None:
    (row,) = observation_rows(bundle(EXAM.face(62)))
    assert isinstance(row, ObservationRow)
    assert (row.face_count, row.yaw_deg, row.gaze_x, row.brightness) == (0, None, None, 128.5)


def test_objects() -> None:
    (row,) = observation_rows(bundle(EXAM.objects(124)))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.labels, row.confidences) == ("objects", ("person", "phone"), (0.93, 0.87))
    assert row.face_count is None


@pytest.mark.parametrize("stage", ["ingest", "detectors"])
def test_lost_frames_of_two_stages_do_not_hide_each_other(stage: str) -> None:
    lost = FramesDropped(session="s", seq=9, from_ms=10, to_ms=20, count=4, stage=stage, reason="too_old")  # type: ignore[arg-type]
    (row,) = observation_rows(bundle(lost))
    assert isinstance(row, ObservationRow)
    assert (row.kind, row.seq, row.capture_ms, row.dropped, row.reason) == (f"dropped-{stage}", 9, 10, 4, "too_old")


def test_start_and_end_go_to_sessions_too() -> None:
    start = SessionStarted(session="s", capture_ms=10, source="cam", frame_interval_ms=500)
    end = SessionEnded(session="s", capture_ms=90, frames_sent=7, reason="cancelled")
    rows = observation_rows(bundle(start, end))
    assert [type(row) for row in rows] == [ObservationRow, SessionRow, ObservationRow, SessionRow]
    assert [row.kind for row in rows if isinstance(row, ObservationRow)] == ["session-started", "session-ended"]
    began, ended = (row for row in rows if isinstance(row, SessionRow))
    assert (began.phase, began.capture_ms, began.source, began.frame_interval_ms) == ("started", 10, "cam", 500)
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
    assert len(keys) == len(set(keys)) == 271


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


def test_an_opened_event() -> None:
    row = risk_row(risk(EXAM.opened(EPISODES[3])))
    assert isinstance(row, EventRow)
    assert (row.rule, row.closed, row.start_ms, row.fired_ms) == ("phone", False, 1_061_500, 1_066_500)
    assert (row.points, row.permanent, row.onset_seq, row.end_seq) == (15.0, True, 123, -1)


def test_a_closed_event() -> None:
    message = EXAM.closed(EPISODES[0])
    row = risk_row(risk(message))
    assert isinstance(row, EventRow)
    assert (row.event_id, row.closed, row.end_ms, row.hold_ms) == (message.event_id, True, 1_024_500, 3_000)
    assert (row.signal, row.threshold, row.peak) == ("yaw_deg", 25.0, 41.3)
    assert (row.onset_seq, row.peak_seq, row.end_seq) == (36, 42, 49)
    assert row.packed == encode_message(message)


def test_a_sample() -> None:
    row = risk_row(risk(EXAM.sample(53)))
    assert isinstance(row, SampleRow)
    assert (row.at_ms, row.seen, row.faces, row.frames) == (1_053_000, False, -1, 106)


def test_a_calibration() -> None:
    row = risk_row(risk(EXAM.calibration()))
    assert isinstance(row, CalibrationRow)
    assert (row.status, row.frames, row.rejected, row.baseline["yaw_deg"]) == ("SUCCESS", 15, {"unstable": 1}, 2.5)


def test_a_verdict() -> None:
    row = risk_row(risk(EXAM.verdict()))
    assert isinstance(row, VerdictRow)
    assert (row.revision, row.risk_class, row.integrity, row.frames_dropped) == (1, "SUSPICIOUS", 64.0, 2)
    assert row.rules[3] == ("phone", 1, 7_500, 15.0, 0.91)
    assert len(row.reasons) == 3
