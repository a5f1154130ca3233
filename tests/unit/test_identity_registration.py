"""Who is registered, and when. Without these, whoever sits down later could become the one to be compared with."""

import logging

import numpy as np
import pytest
from prometheus_client import REGISTRY, generate_latest

from detectors.identity.desk import Cadence, Desk
from detectors.identity.embedder import Embedding, unit
from detectors.identity.memory_references import MemoryReferences
from detectors.identity.references import Begun, Malformed
from detectors.identity.registration import (
    Identity,
    Registered,
    RegistrationRule,
    Seen,
    Unknown,
    Waiting,
    register,
    similarity,
)
from detectors.identity.sealing import Reference
from detectors.messages import DetectorLook, IdentityObserved
from ingest.messages import DeadLetter

MODEL, MASTER = "m" * 64, b"k" * 32
RULE = RegistrationRule()
ANN, BOB = (np.random.default_rng(number).standard_normal(128) for number in (1, 2))
"""Two directions in 128 dimensions: their cosine is about 0."""


def face(person: np.ndarray[tuple[int], np.dtype[np.float64]], number: int) -> Embedding:
    """One picture of a person: cosine to another one about 0.8."""
    return unit(person + 0.5 * np.random.default_rng(100 + number).standard_normal(128))


def seen(number: int, embedding: Embedding | None, *, registrable: bool = True, step_ms: int = 500) -> Seen:
    return Seen("s-1", number, 1_000 + number * step_ms, embedding, registrable)


def run(frames: list[Seen]) -> Identity:
    """The registration over these frames, from the session's first on."""
    state: Identity = Waiting(frames[0].capture_ms)
    for one in frames:
        if isinstance(state, Waiting):
            state = register(RULE, MODEL, state, one)
    return state


def test_five_faces_that_agree_are_registered_with_their_mean() -> None:
    faces = [face(ANN, number) for number in range(5)]
    state = run([seen(number, one) for number, one in enumerate(faces)])
    assert isinstance(state, Registered)
    assert state.reference.seq == 4
    assert state.reference.embedding == pytest.approx(unit(np.mean(faces, axis=0)), abs=1e-6)
    assert isinstance(run([seen(number, one) for number, one in enumerate(faces[:4])]), Waiting)


@pytest.mark.parametrize("odd", range(4))
def test_one_odd_face_among_the_samples_delays_registration_and_never_enters_it(odd: int) -> None:
    frames = [seen(number, face(BOB if number == odd else ANN, number)) for number in range(10)]
    state = run(frames)
    assert isinstance(state, Registered)
    assert state.reference.seq == odd + 5
    assert float(state.reference.embedding @ unit(ANN)) > 0.9


def test_frames_that_are_not_fit_or_too_close_in_time_do_not_count() -> None:
    unfit = [seen(number, face(ANN, number), registrable=False) for number in range(20)]
    none = [seen(number, None) for number in range(20)]
    hasty = [seen(number, face(ANN, number), step_ms=33) for number in range(20)]
    for frames in (unfit, none, hasty):
        assert isinstance(run(frames), Waiting)


def test_who_comes_after_the_first_minute_is_not_registered() -> None:
    late = [seen(0, None), *(seen(number, face(BOB, number)) for number in range(119, 140))]
    assert run(late) == Unknown("no_fit_face")


def test_similarity_is_a_rounded_cosine_of_frames_behind_the_registration() -> None:
    reference = Reference("s-1", MODEL, 4, unit(ANN))
    assert similarity(reference, seen(5, unit(ANN))) == 1.0
    assert similarity(reference, seen(5, unit(-ANN))) == -1.0
    assert abs(similarity(reference, seen(5, unit(BOB))) or 1.0) < 0.3
    assert similarity(reference, seen(4, unit(ANN))) is None
    assert similarity(reference, seen(5, None)) is None
    assert similarity(reference, seen(5, unit(ANN[:64]))) is None


def desk(references: MemoryReferences, model: str = MODEL, master: bytes = MASTER) -> Desk:
    return Desk(references, master, model)


async def registered(references: MemoryReferences) -> Desk:
    """A desk that has registered Ann."""
    first = desk(references)
    await first.compare(3, [seen(number, face(ANN, number)) for number in range(5)])
    return first


async def test_comparisons_follow_in_the_order_of_the_frames() -> None:
    references = MemoryReferences()
    frames = [seen(number, face(BOB if number in (7, 8) else ANN, number)) for number in range(10)]
    answers = await desk(references).compare(3, frames)
    assert answers[:5] == [None] * 5
    assert [number for number, alike in enumerate(answers) if alike is not None and alike > 0.6] == [5, 6, 9]
    assert [number for number, alike in enumerate(answers) if alike is not None and alike < 0.3] == [7, 8]


async def test_a_new_worker_compares_with_the_same_reference_and_never_registers_again() -> None:
    references = MemoryReferences()
    first = await registered(references)
    kept = dict(references.kept[3])
    probe = seen(9, face(BOB, 9))
    (before,) = await first.compare(3, [probe])
    second = desk(references)
    (after, *_) = await second.compare(3, [probe, *(seen(n, face(BOB, n)) for n in range(10, 30))])
    assert before is not None
    assert after == before
    assert references.kept[3] == kept


async def test_a_crash_while_registering_gives_no_second_first_minute() -> None:
    """Nor does a session whose first frames were dropped go without: it begins with the first that is seen."""
    references = MemoryReferences()
    await desk(references).compare(3, [seen(number, face(ANN, number)) for number in range(2, 5)])
    assert references.kept[3] == {"s-1": Begun(2_000)}
    soon = desk(references)
    await soon.compare(3, [seen(number, face(ANN, number)) for number in range(5, 10)])
    assert soon.is_due(3, "s-1", 50_000)
    references.kept[3] = {"s-1": Begun(2_000)}
    late = desk(references)
    assert await late.compare(3, [seen(number, face(BOB, number)) for number in range(123, 140)]) == [None] * 17
    assert not late.is_due(3, "s-1", 99_000)
    assert references.kept[3] == {"s-1": Begun(2_000)}


async def test_a_frame_that_registered_is_not_compared_when_it_is_read_again() -> None:
    references = MemoryReferences()
    await registered(references)
    again = await desk(references).compare(3, [seen(number, face(ANN, number)) for number in range(6)])
    assert again[:5] == [None] * 5
    assert again[5] is not None


@pytest.mark.parametrize(("model", "master"), [("n" * 64, MASTER), (MODEL, b"x" * 32)], ids=["model", "key"])
async def test_a_reference_that_cannot_be_opened_is_unknown_never_a_mismatch(model: str, master: bytes) -> None:
    references = MemoryReferences()
    await registered(references)
    kept = dict(references.kept[3])
    stranger = desk(references, model, master)
    answers = await stranger.compare(3, [seen(number, face(BOB, number)) for number in range(6, 20)])
    assert answers == [None] * 14
    assert references.kept[3] == kept
    assert not stranger.is_due(3, "s-1", 99_000)


async def test_a_record_that_is_no_reference_is_unknown() -> None:
    references = MemoryReferences()
    references.kept[3] = {"s-1": Malformed()}
    assert await desk(references).compare(3, [seen(number, face(ANN, number)) for number in range(9)]) == [None] * 9


async def test_the_end_of_a_session_deletes_its_reference_for_good() -> None:
    references = MemoryReferences()
    first = await registered(references)
    await first.end(3, "s-1")
    assert references.kept == {3: {}}
    assert await references.read(3) == {}
    await first.compare(3, [seen(9, face(BOB, 9))])
    assert references.kept == {3: {"s-1": Begun(5_500)}}


async def test_frames_are_asked_for_often_at_first_then_seldom_and_sooner_after_a_doubt() -> None:
    references = MemoryReferences()
    one = desk(references)
    cadence = Cadence()
    assert [one.is_due(3, "s-1", ms) for ms in (0, 100, cadence.registering_ms)] == [True, False, True]
    one = await registered(references)
    assert one.is_due(3, "s-1", 10_000)
    waits = (cadence.doubting_ms, cadence.verifying_ms - 1, cadence.verifying_ms)
    assert [one.is_due(3, "s-1", 10_000 + ms) for ms in waits] == [False, False, True]
    await one.compare(3, [seen(30, face(BOB, 30))])
    assert one.is_due(3, "s-1", 21_000)
    await one.compare(3, [seen(31, face(ANN, 31))])
    assert not one.is_due(3, "s-1", 22_000)


async def test_nothing_that_can_be_printed_or_logged_shows_an_embedding(caplog: pytest.LogCaptureFixture) -> None:
    references = MemoryReferences()
    with caplog.at_level(logging.DEBUG):
        one = await registered(references)
        await one.compare(3, [seen(9, face(ANN, 9))])
        state = run([seen(number, face(ANN, number)) for number in range(5)])
        waiting = run([seen(number, face(ANN, number)) for number in range(3)])
        logging.getLogger("t").info("%r %r %r %r", state, waiting, seen(1, face(ANN, 1)), one)
    numbers = [f"{abs(value):.3f}"[1:] for value in face(ANN, 0)[:20]]
    assert not [text for text in numbers if text in caplog.text]


async def test_metrics_count_and_name_nobody() -> None:
    references = MemoryReferences()
    first = await registered(references)
    await first.compare(3, [seen(9, face(ANN, 9))])
    await desk(references, "n" * 64).compare(3, [seen(10, face(ANN, 10))])
    await first.end(3, "s-1")
    told = generate_latest(REGISTRY).decode()
    lines = [line for line in told.splitlines() if line.startswith("proctor_identity_")]
    labels = {line[line.index("{") + 1 : line.index("}")] for line in lines if "{" in line}
    assert 'reason="other_model"' in labels
    assert labels <= {f'reason="{why}"' for why in ("no_fit_face", "other_model", "other_key", "malformed")}


def test_what_is_published_has_room_for_one_number() -> None:
    """Nor has a dead letter any for the content of what it is about."""
    own = {*IdentityObserved.__struct_fields__} - {*DetectorLook.__struct_fields__}
    assert own == {"similarity"}
    assert IdentityObserved.__annotations__["similarity"] is float
    assert {*DeadLetter.__struct_fields__} == {"topic", "partition", "offset", "stage", "reason", "size_bytes"}
