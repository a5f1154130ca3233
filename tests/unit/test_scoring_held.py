"""Held rules, walked second by second with the sources' numbers: when they fire, what they bridge, where they end."""

import pytest

from scoring.messages import CalibrationFinished, RiskClosed, RiskOpened, ScoreSample
from scoring.rulebook.policy import parse_terms
from tests.staged_exam import (
    FOUR_RULES,
    START_MS,
    Behaviour,
    Run,
    StagedExam,
    closed_events,
    fold_all,
    told,
    verdict_of,
)

POLICY = FOUR_RULES
FRAME_RATES = (2.0, 3.0, 5.0, 10.0, 12.0, 25.0, 30.0)
BEHAVIOURS: list[tuple[Behaviour, str, float, float]] = [
    ("absent", "no_face", 2.0, 5.0),
    ("two", "multiple_faces", 2.0, 10.0),
    ("away", "looking_away", 3.0, 6.0),
    ("aside", "looking_away", 3.0, 6.0),
    ("bowed", "looking_away", 3.0, 6.0),
    ("phone", "phone", 5.0, 15.0),
]


def around(behaviour: Behaviour, seconds: float) -> list[Run]:
    return [Run("normal", 10), Run(behaviour, seconds), Run("normal", 8)]


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize(("behaviour", "rule", "hold_s", "points"), BEHAVIOURS)
def test_a_rule_fires_when_its_hold_is_reached(
    behaviour: Behaviour, rule: str, hold_s: float, points: float, fps: float
) -> None:
    every = 2 if fps > 2 else 1
    messages = told(POLICY, around(behaviour, hold_s + 2), fps=fps, objects_every=every)
    (opened,) = (message for message in messages if isinstance(message, RiskOpened))
    (closed,) = (message for message in messages if isinstance(message, RiskClosed))
    look_ms = 1000 / fps * (every if rule == "phone" else 1)
    assert opened.rule == rule
    assert 10_000 <= opened.start_ms - START_MS < 10_000 + look_ms + 1
    assert hold_s * 1000 <= opened.fired_ms - opened.start_ms < hold_s * 1000 + look_ms + 1
    assert closed.end_ms - START_MS == pytest.approx(10_000 + (hold_s + 2) * 1000, abs=look_ms + 1)
    assert (opened.points, closed.points) == (points, points)
    assert closed.event_id == opened.event_id


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize(("behaviour", "rule", "hold_s", "points"), BEHAVIOURS)
def test_a_rule_does_not_fire_short_of_its_hold(
    behaviour: Behaviour, rule: str, hold_s: float, points: float, fps: float
) -> None:
    messages = told(POLICY, around(behaviour, hold_s), fps=fps)
    assert closed_events(messages) == []


@pytest.mark.parametrize("behaviour", ["closed", "dark", "covered", "missing", "faint_phone", "normal"])
def test_what_proves_nothing_fires_nothing(behaviour: Behaviour) -> None:
    assert closed_events(told(POLICY, around(behaviour, 30))) == []


def test_a_short_gap_is_bridged_into_one_interval() -> None:
    runs = [Run("normal", 10), Run("away", 2), Run("normal", 0.4), Run("away", 2), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 14_300)]


def test_a_longer_gap_starts_the_hold_again() -> None:
    runs = [Run("normal", 10), Run("away", 2), Run("normal", 0.6), Run("away", 2), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == []


def test_an_open_event_waits_until_it_is_clear() -> None:
    runs = [Run("normal", 10), Run("away", 4), Run("normal", 0.9), Run("away", 1), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 15_800)]


def test_an_event_ends_at_its_last_true_moment() -> None:
    runs = [Run("normal", 10), Run("away", 4), Run("normal", 1.1), Run("away", 1), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 13_900)]


def test_a_few_missing_frames_are_bridged_without_counting_as_held() -> None:
    runs = [Run("normal", 10), Run("away", 2), Run("missing", 0.4), Run("away", 1.0), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == []
    runs[3] = Run("away", 1.2)
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 13_500)]


def test_missing_frames_end_an_event_where_it_was_last_seen() -> None:
    runs = [Run("normal", 10), Run("away", 4), Run("missing", 5), Run("away", 2), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 13_900)]


def test_missing_frames_end_an_open_event_sooner_than_false_ones() -> None:
    """Behaviour that pauses for 0.8 s goes on; what was not seen for 0.8 s is not known to have gone on."""
    runs = [Run("normal", 10), Run("away", 4), Run("normal", 0.8), Run("away", 1), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 15_700)]
    runs[2] = Run("missing", 0.8)
    assert closed_events(told(POLICY, runs)) == [("looking_away", 10_000, 13_900)]


def test_unknown_frames_do_not_count_as_held() -> None:
    runs = [Run("normal", 10), Run("absent", 1.8), Run("dark", 0.4), Run("absent", 0.2), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == []
    runs[3] = Run("absent", 0.3)
    assert closed_events(told(POLICY, runs)) == [("no_face", 10_000, 12_400)]


def test_a_dark_picture_ends_an_event() -> None:
    runs = [Run("normal", 10), Run("absent", 4), Run("dark", 5), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("no_face", 10_000, 13_900)]


def test_the_next_event_waits_for_the_cooldown_but_keeps_its_onset() -> None:
    patient = parse_terms(POLICY.document.replace('"cooldown_ms":3000', '"cooldown_ms":9000'))
    runs = [Run("normal", 10), Run("absent", 4), Run("normal", 2), Run("absent", 9), Run("normal", 5)]
    for policy, fired in ((POLICY, [12_000, 18_000]), (patient, [12_000, 22_900])):
        opened = [message for message in told(policy, runs) if isinstance(message, RiskOpened)]
        assert [message.start_ms - START_MS for message in opened] == [10_000, 16_000]
        assert [message.fired_ms - START_MS for message in opened] == fired
    runs[3] = Run("absent", 6)
    assert closed_events(told(patient, runs)) == [("no_face", 10_000, 13_900)]


def test_an_event_carries_its_extreme_and_its_frames() -> None:
    exam = StagedExam([Run("normal", 10), Run("phone", 8), Run("normal", 5)])
    (event,) = (message for message in fold_all(POLICY, exam.observations())[1] if isinstance(message, RiskClosed))
    assert (event.signal, event.threshold, event.peak, event.permanent) == ("object:phone", 0.5, 0.8, True)
    assert (event.onset.seq, event.peak_frame.seq, event.end_frame.seq) == (100, 100, 178)
    assert (event.onset.partition, event.onset.offset) == (3, 1100)
    assert event.onset.capture_ms == event.start_ms
    assert event.end_frame.capture_ms == event.end_ms


def test_a_seen_phone_stays_seen_at_the_lower_threshold() -> None:
    runs = [Run("normal", 10), Run("phone", 1), Run("faint_phone", 5), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == [("phone", 10_000, 15_800)]


def test_what_was_true_before_missing_frames_must_be_shown_again() -> None:
    """The lower threshold belongs to an interval: it is gone with it."""
    runs = [Run("normal", 10), Run("phone", 2), Run("missing", 6), Run("faint_phone", 8), Run("normal", 5)]
    assert closed_events(told(POLICY, runs)) == []


@pytest.mark.parametrize("behaviour", ["absent", "two"])
def test_presence_counts_while_calibrating(behaviour: Behaviour) -> None:
    events = closed_events(told(POLICY, [Run("normal", 2), Run(behaviour, 4), Run("normal", 8)]))
    assert [(start, end) for _, start, end in events] == [(2000, 5900)]


def test_looking_away_while_calibrating_is_judged_when_the_baseline_is_known() -> None:
    """Not before, and against the person's own; what needs no baseline is told at once."""
    messages = told(POLICY, [Run("normal", 1), Run("away", 4), Run("normal", 16), Run("absent", 4), Run("normal", 4)])
    assert closed_events(messages) == [("looking_away", 1000, 4900), ("no_face", 21_000, 24_900)]
    kinds = [type(one) for one in messages if not isinstance(one, ScoreSample)]
    assert kinds[:3] == [CalibrationFinished, RiskOpened, RiskClosed]


def test_what_waits_for_the_baseline_is_judged_at_the_end_of_a_short_session() -> None:
    """A session that ends before its calibration: against an average person."""
    messages = told(POLICY, [Run("normal", 1), Run("away", 4), Run("normal", 1)])
    assert closed_events(messages) == [("looking_away", 1000, 4900)]
    assert verdict_of(messages).calibration == "FAILED"


def test_looking_away_from_calibration_on_is_one_event() -> None:
    """The looks that waited and those after them are one course of time."""
    messages = told(POLICY, [Run("normal", 6), Run("away", 6), Run("normal", 12)])
    assert closed_events(messages) == [("looking_away", 6000, 11_900)]


def test_an_event_open_at_the_end_is_closed() -> None:
    messages = told(POLICY, [Run("normal", 10), Run("away", 4)])
    assert closed_events(messages) == [("looking_away", 10_000, 13_900)]


@pytest.mark.parametrize("every", [1, 2, 5, 10, 20])
def test_a_phone_is_found_by_a_detector_that_looks_rarely(every: int) -> None:
    """20: an object detector that looks every other second."""
    events = closed_events(told(POLICY, around("phone", 12), objects_every=every))
    assert [rule for rule, _, _ in events] == ["phone"]
