"""Sound on a real broker: from a file with a voice in it to what was heard, over a worker that is started again."""

import asyncio
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from detectors.messages import SoundEnded, SpeechObserved
from detectors.sound.voice import VoiceFinder
from detectors.sound.worker import SoundWorker
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.log import Record
from ingest.messages import SoundHeader, read_sound_header, sound_headers
from ingest.pacing import InFlight
from ingest.progress import Progress, SessionSummary
from ingest.session import run_session
from ingest.sources.opening import open_source
from ingest.telemetry import now_ms
from ingest.topics import AUDIO, DEAD_LETTERS, OBSERVATIONS, partition_of
from scoring.messages import Observation, decode_bundle
from tests.sound_files import Recording, write
from tests.sound_made import noise, voice

DEADLINE_S = 60
SESSIONS = ("anna", "bob", "cleo")
SECONDS, SPOKEN = 12, slice(4, 8)

pytestmark = pytest.mark.timeout(180)


def film(path: Path) -> Path:
    """Twelve seconds; a voice from the fourth to the eighth, a microphone's hiss before and behind."""
    hiss = noise(SECONDS, "white", -60.0)
    hiss[SPOKEN.start * 16_000 : SPOKEN.stop * 16_000] += voice(SPOKEN.stop - SPOKEN.start)
    recording = Recording(seconds=SECONDS, codec="pcm_s16le", rate_hz=16_000, layout="mono", sample_format="s16")
    return write(path, recording, hiss)


async def send(broker: str, prefix: str, path: Path, session: str) -> SessionSummary:
    async with (
        KafkaWriter(broker, perishable=True, prefix=prefix) as frames,
        KafkaWriter(broker, prefix=prefix) as life,
    ):
        return await run_session(
            open_source(str(path)),
            frames,
            life,
            session=session,
            policy_document="",
            rate_fps=2,
            speed="max",
            calibration_ms=None,
            in_flight=InFlight(16, watched=False),
            progress=Progress(),
        )


async def listen(broker: str, prefix: str, ends: int) -> list[Observation]:
    """Run a worker until this many sessions have ended. Returns what it said."""
    stop, said = asyncio.Event(), list[Observation]()
    async with (
        KafkaReader(broker, "detectors-sound", AUDIO, prefix=prefix) as reader,
        KafkaWriter(broker, prefix=prefix) as writer,
        KafkaReader(broker, f"watch-{now_ms()}", OBSERVATIONS, prefix=prefix) as watch,
    ):
        running = asyncio.create_task(SoundWorker(reader, writer, VoiceFinder()).run(stop))
        deadline = monotonic() + DEADLINE_S
        while sum(isinstance(one, SoundEnded) for one in said) < ends:
            assert monotonic() < deadline, said
            for records in (await watch.read(200, 500)).values():
                said += [one for record in records for one in decode_bundle(record.value)]
        stop.set()
        await asyncio.wait_for(running, DEADLINE_S)
    return said


async def test_a_voice_in_a_file_is_heard_where_it_is(broker: str, prefix: str, tmp_path: Path) -> None:
    path = film(tmp_path / "exam.mkv")
    summaries = await asyncio.gather(*(send(broker, prefix, path, session) for session in SESSIONS))
    assert {(one.sound_sent, one.frames_sent, one.reason) for one in summaries} == {(SECONDS, 24, "completed")}
    said = await listen(broker, prefix, len(SESSIONS))
    for summary in summaries:
        mine = [one for one in said if getattr(one, "session", "") == summary.session]
        heard = [one for one in mine if isinstance(one, SpeechObserved)]
        assert [one.seq for one in heard] == list(range(SECONDS))
        assert [one.capture_ms - summary.start_ms for one in heard] == [1000 * (n + 1) for n in range(SECONDS)]
        assert [one.speech >= 0.6 for one in heard] == [n in range(4, 8) for n in range(SECONDS)]
        assert all(one.level_dbfs == pytest.approx(-60, abs=1) for one in heard[:4])
        assert isinstance(mine[-1], SoundEnded)
        assert mine[-1].seq == SECONDS


async def test_a_second_worker_goes_on_where_the_first_one_stopped(broker: str, prefix: str, tmp_path: Path) -> None:
    path = film(tmp_path / "exam.mkv")
    await send(broker, prefix, path, "anna")
    await listen(broker, prefix, 1)
    await send(broker, prefix, path, "bob")
    said = sorted((one.session, one.seq) for one in await listen(broker, prefix, 2) if isinstance(one, SpeechObserved))
    assert said == [(s, n) for s in ("anna", "bob") for n in range(SECONDS)]


async def test_bad_records_are_buried_with_their_places(broker: str, prefix: str) -> None:
    partition = partition_of("anna")
    headers = [SoundHeader(session="anna", seq=n, capture_ms=n, ingested_ms=now_ms(), end=n == 3) for n in range(4)]
    good = np.zeros(16_000, "<i2").tobytes()
    async with KafkaWriter(broker, prefix=prefix) as writer:
        for header, value in zip(headers, (good, b"odd", good, b""), strict=True):
            await (await writer.send(AUDIO, partition, value, key=b"anna", headers=sound_headers(header)))
        await (await writer.send(AUDIO, partition, b"\xff\xd8", key=b"anna"))
    said = await listen(broker, prefix, 1)
    assert [one.seq for one in said if isinstance(one, SpeechObserved)] == [0, 2]
    letters: list[bytes] = []
    async with KafkaReader(broker, "letters", DEAD_LETTERS, prefix=prefix) as reader:
        deadline = monotonic() + DEADLINE_S
        while len(letters) < 2:
            assert monotonic() < deadline
            letters += [record.key or b"" for records in (await reader.read(500, 50)).values() for record in records]
    assert sorted(letters) == [f"detectors/audio/{partition}/{n}".encode() for n in (1, 4)]


async def test_what_is_on_the_broker_is_what_was_sent(broker: str, prefix: str, tmp_path: Path) -> None:
    summary = await send(broker, prefix, film(tmp_path / "exam.mkv"), "anna")
    records: list[Record] = []
    async with KafkaReader(broker, "audio-test", AUDIO, prefix=prefix) as reader:
        deadline = monotonic() + DEADLINE_S
        while len(records) <= SECONDS:
            assert monotonic() < deadline
            records += [record for some in (await reader.read(500, 50)).values() for record in some]
    assert {record.partition for record in records} == {partition_of("anna")}
    assert [len(record.value) for record in records] == [32_000] * SECONDS + [0]
    headers = [read_sound_header(record.headers) for record in records]
    assert [header.seq for header in headers] == list(range(SECONDS + 1))
    assert headers[-1].end
    assert headers[0].capture_ms == summary.start_ms + 1000
