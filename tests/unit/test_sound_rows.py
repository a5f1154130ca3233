"""What is stored about sound. Without these, a replay from the rows would miss its end, or what was lost."""

from detectors.messages import SoundEnded
from ingest.log import Record
from ingest.messages import FramesDropped, SoundDropped, encode_bundle
from scoring.fold.replay import decode_logged
from sinks.observation_rows import observation_rows
from sinks.rows import ObservationRow
from sinks.tables import OBSERVATIONS

ENDED = SoundEnded(session="s", seq=9, capture_ms=90, ingested_ms=95)
LOST = SoundDropped(session="s", seq=4, from_ms=30, to_ms=40, count=1, reason="too_old")


def rows_of(*observations: SoundEnded | SoundDropped | FramesDropped) -> list[ObservationRow]:
    record = Record("observations", 3, 77, None, encode_bundle(observations), (), 1_000)
    return [row for row in observation_rows(record) if isinstance(row, ObservationRow)]


def test_the_end_of_sound_is_stored_as_said() -> None:
    (row,) = rows_of(ENDED)
    assert (row.kind, row.seq, row.capture_ms, row.ingested_ms) == ("sound-ended", 9, 90, 95)
    assert decode_logged(row.packed) == ENDED


def test_sound_that_was_given_up_is_no_lost_frame() -> None:
    """Reports count frames from `dropped` and read rows of kind "dropped-..." as frames."""
    (row,) = rows_of(LOST)
    assert (row.kind, row.seq, row.capture_ms, row.to_ms, row.reason) == ("sound-dropped", 4, 30, 40, "too_old")
    assert row.dropped == 0
    assert decode_logged(row.packed) == LOST


def test_sound_and_frames_that_were_lost_do_not_hide_each_other() -> None:
    frames = FramesDropped(session="s", seq=4, from_ms=30, to_ms=40, count=1, stage="detectors", reason="too_old")
    keys = {tuple(getattr(row, name) for name in OBSERVATIONS.key) for row in rows_of(LOST, frames, ENDED)}
    assert len(keys) == 3
