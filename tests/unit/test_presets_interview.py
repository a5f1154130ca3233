"""The interview preset with its source's numbers: what is deducted from 100 at which second, and what costs nothing."""

import pytest

from scoring.rulebook.policy import load_policy
from tests.preset_exams import around, check_hold, costs, fired, risk, walk, written_out
from tests.staged_exam import Behaviour, Run, verdict_of

POLICY = load_policy("interview")
HELD: list[tuple[Behaviour, str, float, float]] = [
    ("away", "looking_away", 5.0, 5.0),
    ("aside_left", "looking_away", 5.0, 5.0),
    ("absent", "no_face", 10.0, 10.0),
    ("two", "multiple_faces", 2.0, 15.0),
    ("closed", "eyes_closed", 1.0, 0.0),
    ("phone", "phone", 2.0, 20.0),
    ("notes", "notes", 2.0, 10.0),
]
EXAM = [
    Run("normal", 10),
    Run("away", 6),
    Run("normal", 5),
    Run("absent", 11),
    Run("normal", 4),
    Run("two", 3),
    Run("normal", 4),
    Run("closed", 2),
    Run("normal", 5),
    Run("phone", 3),
    Run("normal", 7),
]
# Looking away from 10 s is 5 s long at 15 s; nobody from 21 s is 10 s long at 31 s; several faces from 36 s are 2 s
# long at 38 s; the phone from 50 s at 52 s. Closed eyes (43-45 s) are noted only.
DEDUCTED = "0*14 5*16 15*7 30*14 50*9"


def test_every_second_of_an_interview_has_the_deductions_of_its_behaviours() -> None:
    messages = walk(POLICY, EXAM)
    assert [row[1] for row in risk(messages)] == written_out(DEDUCTED)
    assert {row[0] for row in risk(messages)} == {0.0}, "nothing of it fades"


def test_integrity_is_100_less_the_deductions() -> None:
    messages = walk(POLICY, EXAM)
    assert fired(messages) == [
        ("looking_away", 10.0, 15.0, 15.9),
        ("no_face", 21.0, 31.0, 31.9),
        ("multiple_faces", 36.0, 38.0, 38.9),
        ("eyes_closed", 43.0, 44.0, 44.9),
        ("phone", 50.0, 52.0, 52.9),
    ]
    assert verdict_of(messages).integrity == 100 - 5 - 10 - 15 - 20


@pytest.mark.parametrize(("behaviour", "rule", "hold_s", "points"), HELD)
def test_just_under_the_hold_is_nothing_and_just_over_is_one(
    behaviour: Behaviour, rule: str, hold_s: float, points: float
) -> None:
    check_hold(POLICY, behaviour, hold_s, (rule, points, points > 0))


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0, 25.0])
def test_blinks_are_no_drowsiness_at_any_frame_rate(fps: float) -> None:
    """A blink of 0.3 s every 4 s, 7.5 % of the time."""
    runs = [Run("normal", 10), *([Run("closed", 0.3), Run("normal", 3.7)] * 30)]
    assert costs(walk(POLICY, runs, rate=fps)) == []


@pytest.mark.parametrize(("closures", "events"), [(9, []), (10, [("drowsy", 0.0, False)])])
def test_eyes_closed_for_15_percent_of_a_minute_are_drowsy(
    closures: int, events: list[tuple[str, float, bool]]
) -> None:
    """Closures of 0.9 s, each too short by itself: ten of them are 9 s of a minute, nine are 8.1 s."""
    runs = [Run("normal", 10), *([Run("closed", 0.9), Run("normal", 2.6)] * closures), Run("normal", 30)]
    assert costs(walk(POLICY, runs)) == events


def test_a_bowed_head_is_not_asleep() -> None:
    """Lids are low over eyes that look down: that is looking away, if it lasts."""
    assert costs(walk(POLICY, around("bowed", 4))) == []
    assert costs(walk(POLICY, around("bowed", 6))) == [("looking_away", 5.0, True)]


@pytest.mark.parametrize(("seconds", "events"), [(2.0, []), (3.0, [("other_voice", 10.0, True)])])
def test_another_voice_counts_when_it_takes_a_third_of_ten_seconds(
    seconds: float, events: list[tuple[str, float, bool]]
) -> None:
    runs = [Run("speaking", 10), Run("other_voice", seconds), Run("speaking", 20)]
    assert [event for event in costs(walk(POLICY, runs, sound=True)) if event[0] == "other_voice"] == events


def test_the_candidates_own_voice_is_what_an_interview_is_for() -> None:
    assert costs(walk(POLICY, [Run("speaking", 60)], sound=True)) == []


def test_one_behaviour_alone_takes_no_more_than_its_cap() -> None:
    runs = [Run("normal", 10), *([Run("away", 6), Run("normal", 5)] * 12)]
    messages = walk(POLICY, runs)
    assert len(fired(messages)) == 12
    assert verdict_of(messages).integrity == 50.0
