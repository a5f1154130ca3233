"""Who is looked at next, and who is given up."""

import pytest

from detectors.admission import Turns, given_up, is_due, is_too_old
from detectors.bad_messages import BadMessages, TooManyBadMessagesError
from ingest.messages import FrameHeader


def header(seq: int = 0, ingested_ms: int = 1000, max_age_ms: int = 0) -> FrameHeader:
    return FrameHeader(
        session="s", seq=seq, capture_ms=7, ingested_ms=ingested_ms, width=1, height=1, max_age_ms=max_age_ms
    )


@pytest.mark.parametrize(
    ("max_age_ms", "now_ms", "old"), [(0, 10**9, False), (500, 1500, False), (500, 1501, True), (500, 900, False)]
)
def test_only_frames_with_an_age_limit_grow_too_old(max_age_ms: int, now_ms: int, old: bool) -> None:
    assert is_too_old(header(max_age_ms=max_age_ms), now_ms) is old


def test_a_frame_given_up_is_one_missing_at_its_capture_time() -> None:
    dropped = given_up(header(seq=9), "too_old")
    assert (dropped.seq, dropped.from_ms, dropped.to_ms, dropped.count) == (9, 7, 7, 1)
    assert (dropped.stage, dropped.reason) == ("detectors", "too_old")


def test_due_frames_are_chosen_by_number() -> None:
    assert [seq for seq in range(8) if is_due(seq, 3)] == [0, 3, 6]


def test_sessions_take_turns_and_keep_their_order() -> None:
    turns: Turns[str] = Turns()
    for item in ("a1", "a2", "a3", "a4", "b1", "c1", "c2"):
        turns.put(item[0], item)
    assert [turns.take() for _ in range(len(turns))] == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]
    with pytest.raises(IndexError):
        turns.take()


def test_a_flood_of_one_session_leaves_the_others_their_share() -> None:
    """Without turns the quiet session would get 1 of the first 40 looks."""
    turns: Turns[str] = Turns()
    for seq in range(200):
        turns.put("flood", "flood")
        if seq % 10 == 0:
            turns.put("quiet", "quiet")
    first = [turns.take() for _ in range(40)]
    assert first.count("quiet") == 20


def test_half_bad_messages_are_borne_and_more_are_not() -> None:
    bad = BadMessages(window=10, most_share=0.5)
    for turn in range(40):
        bad.count(bad=turn % 2 == 0)
    bad.count(bad=True)  # takes the place of a bad one
    with pytest.raises(TooManyBadMessagesError, match="6 of the last 10"):
        bad.count(bad=True)


def test_a_few_bad_messages_at_the_start_are_no_reason_to_stop() -> None:
    bad = BadMessages()
    for _ in range(100):
        bad.count(bad=True)
    with pytest.raises(TooManyBadMessagesError):
        bad.count(bad=True)
