"""What a worker remembers of sessions: whether the picture lives, and whose face it was at the start; then no more."""

import numpy as np
import pytest

from detectors import recollection
from detectors.frame import Frame, Glance
from detectors.identity.desk import Desk
from detectors.identity.embedder import Embedding, unit
from detectors.identity.look import FaceLook
from detectors.identity.memory_references import MemoryReferences
from detectors.identity.registration import RegistrationRule
from detectors.liveness.stillness import STILL_MS
from detectors.liveness.thumbnail import thumbnail
from detectors.looking.reading import Models, PictureReading
from detectors.messages import FaceObserved, FramesEnded, IdentityObserved, PictureQuality
from detectors.ordering import Slot
from detectors.recollection import Recollection
from ingest.log import Record
from ingest.messages import FrameHeader
from ingest.topics import FRAMES

PARTITION, EVERY_MS = 3, 500
LONG = STILL_MS // EVERY_MS + 2
PERSON, STRANGER = (unit(np.random.default_rng(seed).standard_normal(128)) for seed in (1, 2))


def shot(seed: int) -> bytes:
    """The thumbnail of a picture like no other seed's."""
    noise = np.random.default_rng(seed).uniform(60, 180, (12, 16, 3)).astype(np.uint8)
    return thumbnail(np.kron(noise, np.ones((10, 10, 1), np.uint8)))


def glance(
    session: str, seq: int, picture: bytes, face: Embedding | None = None, *, registrable: bool = True
) -> Glance:
    header = FrameHeader(session=session, seq=seq, capture_ms=seq * EVERY_MS, ingested_ms=0, width=640, height=480)
    likeness = None if face is None else FaceLook(embedding=face.astype("<f4").tobytes(), registrable=registrable)
    quality = PictureQuality(brightness=100.0, sharpness=100.0)
    reading = PictureReading(faces=(), quality=quality, thumbnail=picture, likeness=likeness)
    record = Record(FRAMES, PARTITION, seq, session.encode(), b"", (), 0)
    return Glance(Frame(record, header, Slot(seq)), reading, Models(face="mesh", identity="net"))


def is_frozen(one: Recollection, session: str, seq: int, picture: bytes) -> bool:
    (seen,) = one.recalled(glance(session, seq, picture))
    assert isinstance(seen, FaceObserved)
    return seen.quality.frozen


def end_of(session: str) -> FramesEnded:
    return FramesEnded(session=session, seq=9, capture_ms=0, ingested_ms=0)


@pytest.fixture
def references() -> MemoryReferences:
    return MemoryReferences()


def desk_on(references: MemoryReferences) -> Desk:
    return Desk(references, b"k" * 32, "net", RegistrationRule(samples=2))


def test_each_sessions_pictures_are_held_against_its_own_alone() -> None:
    """Two sessions in turn: one shows a photograph, the other lives."""
    one = Recollection()
    still, alive = [], []
    for seq in range(LONG):
        still.append(is_frozen(one, "still", seq, shot(0)))
        alive.append(is_frozen(one, "alive", seq, shot(seq)))
    assert (still[0], still[-1]) == (False, True)
    assert not any(alive)


async def test_what_is_remembered_of_a_session_ends_with_it_and_no_other() -> None:
    one = Recollection()
    for seq in range(LONG):
        is_frozen(one, "over", seq, shot(0))
        is_frozen(one, "stays", seq, shot(1))
    await one.settle(PARTITION, [*one.recalled(glance("over", LONG, shot(0))), end_of("over")])
    assert not is_frozen(one, "over", LONG + 1, shot(0))
    assert is_frozen(one, "stays", LONG + 1, shot(1))


def test_of_too_many_sessions_the_one_that_was_seen_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recollection, "MOST_SESSIONS", 2)
    one = Recollection()
    for seq in range(LONG):
        is_frozen(one, "first", seq, shot(0))
        is_frozen(one, "second", seq, shot(1))
    assert is_frozen(one, "first", LONG, shot(0))
    is_frozen(one, "third", 0, shot(2))
    assert is_frozen(one, "first", LONG + 1, shot(0))
    assert not is_frozen(one, "second", LONG + 1, shot(1))


async def test_without_a_desk_nothing_is_asked_or_said_of_identity() -> None:
    one = Recollection()
    seen = [glance("a", seq, shot(seq), PERSON) for seq in range(4)]
    assert not one.wants_likeness(seen[0].frame)
    said = await one.complete(PARTITION, seen)
    assert [type(message) for message in said] == [FaceObserved] * 4
    one.leave(PARTITION)
    await one.settle(PARTITION, [end_of("a")])


async def test_each_frame_is_told_how_alike_its_own_face_is(references: MemoryReferences) -> None:
    """Two faces register; what is no glance keeps its place, and takes nobody's likeness."""
    one = Recollection(desk_on(references))
    start = [glance("a", 0, shot(0), PERSON), glance("a", 1, shot(1), PERSON)]
    assert all(isinstance(message, FaceObserved) for message in await one.complete(PARTITION, start))
    outcomes = [
        glance("a", 2, shot(2), STRANGER),
        end_of("b"),
        glance("a", 3, shot(3)),
        glance("a", 4, shot(4), PERSON, registrable=False),
    ]
    said = await one.complete(PARTITION, outcomes)
    assert [type(message).__name__ for message in said] == [
        "FaceObserved",
        "IdentityObserved",
        "FramesEnded",
        "FaceObserved",
        "FaceObserved",
        "IdentityObserved",
    ]
    stranger, person = (message for message in said if isinstance(message, IdentityObserved))
    assert (stranger.seq, person.seq, person.model) == (2, 4, "net")
    assert stranger.similarity < 0.5 < 0.99 < person.similarity


async def test_a_face_that_may_not_be_registered_is_not(references: MemoryReferences) -> None:
    one = Recollection(desk_on(references))
    doubtful = [glance("a", seq, shot(seq), PERSON, registrable=False) for seq in range(4)]
    said = await one.complete(PARTITION, doubtful)
    assert not any(isinstance(message, IdentityObserved) for message in said)


async def test_the_face_is_forgotten_with_its_session_alone(references: MemoryReferences) -> None:
    one = Recollection(desk_on(references))
    await one.complete(PARTITION, [glance(name, seq, shot(seq), PERSON) for name in "ab" for seq in range(2)])
    assert set(references.kept[PARTITION]) == {"a", "b"}
    await one.settle(PARTITION, [end_of("a")])
    assert set(references.kept[PARTITION]) == {"b"}


async def test_a_partition_that_was_left_is_read_anew(references: MemoryReferences) -> None:
    one = Recollection(desk_on(references))
    await one.complete(PARTITION, [glance("a", seq, shot(seq), PERSON) for seq in range(2)])
    references.kept[PARTITION].clear()  # as another worker has done meanwhile
    alike = await one.complete(PARTITION, [glance("a", 2, shot(2), PERSON)])
    assert any(isinstance(message, IdentityObserved) for message in alike)
    one.leave(PARTITION)
    unknown = await one.complete(PARTITION, [glance("a", 3, shot(3), PERSON)])
    assert not any(isinstance(message, IdentityObserved) for message in unknown)


def test_a_face_is_asked_for_at_the_desks_pace(references: MemoryReferences) -> None:
    one = Recollection(desk_on(references))
    frames = [glance("a", seq, shot(seq)).frame for seq in (0, 0, 1)]
    assert [one.wants_likeness(frame) for frame in frames] == [True, False, True]
