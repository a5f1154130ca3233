"""The corpus of odd pictures through the pool, the real Triton and a whole worker on the real broker.

Each is looked at or buried, the pictures around it as if it were not there, and nothing dies or grows.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from detectors.looking.pool import Pool
from detectors.looking.reading import Asked, PictureReading
from detectors.messages import FaceObserved, ObjectsObserved
from detectors.objects import ObjectsReading, TritonObjects, read_boxes
from ingest.errors import PoisonError
from ingest.kafka_log import KafkaWriter
from ingest.messages import FramesDropped, encode_message
from ingest.topics import FRAMES
from tests.broken_pictures import CORPUS, OddPicture, plain
from tests.detector_pipeline import Listener, Sent, detector_on, header_of, object_detector, picture

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

RECORD_BYTES = 4_100_000
"""What a record of `frames` takes; ingest and the gateway keep larger pictures out."""
GROWTH_MB = 150
"""Of a looking process over the corpus: its networks' own working memory comes and goes by some 60 MB."""
FITTING = [odd for odd in CORPUS if len(odd.make()) < RECORD_BYTES]


def assert_outcome(odd: OddPicture, outcome: object) -> None:
    if odd.size is None:
        assert isinstance(outcome, PoisonError), odd.name
        assert odd.refused in str(outcome)
    else:
        assert isinstance(outcome, PictureReading | ObjectsReading), f"{odd.name}: {outcome}"


async def test_the_pool_answers_every_picture_and_keeps_its_processes() -> None:
    pool = Pool(1, "--identity")
    await pool.start()
    try:
        pids, asked = pool.pids, Asked(jpeg=plain(), hands=True, likeness=True)
        before = await pool.look(asked)
        looks = [pool.look(Asked(jpeg=odd.make(), hands=True, likeness=True)) for odd in CORPUS]
        for odd, outcome in zip(CORPUS, await asyncio.gather(*looks, return_exceptions=True), strict=True):
            assert_outcome(odd, outcome)
        assert await pool.look(asked) == before
        assert len(before.faces) == 1
        assert pool.pids == pids
    finally:
        await pool.stop()


async def test_triton_sees_every_picture_as_this_process_does(stack: "LocalStack") -> None:
    client, alone = TritonObjects(stack.triton), object_detector()
    try:
        looks = [client.look(odd.make(), lambda: False) for odd in CORPUS]
        for odd, outcome in zip(CORPUS, await asyncio.gather(*looks, return_exceptions=True), strict=True):
            assert_outcome(odd, outcome)
            if isinstance(outcome, ObjectsReading) and odd.size is not None:
                assert outcome.objects == read_boxes(alone.look(odd.make())[None]), odd.name
                corners = np.array([found.box_xyxy for found in outcome.objects]).reshape(-1, 4)
                assert (corners <= np.array(odd.size * 2) + 0.05).all()
    finally:
        await client.stop()


async def _send(kafka: str, session: str, pictures: list[bytes]) -> Sent:
    sent = Sent()
    async with KafkaWriter(kafka, prefix="odd-") as writer:
        for seq, jpeg in enumerate(pictures):
            await sent.send(writer, header_of(session, seq), jpeg)
        await sent.send(writer, header_of(session, len(pictures), end=True), b"")
    return sent


def _memory_mb(pid: int, field: str) -> int:
    """`VmRSS`: now; `VmHWM`: at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) // 1024


async def test_a_worker_buries_or_looks_at_each_in_order(stack: "LocalStack", tmp_path: Path) -> None:
    detector = await detector_on(stack.environment, "odd-", tmp_path, PROCTOR_OBJECTS_MS="1")
    with detector:
        async with Listener(stack.kafka, "odd-") as listener:
            await _send(stack.kafka, "calm", [picture(seq) for seq in range(8)])
            await listener.until(lambda: "calm" in listener.ended())
            (looking,) = psutil.Process(detector.pid).children()
            before_mb = _memory_mb(looking.pid, "VmRSS")
            between = [jpeg for odd in FITTING for jpeg in (odd.make(), plain())]  # too many bad ones would stop it
            sent = await _send(stack.kafka, "odd", between)
            await listener.until(lambda: "odd" in listener.ended(), deadline_s=150)
            await listener.until(lambda: len(listener.letters) == sum(odd.size is None for odd in FITTING))
            assert psutil.Process(detector.pid).children() == [looking]
            assert _memory_mb(looking.pid, "VmHWM") - before_mb < GROWTH_MB
        assert detector.terminate() == 0
    assert "looking process ended" not in detector.words()
    _assert_letters(listener, sent)
    _assert_observations(listener)


def _assert_letters(listener: Listener, sent: Sent) -> None:
    """One for each refused picture: where it stands and why, nothing of it."""
    refused = {sent.frames[2 * place].record.offset: odd for place, odd in enumerate(FITTING) if odd.size is None}
    assert sorted(letter.offset for letter in listener.letters) == sorted(refused)
    for letter in listener.letters:
        odd = refused[letter.offset]
        assert odd.refused in letter.reason
        assert (letter.topic, letter.stage, letter.size_bytes) == (FRAMES, "detectors", len(odd.make()))
        assert len(encode_message(letter)) < 400


def _assert_observations(listener: Listener) -> None:
    """In order: both kinds of look of each picture, or that it was dropped; the sound ones between all seen alike."""
    said = [one for one in listener.said if one.session == "odd"]
    assert [one.seq for one in said] == sorted(one.seq for one in said)
    dropped = [2 * place for place, odd in enumerate(FITTING) if odd.size is None]
    kept = [seq for seq in range(2 * len(FITTING)) if seq not in set(dropped)]
    assert [one.seq for one in said if isinstance(one, FramesDropped) and one.reason == "unreadable"] == dropped
    assert [one.seq for one in said if isinstance(one, FaceObserved)] == kept
    assert [one.seq for one in said if isinstance(one, ObjectsObserved)] == kept
    faces = [one.faces for one in said if isinstance(one, FaceObserved) and one.seq % 2 == 1]
    assert len(faces) == len(FITTING)
    assert len(faces[0]) == 1
    assert all(seen == faces[0] for seen in faces)
