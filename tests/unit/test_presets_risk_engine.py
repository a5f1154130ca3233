"""The risk engine, second by second with its source's numbers: what fires when, what it costs, how it fades."""

import pytest

from scoring.rulebook.policy import load_policy
from tests.preset_exams import around, check_hold, costs, fired, risk, walk, written_out
from tests.staged_exam import Behaviour, Run, verdict_of

POLICY = load_policy("risk-engine")
HELD: list[tuple[Behaviour, str, float, float, bool]] = [
    ("absent", "no_face", 2.0, 5.0, False),
    ("two", "multiple_faces", 2.0, 10.0, False),
    ("away", "looking_away", 3.0, 6.0, False),
    ("away_left", "looking_away", 3.0, 6.0, False),
    ("aside", "looking_away", 3.0, 6.0, False),
    ("raised", "looking_away", 3.0, 6.0, False),
    ("phone", "phone", 5.0, 15.0, True),
]
EXAM = [
    Run("normal", 10),
    Run("absent", 4),
    Run("normal", 6),
    Run("two", 3),
    Run("normal", 7),
    Run("away", 5),
    Run("normal", 10),
    Run("phone", 7),
    Run("normal", 8),
    Run("tab_hidden", 3),
    Run("normal", 7),
]
# Points enter at the second in which the hold is full; temporary ones stand still until the behaviour has been over for
# clear_ms (1 s), then fall by 1 a second: absent 10-14 s, two faces 20-23 s, away 30-35 s.
TEMPORARY = "0*11 5*4 4 3 2 1 0*2 10*3 9 8 7 6 5 4 3 2 7*4 6 5 4 3 2 1 0*28"
# The phone is held from 45 s and seen for 5 s at 50 s; the tab is left at 60 s.
PERMANENT = "0*49 15*10 20*11"


def test_every_second_of_an_exam_has_the_risk_of_the_source() -> None:
    messages = walk(POLICY, EXAM, page=True)
    expected = list(zip(written_out(TEMPORARY), written_out(PERMANENT), strict=True))
    assert risk(messages) == expected


def test_every_event_of_that_exam_has_its_times_and_points() -> None:
    messages = walk(POLICY, EXAM, page=True)
    assert fired(messages) == [
        ("no_face", 10.0, 12.0, 13.9),
        ("multiple_faces", 20.0, 22.0, 22.9),
        ("looking_away", 30.0, 33.0, 34.9),
        ("phone", 45.0, 50.0, 51.9),
        ("tab_hidden", 60.0, 60.0, 63.0),
    ]
    assert costs(messages) == [
        ("no_face", 5.0, False),
        ("multiple_faces", 10.0, False),
        ("looking_away", 6.0, False),
        ("phone", 15.0, True),
        ("tab_hidden", 5.0, True),
    ]
    assert verdict_of(messages).integrity == 100 - (5 + 10 + 6 + 15 + 5)


@pytest.mark.parametrize(("behaviour", "rule", "hold_s", "points", "permanent"), HELD)
def test_just_under_the_hold_is_nothing_and_just_over_is_one(
    behaviour: Behaviour, rule: str, hold_s: float, points: float, permanent: bool
) -> None:
    check_hold(POLICY, behaviour, hold_s, (rule, points, permanent))


def test_temporary_risk_of_several_behaviours_adds_up_and_fades_from_their_sum() -> None:
    messages = walk(POLICY, [Run("normal", 10), Run("two", 3), Run("away", 4), Run("normal", 20)])
    temporary = [row[0] for row in risk(messages)]
    # +10 at 12 s; two faces are over at 14 s; +6 at 16 s on the 8 that are left; the head is back at 17 s, over at 18 s
    assert temporary == written_out("0*11 10*3 9 14*3 13 12 11 10 9 8 7 6 5 4 3 2 1 0*6")


def test_each_switch_of_the_tab_counts_at_once_and_stays() -> None:
    runs = [Run("normal", 10), Run("tab_hidden", 1), Run("normal", 4), Run("tab_hidden", 5), Run("normal", 10)]
    messages = walk(POLICY, runs, page=True)
    assert [row[1] for row in risk(messages)] == written_out("0*9 5*5 10*16")
    assert {row[0] for row in risk(messages)} == {0.0}


def test_a_tab_that_stays_hidden_is_one_switch() -> None:
    """The page says every 10 s that it is alive: that is no second switch."""
    messages = walk(POLICY, [Run("normal", 10), Run("tab_hidden", 25), Run("normal", 5)], page=True)
    assert fired(messages) == [("tab_hidden", 10.0, 10.0, 35.0)]


def test_a_phone_that_one_look_in_five_misses_is_one_phone() -> None:
    runs = [Run("normal", 10), *([Run("phone", 0.4), Run("normal", 0.1)] * 20), Run("normal", 8)]
    assert costs(walk(POLICY, runs)) == [("phone", 15.0, True)]


def test_without_a_page_the_session_is_covered_all_the_same() -> None:
    verdict = verdict_of(walk(POLICY, around("normal", 60)))
    assert verdict.coverage > 0.85
    assert "Not watched in this session: the browser." in verdict.reasons
