"""What an event says of itself: directions, personal thresholds, confidence, and what would have kept it away."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from scoring.messages import Counterfactual, RiskClosed, RiskMessage
from scoring.rulebook.policy import Policy, plan
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.rule_document import Comparison, RateRule, ShareRule
from tests.exams_drawn import ALL, eventful, runs_of, stutters, whole_exams
from tests.staged_exam import EVERY_KIND, FOUR_RULES, Behaviour, Run, StagedExam, fold_all, told
from tests.staged_policy import narrowed

CALM, REST = Run("normal", 6), Run("normal", 12)


def closed(messages: list[RiskMessage], rule: str) -> list[RiskClosed]:
    return [one for one in messages if isinstance(one, RiskClosed) and one.rule == rule]


def only(policy: Policy, name: str, runs: list[Run], **how: object) -> RiskClosed:
    watched = {"hands_every": 1, "objects_every": 1, "identity_every": 1, "sound": True, "page": True}
    (event,) = closed(told(policy, [CALM, *runs, REST], **(watched | how)), name)
    return event


@pytest.mark.parametrize(
    ("behaviour", "rule", "signal", "peak", "direction"),
    [
        ("away", "away", "head_yaw", 35.0, "right"),
        ("away_left", "away", "head_yaw", 35.0, "left"),
        ("raised", "away", "head_pitch", 31.0, "up"),
        ("bowed", "away", "head_pitch", 31.0, "down"),
        ("aside", "eyes_away", "gaze_x", 0.11, "right"),
        ("aside_left", "eyes_away", "gaze_x", 0.11, "left"),
        ("absent", "absent", "face_count", 0.0, ""),
        ("phone", "phone", "object:phone", 0.8, ""),
        ("stranger", "stranger", "identity", 0.1, ""),
    ],
)
def test_an_event_names_its_extreme_and_where_it_was(
    behaviour: Behaviour, rule: str, signal: str, peak: float, direction: str
) -> None:
    event = only(EVERY_KIND, rule, [Run(behaviour, 4)])
    assert (event.signal, event.peak, event.direction) == (signal, peak, direction)


def test_a_signal_of_one_side_has_that_side() -> None:
    looked = narrowed(EVERY_KIND, {"eyes_away": {"when": [{"signal": "gaze_left", "at_least": 0.07}]}})
    event = only(looked, "eyes_away", [Run("aside_left", 4)])
    assert (event.signal, event.peak, event.direction) == ("gaze_left", 0.11, "left")


def test_starts_to_one_side_have_that_side_and_shares_of_both_have_none() -> None:
    glances = [run for _ in range(3) for run in (Run("aside_left", 0.6), Run("normal", 1))]
    event = only(EVERY_KIND, "peeking", glances)
    assert (event.signal, event.threshold, event.peak, event.direction) == ("gaze_left", 3.0, 3.0, "left")
    assert only(EVERY_KIND, "talking", [Run("talking", 4)]).direction == ""


@pytest.mark.parametrize(
    ("rule", "runs", "confidence"),
    [
        ("absent", [Run("absent", 4)], 1.0),
        ("phone", [Run("phone", 5)], 0.8),
        ("phone", [Run("phone", 2), Run("normal", 1), Run("phone", 2)], 0.64),
        ("company", [Run("company", 4)], 0.7),
        ("signal", [Run("signalling", 2)], 0.85),
        ("voice", [Run("other_voice", 6)], 1.0),
        ("away", [Run("away", 5)], 1.0),
    ],
)
def test_confidence_is_the_share_seen_times_the_detectors_own(rule: str, runs: list[Run], confidence: float) -> None:
    """A phone that was seen in 3.9 of 4.9 s, at 0.8; a share's number is not the detector's."""
    assert only(EVERY_KIND, rule, runs).confidence == pytest.approx(confidence, abs=0.005)


def test_without_an_own_baseline_an_event_about_the_face_is_worth_less() -> None:
    event = only(EVERY_KIND, "away", [Run("away", 5)], calibration_ms=0)
    assert event.confidence == 0.75
    assert only(EVERY_KIND, "absent", [Run("absent", 5)], calibration_ms=0).confidence == 1.0


@pytest.mark.parametrize(
    ("rule", "runs", "unless"),
    [
        ("absent", [Run("absent", 3)], Counterfactual(field="hold_ms", value=2901.0)),
        ("absent", [Run("absent", 20)], Counterfactual(field="hold_ms", value=19_901.0)),
        ("away", [Run("away", 4)], Counterfactual(field="hold_ms", value=3901.0)),
        ("away", [Run("away", 14)], Counterfactual(field="threshold", value=35.0001)),
        ("away", [Run("away", 7), Run("bowed", 7)], Counterfactual(field="hold_ms", value=13_901.0)),
        ("phone", [Run("phone", 4)], Counterfactual(field="hold_ms", value=3901.0)),
        ("phone", [Run("phone", 9)], Counterfactual(field="threshold", value=0.8001)),
        ("signal", [Run("signalling", 1)], Counterfactual(field="threshold", value=0.8501)),
        ("tab", [Run("tab_hidden", 1)], None),
        ("talking", [Run("talking", 3)], Counterfactual(field="share", value=0.5168)),
        ("cheating", [Run("cheating", 1)], None),
        (
            "cheating",
            [Run("company", 1), Run("pen", 1), Run("notes", 1)],
            Counterfactual(field="window_ms", value=1099.0),
        ),
        (
            "photographed",
            [Run("holding", 1), Run("phone", 1), Run("raised", 1)],
            Counterfactual(field="window_ms", value=1099.0),
        ),
        (
            "peeking",
            [run for _ in range(4) for run in (Run("aside_left", 0.6), Run("normal", 1))],
            Counterfactual(field="starts", value=5.0),
        ),
    ],
)
def test_an_event_says_what_would_have_kept_it_away(rule: str, runs: list[Run], unless: Counterfactual | None) -> None:
    assert only(EVERY_KIND, rule, runs).unless == unless


def changed(policy: Policy, event: RiskClosed, unless: Counterfactual) -> Policy:
    """The policy with the one number of the event's rule changed as the event says."""
    rule: Any = policy.spec.rules[event.rule]
    if unless.field == "threshold":
        when = tuple(_raised(test, unless.value) if test.signal == event.signal else test for test in rule.when)
        rule = msgspec.structs.replace(rule, when=when)
    else:
        number = unless.value if unless.field == "share" else int(unless.value)
        until = {"until_share": min(rule.until_share, number)} if hasattr(rule, "until_share") else {}
        rule = msgspec.structs.replace(rule, **{unless.field: number}, **until)
    spec: PolicyDocument = msgspec.structs.replace(policy.spec, rules=policy.spec.rules | {event.rule: rule})
    return plan(spec)


def _raised(test: Comparison, limit: float) -> Comparison:
    return msgspec.structs.replace(test, at_least=limit)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(whole_exams(eventful() | runs_of(ALL) | stutters(("normal", "dark", "missing"))))
def test_with_the_number_that_an_event_names_it_is_not_there(exam: StagedExam) -> None:
    """By where an event is clearest: a later one of a share may reach back over this one's time. What an event before
    it used up of a rate or a share counts again where there was none, and then the number is another.

    Catches: `shown` in `_hold` (a threshold where another test was true, too); `_just_over`; the shortest span.
    """
    observations = list(exam.observations())
    before: set[str] = set()
    for event in fold_all(EVERY_KIND, observations)[1]:
        if isinstance(event, RiskClosed) and event.unless is not None:
            again = closed(fold_all(changed(EVERY_KIND, event, event.unless), observations)[1], event.rule)
            there = [one for one in again if event.start_ms <= one.peak_frame.capture_ms <= event.end_ms]
            uses_up = isinstance(EVERY_KIND.spec.rules[event.rule], RateRule | ShareRule)
            assert not there or (uses_up and event.rule in before)
            before.add(event.rule)


def test_a_restless_persons_event_names_the_persons_own_threshold() -> None:
    """8 degrees of sway make a spread of 11.86 and an own threshold of 4 spreads, at most 1.5 of the policy's."""
    quiet = narrowed(EVERY_KIND, {"away": {}}, calibration={"max_move_deg": 180.0})
    event = only(quiet, "away", [Run("away", 5)])
    assert event.threshold == 20.0
    (wide,) = closed(told(quiet, [Run("swaying", 6), Run("away", 5), REST]), "away")
    assert wide.threshold == 30.0


def test_an_event_carries_the_frames_that_made_it() -> None:
    (event,) = closed(told(FOUR_RULES, [Run("normal", 10), Run("away", 4), REST]), "looking_away")
    assert (event.onset.seq, event.peak_frame.seq, event.end_frame.seq) == (100, 100, 139)
    assert (event.held_ms, event.hold_ms) == (3900, 3000)


@pytest.mark.parametrize(("behaviour", "rule", "offset"), [("other_voice", "voice", 7006), ("tab_hidden", "tab", -1)])
def test_records_of_other_streams_are_named_with_their_stream(behaviour: Behaviour, rule: str, offset: int) -> None:
    event = only(EVERY_KIND, rule, [Run(behaviour, 5)])
    assert event.onset.offset == offset
