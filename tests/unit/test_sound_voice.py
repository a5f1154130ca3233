"""What is heard in a record. Without these, noise would be speech, or a bad record would stop all others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sound.voice import MOST_SAMPLES, VoiceFinder
from ingest.errors import PoisonError
from ingest.sound.record import RATE_HZ
from tests.sound_made import Samples, noise, pcm, voice

FINDER = VoiceFinder()
SPEAKER = voice(4.0)


def seconds(samples: Samples) -> list[bytes]:
    """Its whole records."""
    return [pcm(samples[at : at + RATE_HZ]) for at in range(0, len(samples) - RATE_HZ + 1, RATE_HZ)]


@pytest.mark.parametrize(("kind", "snr_db"), [("silence", 0), ("white", 20), ("hum", 5), ("clicks", 5), ("tones", 10)])
def test_a_voice_is_heard_through_noise(kind: str, snr_db: int) -> None:
    around = noise(4.0, kind, -26.0 - snr_db)
    assert all(FINDER.look(one).speech >= 0.6 for one in seconds(SPEAKER + around))


@pytest.mark.parametrize("kind", ["white", "hum", "tones", "clicks", "silence"])
@pytest.mark.parametrize("dbfs", [-15.0, -35.0, -55.0])
def test_what_is_no_voice_is_not_taken_for_one(kind: str, dbfs: float) -> None:
    assert all(FINDER.look(one).speech <= 0.1 for one in seconds(noise(3.0, kind, dbfs)))


@pytest.mark.parametrize(
    ("samples", "dbfs"),
    [
        (np.zeros(RATE_HZ), -96.0),
        (np.full(RATE_HZ, 0.4), -96.0),  # a microphone's bias
        (np.where(np.arange(RATE_HZ) % 2, 1.0, -1.0), 0.0),
        (0.5 * np.sin(2 * np.pi * 250 * np.arange(RATE_HZ) / RATE_HZ), -9.0),
        (0.1 + 0.5 * np.sin(2 * np.pi * 250 * np.arange(RATE_HZ) / RATE_HZ), -9.0),
        (voice(1.0, dbfs=-40.0), -40.0),
    ],
)
def test_loudness(samples: Samples, dbfs: float) -> None:
    assert FINDER.look(pcm(samples)).level_dbfs == pytest.approx(dbfs, abs=0.15)


def test_a_voice_that_is_clipped_is_a_voice() -> None:
    reading = FINDER.look(pcm(voice(1.0) * 40))
    assert reading.speech >= 0.5
    assert -6.0 < reading.level_dbfs <= 0.0


@pytest.mark.parametrize(
    ("bad", "why"),
    [(b"", "without sound"), (b"\0", "1 bytes"), (b"ab" * 99 + b"c", "199"), (bytes(2 * MOST_SAMPLES + 2), "2.0 s")],
)
def test_what_cannot_be_sound_is_refused(bad: bytes, why: str) -> None:
    with pytest.raises(PoisonError, match=why):
        FINDER.look(bad)


@settings(deadline=None, max_examples=40)
@given(st.binary(min_size=1, max_size=600).map(lambda some: some * 60))
def test_any_bytes_of_even_length_give_a_reading(garbage: bytes) -> None:
    reading = FINDER.look(garbage)
    assert 0.0 <= reading.speech <= 1.0
    assert -96.0 <= reading.level_dbfs <= 0.0


def test_a_record_s_result_depends_on_nothing_before_it() -> None:
    records = [*seconds(SPEAKER), *seconds(noise(2.0, "white"))]
    alone = [VoiceFinder().look(one) for one in records]
    assert [FINDER.look(one) for one in reversed(records)] == alone[::-1]


@pytest.mark.parametrize("samples", [1, 100, 511, 512, 513, 8_000])
def test_short_records_are_looked_at(samples: int) -> None:
    assert 0.0 <= FINDER.look(pcm(SPEAKER[4_000 : 4_000 + samples])).speech <= 1.0
