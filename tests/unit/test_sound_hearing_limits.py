"""The numbers of hearing, each at its edge: moved by a little, they would blame people for their own voice or miss
somebody else's. They are written out here, so that none of them changes unnoticed."""

import pytest

from detectors.messages import SpeechObserved
from scoring.fold.hearing import other_voice, stillness, take, wait, watch_mouth
from scoring.fold.person import Hearing
from tests.staged_exam import face_like, face_observed

SECOND_MS = 1_000


def mouth(openings: dict[int, float], yaw_deg: float = 0.0) -> Hearing:
    """What is remembered of a mouth that was this far open at these times."""
    hearing = Hearing()
    for seq, (at_ms, opening) in enumerate(openings.items()):
        seen = face_observed("s", seq, at_ms, (face_like(mouth_openness=opening, yaw_deg=yaw_deg),))
        hearing = watch_mouth(hearing, seen, 1, True, at_ms)
    return hearing


def swinging(between: float, and_: float) -> Hearing:
    """From one opening to the other and back, twice a second, from 0 to 5 s."""
    return mouth({slot * 500: (between, and_)[slot % 2] for slot in range(11)})


def spoken(seq: int, speech: float = 0.9) -> SpeechObserved:
    return SpeechObserved(
        session="s",
        seq=seq,
        capture_ms=(seq + 1) * SECOND_MS,
        ingested_ms=0,
        partition=3,
        offset=seq,
        model="voice",
        speech=speech,
        other=0.0,
        level_dbfs=-30.0,
    )


@pytest.mark.parametrize(
    ("moved", "still"), [(0.0, 1.0), (0.025, 1.0), (0.03, 0.8), (0.035, 0.6), (0.045, 0.2), (0.05, 0.0), (0.1, 0.0)]
)
def test_between_still_and_moving_it_is_told_in_proportion(moved: float, still: float) -> None:
    """Catches: other limits than 0.025 and 0.05; coarser steps than half a hundredth."""
    assert stillness(swinging(0.05, 0.05 + moved), 3_000) == pytest.approx(still)


def test_an_opening_is_remembered_up_to_one_and_a_quarter() -> None:
    assert stillness(swinging(1.22, 3.0), 3_000) == pytest.approx(0.8)
    assert stillness(swinging(1.25, 3.0), 3_000) == 1.0


@pytest.mark.parametrize(("speech", "voice"), [(0.19, 0.0), (0.2, 0.2), (0.21, 0.21)])
def test_a_fifth_of_a_record_is_speech(speech: float, voice: float) -> None:
    assert other_voice(speech, None, 1.0) == voice


@pytest.mark.parametrize(("yaw_deg", "still"), [(45.0, 1.0), (-45.0, 1.0), (45.1, None), (-45.1, None)])
def test_a_mouth_is_seen_up_to_45_degrees(yaw_deg: float, still: float | None) -> None:
    assert stillness(mouth({slot * 500: 0.05 for slot in range(11)}, yaw_deg), 3_000) == still


@pytest.mark.parametrize(
    ("at_ms", "counts"), [(1_000, False), (1_499, False), (1_500, True), (3_499, True), (3_500, False), (4_000, False)]
)
def test_the_mouth_counts_for_a_second_and_half_of_one_on_either_side(at_ms: int, counts: bool) -> None:
    """Of a record from 2 to 3 s. Catches: another length, another tolerance, a slot too many."""
    rest = {slot * 500 + 100: 0.05 for slot in range(11)}
    openings = dict(sorted({**rest, at_ms: 0.3}.items()))
    assert stillness(mouth(openings), 3_000) == (0.0 if counts else 1.0)


@pytest.mark.parametrize("seen", [2, 3])
def test_three_slots_must_show_the_mouth(seen: int) -> None:
    slots = [1_500, 2_000, 2_500][:seen]
    assert stillness(mouth({0: 0.05, **dict.fromkeys(slots, 0.05), 5_000: 0.05}), 3_000) == (1.0 if seen == 3 else None)


@pytest.mark.parametrize(("last_ms", "known"), [(33_000, True), (33_499, True), (33_500, False)])
def test_mouths_are_remembered_for_half_a_minute(last_ms: int, known: bool) -> None:
    """64 slots of half a second: with a look at 33.5 s the slot from 1.5 s on is forgotten."""
    hearing = mouth({**{slot * 500: 0.05 for slot in range(20)}, last_ms: 0.05})
    assert (stillness(hearing, 3_000) is not None) is known


@pytest.mark.parametrize(("faces_ms", "is_judged"), [(1_499, False), (1_500, True)])
def test_a_record_waits_until_half_a_second_behind_it_was_seen(faces_ms: int, is_judged: bool) -> None:
    hearing = wait(mouth({slot * 500: 0.05 for slot in range(5)}), spoken(0))
    left, one, values = take(hearing, faces_ms, 0, is_over=False)
    assert (one is not None) is is_judged
    assert len(left.waiting) == (0 if is_judged else 1)
    assert tuple(values) == ((0.9, None, -30.0) if is_judged else ())


def test_a_clocks_shift_moves_the_record_with_the_faces() -> None:
    hearing = wait(mouth({slot * 500 + 60_000: 0.05 for slot in range(8)}), spoken(2))
    _, one, values = take(hearing, 63_500, 60_000, is_over=False)
    assert one is not None
    assert tuple(values) == (0.9, 0.9, -30.0)
    assert take(hearing, 63_499, 60_000, is_over=False)[1] is None


@pytest.mark.parametrize(("records", "is_judged"), [(32, False), (33, True)])
def test_32_records_wait_and_with_one_more_the_first_is_judged_unseen(records: int, is_judged: bool) -> None:
    hearing = Hearing()
    for seq in range(records):
        hearing = wait(hearing, spoken(seq))
    left, one, values = take(hearing, 0, 0, is_over=False)
    assert (one is not None) is is_judged
    assert hearing.heard == left.heard == records - 1
    if one is not None:
        assert (one.here.seq, one.here.key, tuple(values)) == (0, "speech:0", (0.9, None, -30.0))


def test_at_the_end_all_is_judged_by_what_was_seen() -> None:
    hearing = wait(wait(mouth({slot * 500: 0.05 for slot in range(4)}), spoken(0)), spoken(9))
    hearing, first, values = take(hearing, 0, 0, is_over=True)
    assert (first is not None, tuple(values)) == (True, (0.9, None, -30.0))  # nothing was seen before its beginning
    hearing, second, values = take(hearing, 0, 0, is_over=True)
    assert (second is not None, tuple(values)) == (True, (0.9, None, -30.0))
    assert take(hearing, 0, 0, is_over=True) == (hearing, None, ())


def test_the_first_look_of_all_counts() -> None:
    assert stillness(mouth({1_500: 0.05, 2_000: 0.05, 2_500: 0.05}), 3_000) == 1.0
