"""The calibrated preset with its source's numbers: calibration, its limits, adaptive thresholds, classes, activity."""

from collections.abc import Sequence

import pytest

from detectors.messages import Face
from scoring.fold.verdict import risk_class
from scoring.messages import CalibrationFinished, RiskMessage
from scoring.rulebook.policy import load_policy
from tests.preset_exams import around, costs, fired, risk, walk, written_out
from tests.staged_exam import START_MS, Behaviour, Run, StagedExam, face_like, face_observed, fold_all, verdict_of

POLICY = load_policy("calibrated")


def session(faces: list[tuple[Face, ...]], fps: float = 12.0) -> list[RiskMessage]:
    """Everything said about a session whose frames show these faces."""
    exam = StagedExam([Run("normal", 0)], fps=fps)
    looks = [face_observed("staged", seq, exam.time_ms(seq), shown) for seq, shown in enumerate(faces)]
    return fold_all(POLICY, [exam.started(), *looks, *exam.end(len(faces))])[1]


def calibrated(good: Sequence[Face], bad: Sequence[tuple[Face, ...]], fps: float = 12.0) -> CalibrationFinished:
    """How calibration ends over these frames, the bad ones last, and a calm minute after it."""
    frames = [*((face,) for face in good), *bad, *([(face_like(),)] * round(60 * fps))]
    return next(one for one in session(frames, fps) if isinstance(one, CalibrationFinished))


@pytest.mark.parametrize(("fps", "frames", "needed"), [(12.0, 96, 80), (24.0, 192, 80), (6.0, 48, 40), (3.0, 24, 20)])
@pytest.mark.parametrize(("missing", "status"), [(0, "SUCCESS"), (1, "FAILED")])
def test_80_of_96_frames_make_a_baseline_and_the_same_share_at_other_rates(
    fps: float, frames: int, needed: int, missing: int, status: str
) -> None:
    """The frames that are refused show nobody; of 24 frames a second the first and then every other one is taken."""
    good = needed - missing if fps <= 12 else 2 * (needed - 1) - missing
    ended = calibrated([face_like()] * good, [()] * (frames - good), fps)
    assert (ended.status, ended.needed, ended.frames) == (status, needed, needed - missing)
    assert ended.end_ms - ended.start_ms == 8000


@pytest.mark.parametrize(
    ("within", "beyond", "reason"),
    [
        ({"yaw_deg": 20.0}, {"yaw_deg": 20.1}, "turned_away"),
        ({"yaw_deg": -20.0}, {"yaw_deg": -20.1}, "turned_away"),
        ({"roll_deg": 12.0}, {"roll_deg": 12.1}, "turned_away"),
        ({"gaze_x": 0.29}, {"gaze_x": 0.291}, "looking_aside"),
        ({"gaze_x": -0.29}, {"gaze_x": -0.291}, "looking_aside"),
    ],
)
def test_frames_beyond_the_sources_limits_teach_nothing(
    within: dict[str, float], beyond: dict[str, float], reason: str
) -> None:
    assert calibrated([face_like(**within)] * 96, []).rejected == {}
    assert calibrated([], [(face_like(**beyond),)] * 96).rejected == {reason: 96}


@pytest.mark.parametrize(("pitch_deg", "rejected"), [(15.0, {}), (15.1, {"pitched_away": 12, "moving": 1})])
def test_pitch_is_refused_against_the_persons_own(pitch_deg: float, rejected: dict[str, int]) -> None:
    """Somebody rests at 10 degrees; 13 frames lie further up, the first of which has moved there."""
    good, bad = [face_like(pitch_deg=10.0)] * 83, [(face_like(pitch_deg=10.0 + pitch_deg),)] * 13
    assert calibrated(good, bad).rejected == (rejected or {"moving": 1})


@pytest.mark.parametrize(("sway_deg", "status", "rejected"), [(4.0, "SUCCESS", {}), (4.05, "FAILED", {"moving": 95})])
def test_a_head_that_moves_is_refused(sway_deg: float, status: str, rejected: dict[str, int]) -> None:
    """By more than 8 degrees from look to look, every time."""
    swaying = [face_like(yaw_deg=sway_deg * (-1) ** n) for n in range(96)]
    ended = calibrated(swaying, [])
    assert (ended.status, ended.rejected) == (status, rejected)


@pytest.mark.parametrize(("restless_deg", "events"), [(0.0, 1), (4.5, 1), (4.6, 0)])
def test_a_restless_person_gets_a_wider_threshold(restless_deg: float, events: int) -> None:
    """Head turned by 27 degrees for 5 s. Swaying evenly by 4.6 degrees is a spread of 6.82, four of them 27.3; by 4.5
    degrees 26.7; sitting still leaves 20."""
    rest = [face_like(yaw_deg=restless_deg * sway) for sway in (-1, 0, 1, 1, 0, -1) * 16]
    turned = [(face_like(yaw_deg=27.0),)] * 60
    messages = session([*((face,) for face in rest), *([(face_like(yaw_deg=0.0),)] * 24), *turned])
    assert len(fired(messages)) == events


@pytest.mark.parametrize(("turned_deg", "events"), [(29.9, 0), (30.1, 1)])
def test_nobodys_restlessness_buys_more_than_half_as_much_again(turned_deg: float, events: int) -> None:
    """Swaying by 7 degrees would make 41 of 20 degrees."""
    rest = [face_like(yaw_deg=7.0 * sway) for sway in (-1, 0, 1, 1, 0, -1) * 16]
    messages = session([*((face,) for face in rest), *([(face_like(yaw_deg=turned_deg),)] * 60)])
    assert len(fired(messages)) == events


@pytest.mark.parametrize(
    ("behaviour", "rule", "points"),
    [
        ("absent", "calibration_absent", 6.0),
        ("two", "calibration_company", 10.0),
        ("away", "calibration_aside", 6.0),
        ("dark", "calibration_blind", 0.0),
        ("frozen", "calibration_blind", 0.0),
    ],
)
@pytest.mark.parametrize(("bad", "events"), [(32, 0), (33, 1)])
def test_a_third_of_calibration_is_a_sign_of_cheating_it(
    behaviour: Behaviour, rule: str, points: float, bad: int, events: int
) -> None:
    """Of 96 frames 33 are 0.344."""
    runs = [Run("normal", 5), Run(behaviour, bad / 12), Run("normal", 30)]
    found = [event for event in costs(walk(POLICY, runs, rate=12.0)) if event[0].startswith("calibration")]
    assert found == [(rule, points, False)] * events


@pytest.mark.parametrize(("moves", "events"), [(32, []), (33, [("calibration_restless", 6.0, False)])])
def test_a_head_that_moves_for_a_third_of_calibration_is_such_a_sign(
    moves: int, events: list[tuple[str, float, bool]]
) -> None:
    swaying = [face_like(yaw_deg=5.0 * (-1) ** n) for n in range(moves + 1)]
    rest = [face_like(yaw_deg=swaying[-1].yaw_deg)] * (96 - len(swaying) + 60)
    assert costs(session([(face,) for face in (*swaying, *rest)])) == events


def test_calibration_without_a_fault_succeeds_and_skipped_is_skipped() -> None:
    assert verdict_of(walk(POLICY, [Run("normal", 20)])).calibration == "SUCCESS"
    assert verdict_of(walk(POLICY, [Run("normal", 20)], calibration_ms=0)).calibration == "SKIPPED"
    assert verdict_of(walk(POLICY, [Run("absent", 8), Run("normal", 20)])).calibration == "FAILED"


@pytest.mark.parametrize(
    ("alerts", "confidence", "name"),
    [
        (0, 0.0, "CLEAN"),
        (1, 0.1813, "CLEAN"),
        (2, 0.3297, "BORDERLINE"),
        (3, 0.4512, "SUSPICIOUS"),
        (5, 0.6321, "SUSPICIOUS"),
        (6, 0.6988, "HIGH_RISK"),
    ],
)
def test_alerts_make_a_confidence_and_its_class(alerts: int, confidence: float, name: str) -> None:
    """6 points each; 1 - exp(-points / 30)."""
    verdict = verdict_of(walk(POLICY, [Run("normal", 40), *([Run("away", 4), Run("normal", 8)] * alerts)]))
    assert (verdict.confidence, verdict.risk_class) == (confidence, name)


@pytest.mark.parametrize(
    ("points", "name"), [(0.1999, "CLEAN"), (0.2, "BORDERLINE"), (0.4, "SUSPICIOUS"), (0.65, "HIGH_RISK")]
)
def test_classes_begin_where_the_source_says(points: float, name: str) -> None:
    assert risk_class(POLICY.spec.classes, points) == name


@pytest.mark.parametrize(
    ("behaviour", "rule"), [("away", "head_away"), ("raised", "head_away"), ("aside", "eyes_away")]
)
def test_head_and_eyes_are_told_apart(behaviour: Behaviour, rule: str) -> None:
    assert costs(walk(POLICY, around(behaviour, 3.0))) == []
    assert costs(walk(POLICY, around(behaviour, 3.2))) == [(rule, 6.0, False)]
    assert verdict_of(walk(POLICY, around(behaviour, 4))).alerts == {"looking_away": 1}


def test_three_alerts_within_a_minute_are_a_period_of_high_activity() -> None:
    """Onsets at 10, 26 and 42 s, then one at 158 s; the density is over at least a minute."""
    runs = [Run("normal", 10), *([Run("away", 4), Run("normal", 12)] * 3), Run("normal", 100), Run("away", 4)]
    verdict = verdict_of(walk(POLICY, [*runs, Run("normal", 5)]))
    (period,) = verdict.high_activity
    assert (period.start_ms - START_MS, period.end_ms - START_MS) == (10_000, 42_000)
    assert (period.alerts, period.per_minute) == (3, 3.0)


def test_two_alerts_are_none() -> None:
    runs = [Run("normal", 10), *([Run("away", 4), Run("normal", 12)] * 2)]
    assert verdict_of(walk(POLICY, runs)).high_activity == ()


def test_every_second_of_an_exam_has_its_risk() -> None:
    """Head away at 10 s (+6 at 13 s, over at 16 s), eyes away at 20 s (+6 at 23 s, over at 26 s)."""
    runs = [Run("normal", 10), Run("away", 5), Run("normal", 5), Run("aside", 5), Run("normal", 15)]
    messages = walk(POLICY, runs)
    assert [row[0] for row in risk(messages)] == written_out("0*12 6*4 5 4 3 2 1 0 6*4 5 4 3 2 1 0*9")
    assert {row[1] for row in risk(messages)} == {0.0}
