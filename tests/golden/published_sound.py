"""Examples of the messages about sound and of the fields that came with it, kept apart so that older bundles stay."""

import msgspec

from detectors.messages import SoundEnded
from ingest.messages import SessionEnded, SessionStarted, SoundDropped, SoundHeader
from tests.golden.exam_names import SESSION, START_MS

SOUND_OBSERVATIONS: dict[str, msgspec.Struct] = {
    "session-started-1-sounding": SessionStarted(session=SESSION, capture_ms=START_MS, source="file", sound=True),
    "session-ended-1-sounding": SessionEnded(
        session=SESSION, capture_ms=START_MS + 90_000, frames_sent=180, audio_records=90
    ),
    "sound-dropped-1": SoundDropped(
        session=SESSION, seq=31, from_ms=START_MS + 31_000, to_ms=START_MS + 32_000, count=1, reason="too_old"
    ),
    "sound-ended-1": SoundEnded(session=SESSION, seq=90, capture_ms=START_MS + 90_000, ingested_ms=START_MS + 90_007),
}
SOUND_HEADERS: dict[str, msgspec.Struct] = {
    "sound-header-1": SoundHeader(session=SESSION, seq=31, capture_ms=START_MS + 32_000, ingested_ms=START_MS + 32_004),
    "sound-header-1-end": SoundHeader(
        session=SESSION,
        seq=90,
        capture_ms=START_MS + 90_000,
        ingested_ms=START_MS + 90_003,
        max_age_ms=10_000,
        end=True,
    ),
}
