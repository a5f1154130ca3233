"""Calibration: how many frames it needs at which rate, what it refuses, and what the baseline is then."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from detectors.messages import Face
from scoring.fold.calibrating import MOST_UNJUDGED
from scoring.fold.calibration import frames_needed
from scoring.fold.session import encode_state, fold
from scoring.messages import CalibrationFinished, SessionObservation
from tests.staged_exam import (
    FOUR_RULES,
    START_MS,
    Behaviour,
    Run,
    StagedExam,
    closed_events,
    face_like,
    face_observed,
    fold_all,
    told,
    verdict_of,
)

POLICY = FOUR_RULES
RULES = POLICY.spec.calibration


def calibration_of(observations: Iterable[SessionObservation]) -> CalibrationFinished:
    (found,) = (one for one in fold_all(POLICY, observations)[1] if isinstance(one, CalibrationFinished))
    return found


def exam(*runs: Run, fps: float = 10.0, calibration_ms: int | None = None) -> StagedExam:
    return StagedExam(runs, fps=fps, calibration_ms=calibration_ms)


def sitting(faces: Iterable[Face], step_ms: int = 100) -> Iterable[SessionObservation]:
    """A session with one face after the other, and one frame after the time of calibration."""
    staged = exam(fps=1000 / step_ms)
    yield staged.started()
    seq = 0
    for seq, face in enumerate(faces):
        yield face_observed("staged", seq, START_MS + seq * step_ms, (face,))
    yield face_observed("staged", seq + 1, START_MS + max(8000, (seq + 1) * step_ms), (face_like(),))


@pytest.mark.parametrize(
    ("usual_ms", "needed"), [(33, 80), (83, 80), (100, 67), (200, 34), (500, 14), (1000, 10), (4000, 10), (0, 80)]
)
def test_the_share_of_frames_is_that_of_80_at_12_a_second(usual_ms: int, needed: int) -> None:
    assert frames_needed(RULES, 8000, usual_ms) == needed


@pytest.mark.parametrize(("fps", "frames"), [(2, 16), (5, 40), (10, 80), (12, 96), (25, 96), (30, 96)])
def test_a_steady_face_calibrates_at_any_rate(fps: float, frames: int) -> None:
    found = calibration_of(exam(Run("normal", 10), fps=fps).observations())
    assert (found.status, found.frames, found.rejected) == ("SUCCESS", frames, {})
    assert (found.start_ms, found.end_ms) == (START_MS, START_MS + 8000)
    assert (found.baseline["yaw_deg"], found.baseline["pitch_deg"]) == (1.0, -9.0)
    assert found.baseline["gaze_x"] == 0.01


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("absent", "no_face"),
        ("two", "several_faces"),
        ("away", "turned_away"),
        ("bowed", "pitched_away"),
        ("dark", "dark_or_blurred"),
        ("covered", "dark_or_blurred"),
    ],
)
def test_refused_frames_are_counted_with_their_reason(behaviour: Behaviour, reason: str) -> None:
    found = calibration_of(exam(Run(behaviour, 1), Run("normal", 9)).observations())
    assert (found.status, found.frames, found.rejected) == ("SUCCESS", 70, {reason: 10})
    assert found.baseline["pitch_deg"] == -9.0


def test_a_start_with_a_bowed_head_does_not_decide_what_level_is() -> None:
    """Deleting the final median in favour of a running one would refuse everything after the first seconds."""
    found = calibration_of(exam(Run("bowed", 1.2), Run("normal", 8.8)).observations())
    assert (found.status, found.baseline["pitch_deg"]) == ("SUCCESS", -9.0)


@pytest.mark.parametrize("behaviour", ["absent", "two", "away", "bowed", "dark"])
def test_too_few_good_frames_fail_and_are_flagged(behaviour: Behaviour) -> None:
    messages = told(POLICY, [Run("normal", 5), Run(behaviour, 3), Run("normal", 10)])
    (found,) = (one for one in messages if isinstance(one, CalibrationFinished))
    assert (found.status, found.frames) == ("FAILED", 50)
    verdict = verdict_of(messages)
    assert verdict.calibration == "FAILED"
    assert any("Calibration failed (50 usable frames, 67 needed)" in reason for reason in verdict.reasons)


def test_an_outage_during_calibration_fails_it() -> None:
    found = calibration_of(exam(Run("normal", 4), Run("missing", 4), Run("normal", 5)).observations())
    assert (found.status, found.frames) == ("FAILED", 40)


@pytest.mark.parametrize(("closed_s", "status"), [(1.0, "SUCCESS"), (4.1, "FAILED"), (7.0, "FAILED"), (9.0, "FAILED")])
def test_blinks_are_left_out_and_closed_eyes_fail(closed_s: float, status: str) -> None:
    """Somebody who keeps their eyes shut while calibrating must not look away for ever when they open them."""
    messages = told(POLICY, [Run("closed", closed_s), Run("normal", 12)])
    (found,) = (one for one in messages if isinstance(one, CalibrationFinished))
    assert found.status == status
    assert found.baseline["eye_openness"] == 0.3
    assert closed_events(messages) == []


def test_a_failed_calibration_falls_back_to_the_policys_baseline() -> None:
    found = calibration_of(exam(Run("absent", 10)).observations())
    assert found.status == "FAILED"
    assert tuple(found.baseline.values()) == RULES.fallback.measures


def test_a_skipped_calibration_says_so_at_once() -> None:
    messages = told(POLICY, [Run("normal", 2), Run("away", 4), Run("normal", 3)], calibration_ms=0)
    first = messages[0]
    assert isinstance(first, CalibrationFinished)
    assert (first.status, first.start_ms, first.end_ms) == ("SKIPPED", START_MS, START_MS)
    assert closed_events(messages) == [("looking_away", 2000, 5900)]


def test_the_session_may_ask_for_a_shorter_calibration() -> None:
    messages = told(POLICY, [Run("normal", 4), Run("away", 4), Run("normal", 3)], calibration_ms=4000)
    assert closed_events(messages) == [("looking_away", 4000, 7900)]


def test_medians_and_spreads_shrug_off_a_few_wild_frames() -> None:
    faces = [face_like(yaw_deg=5.0 + (seq % 3 - 1), gaze_x=0.5 if seq % 20 == 0 else 0.02) for seq in range(80)]
    found = calibration_of(sitting(faces))
    assert (found.status, found.baseline["yaw_deg"], found.baseline["gaze_x"]) == ("SUCCESS", 5.0, 0.02)
    assert found.spread["yaw_deg"] == pytest.approx(1.4826, abs=1e-4)
    assert found.spread["gaze_x"] == 0.0


def test_a_restless_person_is_judged_by_wider_thresholds() -> None:
    """24 degrees off is looking away for a calm person and not for one who sways by 6 all the time."""
    calm, restless = (
        [
            *sitting([face_like(yaw_deg=sway * (seq % 3 - 1)) for seq in range(81)] + [face_like(yaw_deg=24.0)] * 60),
            *exam().end(1000),
        ]
        for sway in (0.5, 6.0)
    )
    assert [rule for rule, _, _ in closed_events(fold_all(POLICY, calm)[1])] == ["looking_away"]
    assert closed_events(fold_all(POLICY, restless)[1]) == []


def test_calibration_begins_with_the_first_look() -> None:
    observations = exam(Run("missing", 20), Run("normal", 10)).observations()
    found = calibration_of(observations)
    assert (found.status, found.start_ms) == ("SUCCESS", START_MS + 20_000)


@pytest.mark.parametrize("fps", [1, 10, 60])
def test_the_state_stays_small_while_calibrating(fps: float) -> None:
    """A fifth of a KB for each look that waits for the baseline, and nothing of them afterwards."""
    state, largest = None, 0
    for observation in exam(Run("normal", 18), fps=fps).observations():
        state, _ = fold(POLICY, state, observation)
        waiting = len(state.calibrating.unjudged) if state.calibrating else 0
        assert len(encode_state(state)) < 2000 + 220 * waiting
        largest = max(largest, waiting)
    assert largest == 8 * fps


def test_a_calibration_without_end_keeps_only_its_beginning_waiting() -> None:
    state = None
    for observation in replace(exam(Run("normal", 90), fps=30), calibration_ms=80_000).observations():
        state, _ = fold(POLICY, state, observation)
        if state.calibrating is not None:
            assert len(state.calibrating.unjudged) <= MOST_UNJUDGED
