"""When a mouth talks: not where it cannot be seen, not by the noise of a bad picture, not twice for the same words."""

from collections.abc import Callable

import pytest

from ingest.messages import SessionEnded, SessionStarted
from scoring.fold.face_signals import mouth_after
from scoring.rulebook.policy import load_policy
from tests.staged_exam import START_MS, closed_events, face_like, face_observed, fold_all

DEFAULT = load_policy("default")
STEP_MS = 200


def events(opening: Callable[[int], float], seconds: float, yaw_deg: Callable[[int], float]) -> list[tuple[str, int]]:
    """(rule, start in whole seconds) over an exam at 5 looks a second, by the number of the look."""
    looks = (
        face_observed(
            "s",
            seq,
            START_MS + seq * STEP_MS,
            (face_like(mouth_openness=opening(seq), yaw_deg=yaw_deg(seq)),),
        )
        for seq in range(round(seconds * 1000 / STEP_MS))
    )
    started = SessionStarted(session="s", capture_ms=START_MS, frame_interval_ms=STEP_MS)
    ended = SessionEnded(session="s", capture_ms=START_MS + round(seconds * 1000), frames_sent=0)
    told = closed_events(fold_all(DEFAULT, (started, *looks, ended))[1])
    return [(rule, start_ms // 1000) for rule, start_ms, _ in told]


def ahead(_: int) -> float:
    return 0.0


def talk(seq: int) -> float:
    """Open in two looks of five."""
    return 0.25 if seq % 5 in (1, 3) else 0.05


def during(start_s: float, end_s: float, seq: int) -> bool:
    return start_s * 5 <= seq < end_s * 5


def test_the_mouth_of_a_turned_head_is_not_known() -> None:
    """And what was before the turn says nothing of what is after it."""
    ahead, turned = (face_observed("s", 0, 0, (face_like(mouth_openness=0.3, yaw_deg=yaw),)) for yaw in (29.0, 31.0))
    assert mouth_after(ahead, 1, STEP_MS, 0.1)[0] == pytest.approx(0.2)
    assert mouth_after(turned, 1, STEP_MS, 0.1) == (None, None)


def test_talk_is_told_once_and_a_twitch_soon_after_is_no_talk() -> None:
    """Catches an event made of what another one was made of: the window still holds the words."""

    def opening(seq: int) -> float:
        return talk(seq) if during(12, 15, seq) or seq == 84 else 0.05

    assert events(opening, 25, ahead) == [("talking", 12)]


def test_talk_again_is_told_again() -> None:
    told = events(lambda seq: talk(seq) if during(12, 16, seq) or during(24, 28, seq) else 0.05, 32, ahead)
    assert told == [("talking", 12), ("talking", 24)]


def swinging(seq: int) -> float:
    """As the mesh reads the still mouth of a face in the dark: now and then off by what talk begins at."""
    return 0.05 + (0.14 if seq % 3 == 0 else 0.03 * (seq % 2))


def test_a_mouth_that_swung_while_it_was_still_must_move_further() -> None:
    """Catches limits that no spread widens: the same noise is talk for somebody whose mouth was calm."""
    assert events(lambda seq: swinging(seq) if during(12, 20, seq) else 0.05, 24, ahead) == [("talking", 12)]
    assert events(swinging, 24, ahead) == []
    told = events(lambda seq: talk(seq) * 1.5 if during(12, 20, seq) else swinging(seq), 24, ahead)
    assert [rule for rule, _ in told] == ["talking"]
