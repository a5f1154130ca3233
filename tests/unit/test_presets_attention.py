"""The attention preset: the score's name at each second; the alerts that a candidate is told, with their cooldown."""

import pytest

from scoring.rulebook.policy import load_policy
from tests.preset_exams import check_hold, costs, fired, risk, walk, written_out
from tests.staged_exam import Behaviour, Run, samples_of, verdict_of

POLICY = load_policy("attention")
HELD: list[tuple[Behaviour, str, float, float, bool]] = [
    ("absent", "no_face", 1.0, 5.0, False),
    ("two", "multiple_faces", 1.0, 10.0, False),
    ("phone", "phone", 1.0, 15.0, True),
    ("away", "looking_away", 2.0, 6.0, False),
    ("aside", "looking_away", 2.0, 6.0, False),
]


def names(runs: list[Run]) -> str:
    """The name of attention at each second, by its first letter; "-" while it is not known."""
    return "".join(sample.state[:1] or "-" for sample in samples_of(walk(POLICY, runs)))


def test_attention_is_named_at_every_second() -> None:
    """Head turned by 35 of 40 degrees costs 80 %, smoothed over 2 s: 100 falls under 60 after 1.5 s, and rises over it
    1.4 s after the head is back; nobody there is absent at once."""
    runs = [Run("normal", 12), Run("away", 6), Run("normal", 6), Run("absent", 3), Run("normal", 5)]
    assert names(runs) == "-" * 7 + "F" * 6 + "D" * 6 + "F" * 4 + "A" * 3 + "D" * 2 + "F" * 4


def test_attention_falls_and_rises_as_a_number() -> None:
    samples = samples_of(walk(POLICY, [Run("normal", 12), Run("away", 6), Run("normal", 8)]))
    found = {sample.at_ms % 100_000 // 1000: sample.attention for sample in samples}
    assert found[12] == pytest.approx(98, abs=3)
    assert found[14] == pytest.approx(20 + 80 * 0.368, abs=4)  # one time constant later
    assert found[18] == pytest.approx(20 + 80 * 0.050, abs=4)  # three
    assert found[25] == pytest.approx(100 - 76 * 0.030, abs=4)


@pytest.mark.parametrize("behaviour", ["absent", "closed"])
def test_nobody_and_closed_eyes_attend_to_nothing(behaviour: Behaviour) -> None:
    samples = samples_of(walk(POLICY, [Run("normal", 10), Run(behaviour, 12), Run("normal", 1)]))
    assert (samples[20].attention or 0.0) < 2.0


@pytest.mark.parametrize(("behaviour", "rule", "hold_s", "points", "permanent"), HELD)
def test_just_under_the_hold_is_nothing_and_just_over_is_one(
    behaviour: Behaviour, rule: str, hold_s: float, points: float, permanent: bool
) -> None:
    check_hold(POLICY, behaviour, hold_s, (rule, points, permanent))


@pytest.mark.parametrize(("pause_s", "times"), [(3.0, 1), (4.5, 2)])
def test_the_same_thing_is_not_told_again_before_its_cooldown(pause_s: float, times: int) -> None:
    """The second absence is 1 s long 4 s and 5.5 s after the first one's end; the cooldown is 5 s."""
    runs = [Run("normal", 10), Run("absent", 2), Run("normal", pause_s), Run("absent", 1.5), Run("normal", 8)]
    assert [rule for rule, _, _ in costs(walk(POLICY, runs))] == ["no_face"] * times


def test_a_behaviour_that_outlasts_the_cooldown_is_told_when_it_is_over() -> None:
    runs = [Run("normal", 10), Run("absent", 2), Run("normal", 3), Run("absent", 4), Run("normal", 8)]
    assert fired(walk(POLICY, runs)) == [("no_face", 10.0, 11.0, 11.9), ("no_face", 15.0, 16.9, 18.9)]


def test_somebody_else_than_the_registered_one_is_an_event() -> None:
    runs = [Run("normal", 10), Run("stranger", 6), Run("normal", 6)]
    messages = walk(POLICY, runs, identity_every=5)
    assert fired(messages) == [("identity_mismatch", 10.0, 13.0, 15.5)]
    assert [row[1] for row in risk(messages)] == written_out("0*12 20*10")
    assert "Not watched in this session: identity." in verdict_of(walk(POLICY, runs)).reasons


def test_every_second_of_an_exam_has_its_risk() -> None:
    """Absent at 10 s (+5 at 11 s, over at 13 s), away at 15 s (+6 at 17 s, over at 19 s), phone at 21 s (+15)."""
    runs = [Run("normal", 10), Run("absent", 2), Run("normal", 3), Run("away", 3), Run("normal", 3), Run("phone", 3)]
    messages = walk(POLICY, [*runs, Run("normal", 8)])
    assert [row[0] for row in risk(messages)] == written_out("0*10 5*3 4 3 2 7*3 6 5 4*5 3 2 1 0*3")
    assert [row[1] for row in risk(messages)] == written_out("0*21 15*11")
