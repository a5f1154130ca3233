"""Frames finish in any order; a session's results leave in order; nothing is committed past what is published."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.messages import FramesEnded
from detectors.ordering import MOST_BYTES, MOST_FRAMES, MOST_UNCOMMITTED, Lane, Slot


def note(seq: int) -> msgspec.Struct:
    return FramesEnded(session="s", seq=seq, capture_ms=0, ingested_ms=0)


def lane_of(*slots: Slot) -> Lane:
    lane = Lane()
    for slot in slots:
        lane.open(slot)
    return lane


@given(st.permutations(range(12)), st.integers(1, 5))
def test_whatever_finishes_first_results_keep_the_input_order(finishing: list[int], most: int) -> None:
    """Catches taking any finished slot instead of the front ones."""
    slots = [Slot(offset * 3) for offset in range(12)]
    lane, published = lane_of(*slots), list[Slot]()
    for index in finishing:
        slots[index].settle(note(index))
        while taken := lane.take_finished(most):
            assert len(taken) <= most
            published += taken
            lane.acknowledge(taken)
            open_offsets = [slot.offset for slot in slots if slot.outcome is None]
            assert lane.done <= min(open_offsets, default=34)
    assert published == slots
    assert lane.to_commit == 34


@given(st.permutations(range(12)), st.lists(st.sampled_from("abc"), min_size=12, max_size=12), st.integers(1, 5))
def test_sessions_wait_for_none_but_themselves(finishing: list[int], whose: list[str], most: int) -> None:
    """Catches waiting for the frame at the front, a session that overtakes itself, and a commit past an open frame."""
    slots = [Slot(offset * 3, session=session) for offset, session in enumerate(whose)]
    lane, published = lane_of(*slots), list[Slot]()
    for index in finishing:
        slots[index].settle(note(index))
        while taken := lane.take_finished(most):
            assert sum(len(slot.outcome or ()) for slot in taken) <= most
            published += taken
            lane.acknowledge(taken)
        ready = [
            slot
            for place, slot in enumerate(slots)
            if all(one.outcome is not None for one in slots[: place + 1] if one.session == slot.session)
        ]
        assert {slot.offset for slot in published} == {slot.offset for slot in ready}
        assert lane.done <= min((slot.offset for slot in slots if not slot.published), default=34)
    for session in "abc":
        offsets = [slot.offset for slot in published if slot.session == session]
        assert offsets == sorted(offsets)
    assert lane.to_commit == 34


def test_what_is_published_behind_an_open_frame_is_let_go_of() -> None:
    slots = [Slot(0, session="slow"), Slot(1, session="quick")]
    lane = lane_of(*slots)
    slots[1].settle(note(0))
    lane.acknowledge(lane.take_finished(9))
    assert (slots[1].published, slots[1].outcome) == (True, ())
    assert lane.to_commit is None
    slots[0].settle(note(1))
    lane.acknowledge(lane.take_finished(9))
    assert lane.to_commit == 2


def test_a_lane_is_full_of_what_a_crash_would_repeat() -> None:
    lane = lane_of(Slot(0, session="stuck"))
    for offset in range(1, MOST_UNCOMMITTED):
        assert not lane.is_full
        slot = Slot(offset, session="quick")
        lane.open(slot)
        slot.settle(note(offset))
        lane.acknowledge(lane.take_finished(9))
    assert lane.is_full
    assert not lane.has_room


def test_looks_are_published_by_rank_whichever_answers_first() -> None:
    slot = Slot(0, awaited=2)
    slot.answer(1, note(1))
    assert slot.outcome is None
    slot.answer(0, note(0))
    assert slot.outcome == (note(0), note(1))


def test_the_first_settlement_stands() -> None:
    """A frame given up by one look and then answered by the other is not counted twice."""
    slot = Slot(0, awaited=1)
    slot.settle(note(5))
    slot.answer(0, note(0))
    slot.settle(note(6))
    assert slot.outcome == (note(5),)


def test_a_bundle_holds_whole_frames_and_at_least_one() -> None:
    slots = [Slot(0), Slot(1), Slot(2)]
    for slot in slots:
        slot.settle(note(0), note(1), note(2))
    lane = lane_of(*slots)
    assert [len(lane.take_finished(most)) for most in (1, 6)] == [1, 2]


def test_frames_read_again_after_a_rebalance_are_known() -> None:
    slots = [Slot(10), Slot(11), Slot(12)]
    lane = lane_of(*slots)
    assert [lane.holds(offset) for offset in (9, 10, 12, 13)] == [False, True, True, False]
    slots[0].settle(note(0))
    lane.acknowledge(lane.take_finished(9))
    assert lane.holds(10), "acknowledged, not yet committed: its result is out, and a second one is needless"
    lane.committed = 11
    assert lane.was_rewound(10)
    assert not lane.was_rewound(11)


def test_a_lane_begins_where_it_is_first_read() -> None:
    assert lane_of(Slot(500)).was_rewound(0)
    assert not Lane().was_rewound(0)


def test_offsets_only_rise() -> None:
    lane = lane_of(Slot(4), Slot(9))
    with pytest.raises(ValueError, match="offset 9 after 9"):
        lane.open(Slot(9))


def test_an_abandoned_lane_wants_nothing_any_more() -> None:
    slot = Slot(0, awaited=2)
    lane_of(slot).abandon()
    assert slot.outcome == ()


@pytest.mark.parametrize(("frames", "size"), [(MOST_FRAMES, 1), (2, MOST_BYTES // 2)])
def test_a_lane_is_full_by_number_or_by_bytes(frames: int, size: int) -> None:
    slots = [Slot(offset, size=size) for offset in range(frames)]
    lane = lane_of(*slots)
    assert lane.is_full
    assert not lane.has_room
    for slot in slots:
        slot.settle(note(0))
    lane.take_finished(10_000)
    assert lane.has_room
    assert len(lane) == 0
