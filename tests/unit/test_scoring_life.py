"""What is odd about a log; attention; periods of high activity; calibration's second try and signs of cheating it."""

from itertools import pairwise

import msgspec
import pytest

from ingest.messages import SessionEnded
from scoring.fold.alerts import alert, periods
from scoring.fold.course import Alerts
from scoring.fold.session import close_silent, fold
from scoring.messages import CalibrationFinished, RiskClosed, RiskMessage, SessionObservation
from scoring.rulebook.policy import Policy
from scoring.rulebook.policy_document import ActivityRules
from tests.staged_exam import (
    EVERY_KIND,
    FOUR_RULES,
    START_MS,
    Behaviour,
    Run,
    StagedExam,
    closed_events,
    fold_all,
    samples_of,
    told,
    verdict_of,
)
from tests.staged_policy import narrowed

EXAM = StagedExam([Run("normal", 10), Run("away", 5), Run("normal", 5)])


def folded(*log: SessionObservation) -> list[RiskMessage]:
    return fold_all(FOUR_RULES, log)[1]


def test_another_announcement_of_the_same_session_is_noted_and_not_used() -> None:
    """Two people registered under one session: the first one's terms count, the verdict says so."""
    started, *rest = EXAM.observations()
    other = msgspec.structs.replace(started, policy=EVERY_KIND.document, calibration_ms=0)
    verdict = verdict_of(folded(started, other, *rest))
    assert (verdict.anomalies, verdict.calibration) == ({"announced_again": 1}, "SUCCESS")
    assert any("announced again" in reason for reason in verdict.reasons)


def test_the_same_announcement_again_is_nothing() -> None:
    started, *rest = EXAM.observations()
    assert verdict_of(folded(started, started, *rest)).anomalies == {}


def test_announcements_without_end_are_counted_only_so_far() -> None:
    started, *rest = EXAM.observations()
    others = [msgspec.structs.replace(started, source=str(number)) for number in range(50)]
    assert verdict_of(folded(started, *others, *rest)).anomalies == {"announced_again": 3}


def test_an_unannounced_session_says_so() -> None:
    _, *rest = EXAM.observations()
    verdict = verdict_of(folded(*rest))
    assert verdict.anomalies == {"unannounced": 1}
    assert any("start was never seen" in reason for reason in verdict.reasons)


def test_a_session_ends_once() -> None:
    *seen, passed, ended = EXAM.observations()
    again = SessionEnded(session="staged", capture_ms=START_MS + 99_000, frames_sent=5, reason="cancelled")
    assert folded(*seen, ended, again, passed) == folded(*seen, ended, passed)
    assert folded(*seen, passed, ended, again) == folded(*seen, passed, ended)


def test_what_comes_after_the_end_changes_nothing() -> None:
    log = [*EXAM.observations()]
    state, _ = fold_all(FOUR_RULES, log)
    later = EXAM.face(900, "absent")
    assert fold(FOUR_RULES, state, later) == (state, ())
    assert close_silent(FOUR_RULES, state) == (state, ())  # type: ignore[arg-type]


def test_models_are_named_and_no_more_than_some() -> None:
    log = [*EXAM.observations()]
    many = [
        msgspec.structs.replace(one, model=f"m{seq % 20}") if hasattr(one, "model") else one
        for seq, one in enumerate(log)
    ]
    verdict = verdict_of(folded(*many))
    assert len(verdict.models) == 8
    assert verdict_of(folded(*log)).models == ("face-test", "objects-test")


# Attention: 0 to 100.
@pytest.mark.parametrize(
    ("behaviour", "attention", "state"),
    [
        ("normal", 100.0, "Focused"),
        ("away", 0.0, "Lost"),
        ("aside", 12.5, "Lost"),
        ("absent", 0.0, "Absent"),
        ("closed", 0.0, "Lost"),
        ("two", 100.0, "Focused"),
    ],
)
def test_attention_comes_to_rest_where_the_look_is(behaviour: Behaviour, attention: float, state: str) -> None:
    """Gaze 0.11 of 0.04 (free) to 0.12 (lost) leaves an eighth; 20 s are ten times the smoothing."""
    samples = samples_of(told(EVERY_KIND, [Run("normal", 6), Run(behaviour, 30), Run("normal", 1)]))
    found = samples[34]
    assert found.attention == pytest.approx(attention, abs=0.5)
    assert found.state == state


def test_attention_moves_by_time_and_not_by_frames() -> None:
    runs = [Run("normal", 6), Run("away", 3), Run("normal", 3)]
    slow, fast = (samples_of(told(EVERY_KIND, runs, fps=fps))[8].attention for fps in (5.0, 20.0))
    assert slow == pytest.approx(fast, abs=7.0)
    assert slow is not None
    assert 15.0 < slow < 60.0


@pytest.mark.parametrize("behaviour", ["dark", "missing"])
def test_what_is_not_known_does_not_move_attention(behaviour: Behaviour) -> None:
    messages = told(EVERY_KIND, [Run("normal", 10), Run(behaviour, 10), Run("normal", 10)])
    assert verdict_of(messages).attention == 100.0


def test_attention_is_unknown_before_calibration_and_without_rules() -> None:
    assert samples_of(told(EVERY_KIND, [Run("normal", 10)]))[1].attention is None
    assert verdict_of(told(FOUR_RULES, [Run("normal", 20)])).attention is None


# Periods of high activity: three starts within 20 s.
@pytest.mark.parametrize(
    ("starts_s", "found"),
    [
        ([0, 10], []),
        ([0, 10, 19], [(0, 19, 3, 3.0)]),
        ([0, 10, 20], []),
        ([0, 10, 19, 25], [(0, 25, 4, 4.0)]),
        ([0, 10, 19, 33, 38], [(0, 38, 5, 5.0)]),
        ([0, 5, 9, 100, 105, 109], [(0, 9, 3, 3.0), (100, 109, 3, 3.0)]),
        ([10, 0, 19], [(0, 19, 3, 3.0)]),
        (list(range(0, 125, 5)), [(0, 120, 25, 12.5)]),
    ],
)
def test_alerts_that_come_thick_are_a_period(starts_s: list[int], found: list[tuple[int, int, int, float]]) -> None:
    alerts = Alerts()
    for start in starts_s:
        alerts = alert(ActivityRules(window_ms=20_000, alerts=3), alerts, start * 1000)
    assert [(p.start_ms // 1000, p.end_ms // 1000, p.alerts, p.per_minute) for p in periods(alerts)] == found


def test_events_of_the_picture_are_no_alerts_of_conduct() -> None:
    runs = [Run("normal", 6), *[Run("dark", 4), Run("normal", 2)] * 4]
    verdict = verdict_of(told(EVERY_KIND, runs))
    assert verdict.alerts == {"picture": 4}
    assert verdict.high_activity == ()


# Calibration: 4 s, once again as long, then an average person.
def calibrated(policy: Policy, *runs: Run) -> tuple[CalibrationFinished, list[RiskMessage]]:
    messages = told(policy, runs)
    (found,) = (one for one in messages if isinstance(one, CalibrationFinished))
    return found, messages


@pytest.mark.parametrize(
    ("behaviour", "seconds", "status", "extended", "end_ms"),
    [
        ("normal", 1.0, "SUCCESS", False, 4000),
        ("absent", 0.5, "SUCCESS", False, 4000),
        ("absent", 2.0, "SUCCESS", True, 8000),
        ("absent", 4.5, "SUCCESS", True, 8500),
        ("absent", 12.0, "FAILED", True, 8100),
        ("aside", 12.0, "FAILED", True, 8100),
        ("frozen", 12.0, "FAILED", True, 8100),
    ],
)
def test_calibration_is_tried_twice(
    behaviour: Behaviour, seconds: float, status: str, extended: bool, end_ms: int
) -> None:
    found, _ = calibrated(EVERY_KIND, Run(behaviour, seconds), Run("normal", 20))
    assert (found.status, found.extended) == (status, extended)
    assert found.end_ms - START_MS == pytest.approx(end_ms, abs=600)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("absent", "no_face"),
        ("two", "several_faces"),
        ("away", "turned_away"),
        ("aside", "looking_aside"),
        ("bowed", "pitched_away"),
        ("dark", "dark_or_blurred"),
        ("covered", "dark_or_blurred"),
        ("frozen", "frozen"),
        ("distant", "small_face"),
        ("senseless", "small_face"),
        ("closed", "eyes_closed"),
        ("swaying", "moving"),
    ],
)
def test_every_refusal_is_counted_under_its_reason(behaviour: Behaviour, reason: str) -> None:
    found, _ = calibrated(EVERY_KIND, Run("normal", 2.5), Run(behaviour, 0.7), Run("normal", 10))
    assert found.status == "SUCCESS"
    assert found.rejected.get(reason, 0) >= (2 if behaviour == "swaying" else 6)


@pytest.mark.parametrize(
    ("behaviour", "rule"),
    [
        ("away", "calibration_aside"),
        ("aside", "calibration_aside"),
        ("absent", "calibration_alone"),
        ("two", "calibration_alone"),
        ("dark", None),
        ("frozen", None),
        ("swaying", None),
        ("closed", None),
    ],
)
def test_signs_of_cheating_a_calibration_are_events(behaviour: Behaviour, rule: str | None) -> None:
    """Both tries: the share is of the last one."""
    _, messages = calibrated(EVERY_KIND, Run(behaviour, 9), Run("normal", 10))
    events = [one for one in messages if isinstance(one, RiskClosed) and one.rule.startswith("calibration")]
    assert [one.rule for one in events] == ([rule] if rule else [])
    for event in events:
        assert (event.signal, event.threshold, event.peak) == ("calibration", 0.4, 1.0)
        assert event.start_ms <= event.fired_ms == event.end_ms


def test_a_cheated_calibration_names_its_share() -> None:
    _, messages = calibrated(EVERY_KIND, Run("normal", 4.4), Run("away", 3), Run("normal", 10))
    assert not [one for one in messages if isinstance(one, RiskClosed) and one.rule == "calibration_aside"]
    policy = narrowed(EVERY_KIND, {"calibration_aside": {}}, calibration={"extensions": 0})
    _, messages = calibrated(policy, Run("normal", 2), Run("away", 2), Run("normal", 10))
    (event,) = (one for one in messages if isinstance(one, RiskClosed))
    assert event.peak == pytest.approx(0.5, abs=0.03)
    assert event.unless is not None
    assert event.unless.value == pytest.approx(event.peak + 0.0001)


def test_coverage_groups_are_shared_by_rules_that_see_alike() -> None:
    """No more accounts than kinds of sight, and each rule's own is told."""
    groups = {number for rule in EVERY_KIND.rules for number in rule.groups}
    assert len(groups) < len(EVERY_KIND.rules)
    by_name = {rule.name: rule.groups for rule in EVERY_KIND.rules}
    assert by_name["absent"] == by_name["crowd"] != by_name["away"]
    assert by_name["eyes_away"] != by_name["away"]
    assert len(by_name["photographed"]) == 3


def test_messages_of_a_session_are_in_order_of_time() -> None:
    seconds = [sample.at_ms for sample in samples_of(told(EVERY_KIND, [Run("normal", 9), Run("away", 9)], page=True))]
    assert all(before < after for before, after in pairwise(seconds))
    assert closed_events(told(EVERY_KIND, [Run("normal", 9), Run("away", 9)])) == [("away", 9000, 17_900)]
