"""Sound tracks of files. Without these, speech would be heard at the wrong time, or a bad track would end an exam."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ingest.sound.record import RATE_HZ, SoundRecord
from ingest.sound.track import MuteTrack, SoundTrack, open_sound
from tests.sound_files import Recording, write

FORMATS = [
    ("mp4", Recording()),
    ("mp4", Recording(rate_hz=8_000, layout="mono")),
    ("mp4", Recording(rate_hz=96_000, layout="5.1")),
    ("mov", Recording(codec="pcm_s16le", sample_format="s16", rate_hz=44_100)),
    ("mov", Recording(codec="pcm_f32le", sample_format="flt", rate_hz=192_000, layout="7.1")),
    ("mkv", Recording(codec="pcm_u8", sample_format="u8", rate_hz=11_025, layout="mono")),
    ("mkv", Recording(codec="flac", sample_format="s32", rate_hz=48_000, layout="stereo")),
    ("webm", Recording(codec="libopus", sample_format="flt", picture_codec="libvpx")),
    ("mkv", Recording(codec="libopus", sample_format="flt", sound_at_s=0.5)),
    ("mkv", Recording(codec="pcm_s16le", sample_format="s16", sound_at_s=1.25, bursts=((2.0, 3.0),))),
]


def records_of(path: Path) -> tuple[list[SoundRecord], str | None]:
    sound = open_sound(path, path.name)
    assert sound is not None
    records = list(sound.records())
    sound.close()
    return records, sound.trouble


def heard_ms(records: list[SoundRecord]) -> tuple[int, int]:
    """Where the tone stands, by its samples that are loud."""
    loud: list[int] = []
    for record in records:
        samples = np.abs(np.frombuffer(record.pcm, "<i2").astype(int))
        loud += [record.start + int(n) for n in np.flatnonzero(samples > 3_000)]
    return loud[0] * 1000 // RATE_HZ, loud[-1] * 1000 // RATE_HZ


@pytest.mark.parametrize(("suffix", "recording"), FORMATS)
def test_every_format_is_heard_at_its_time(tmp_path: Path, suffix: str, recording: Recording) -> None:
    records, trouble = records_of(write(tmp_path / f"a.{suffix}", recording))
    assert trouble is None
    ((from_s, to_s),) = recording.bursts
    assert heard_ms(records) == pytest.approx((from_s * 1000, to_s * 1000), abs=30)
    assert records[0].start_ms == pytest.approx(recording.sound_at_s * 1000, abs=30)
    assert records[-1].end_ms == pytest.approx(4000, abs=130)  # a frame of AAC at 8 kHz is 128 ms


def test_records_hold_a_second_each_and_follow_each_other(tmp_path: Path) -> None:
    records, _ = records_of(write(tmp_path / "a.mp4", Recording(seconds=3.5)))
    assert [len(record.pcm) for record in records[:-1]] == [2 * RATE_HZ] * 3
    assert 0 < len(records[-1].pcm) <= 2 * RATE_HZ
    assert all(a.start + len(a.pcm) // 2 == b.start for a, b in pairwise(records))


def test_a_hole_is_missing_not_silent(tmp_path: Path) -> None:
    recording = Recording(codec="pcm_s16le", sample_format="s16", bursts=((0, 4),), holes=((1.3, 2.7),))
    records, trouble = records_of(write(tmp_path / "a.mkv", recording))
    covered = [(record.start_ms, record.end_ms) for record in records]
    assert [round(ms, -2) for span in covered for ms in span] == [0, 1000, 1000, 1300, 2700, 3700, 3700, 4000]
    assert all(np.abs(np.frombuffer(record.pcm, "<i2")).max() > 3_000 for record in records)
    assert trouble is None


def test_no_track_is_no_trouble(tmp_path: Path) -> None:
    assert open_sound(write(tmp_path / "a.mp4", Recording(has_sound=False)), "a.mp4") is None


def test_damaged_packets_are_passed_by_and_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", Recording(codec="flac", sample_format="s16", bursts=((0, 4),)))
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(3)
    middle = len(data) // 2
    data[middle : middle + 6_000] = rng.bytes(6_000)
    path.write_bytes(data)
    records, trouble = records_of(path)
    assert trouble is not None
    assert "damaged" in trouble or "breaks off" in trouble
    assert 1 <= sum(len(record.pcm) for record in records) / (2 * RATE_HZ) < 4


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_off_gives_what_is_there(tmp_path: Path, keep: float) -> None:
    path = write(tmp_path / "a.mkv", Recording(codec="pcm_s16le", sample_format="s16"))
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * keep)])
    records, _ = records_of(path)
    assert 0.5 * keep * 4_000 < records[-1].end_ms <= 4_000


@pytest.mark.parametrize("size", [0, 3, 5_000])
def test_what_is_no_file_of_sound_is_mute_and_said(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(np.random.default_rng(size).bytes(size))
    sound = open_sound(path, path.name)
    assert isinstance(sound, MuteTrack)
    assert sound.trouble is not None
    assert sound.trouble.startswith("the sound of a.mp4 cannot be opened")
    assert list(sound.records()) == []


def test_the_track_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    sound = open_sound(write(tmp_path / "a.mp4", Recording(seconds=30)), "a.mp4")
    assert isinstance(sound, SoundTrack)
    records = sound.records()
    assert next(records).end_ms == 1000
    sound.close()
