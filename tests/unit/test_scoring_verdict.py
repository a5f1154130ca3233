"""Score, coverage and verdict: how risk rises and fades, what could not be seen, and what a person is told."""

from pathlib import Path

import pytest
from msgspec import structs

from detectors.messages import FaceObserved, ObjectsObserved
from scoring.fold.verdict import risk_class
from scoring.rulebook.policy import Policy, load_policy
from scoring.rulebook.signal_words import clock
from tests.staged_exam import EVERY_KIND, FOUR_RULES, START_MS, Run, StagedExam, fold_all, samples_of, told, verdict_of
from triton_models.taxonomy import known_labels

POLICY = FOUR_RULES
NORMAL = Run("normal", 10)


def test_temporary_risk_rises_stands_and_fades_by_a_point_a_second() -> None:
    """Absent from 10.0 to 14.0: fires at 12.0, is known to be over at 15.0 (1 s clear after the last true frame)."""
    samples = samples_of(told(POLICY, [NORMAL, Run("absent", 4), Run("normal", 10)]))
    risk = {(sample.at_ms - START_MS) // 1000: sample.temporary for sample in samples}
    assert [risk[second] for second in range(10, 24)] == [0, 0, 5, 5, 5, 5, 4, 3, 2, 1, 0, 0, 0, 0]
    active = {(sample.at_ms - START_MS) // 1000: sample.active for sample in samples}
    assert [bool(active[second]) for second in range(11, 17)] == [False, True, True, True, False, False]


def test_permanent_risk_never_fades() -> None:
    samples = samples_of(told(POLICY, [NORMAL, Run("phone", 6), Run("normal", 30)]))
    assert [sample.permanent for sample in samples[:15]] == [0.0] * 14 + [15.0]
    assert all(sample.permanent == 15.0 for sample in samples[14:])
    assert all(sample.temporary == 0.0 for sample in samples)


def test_risks_add_up() -> None:
    verdict = verdict_of(told(POLICY, [NORMAL, Run("two", 3), Run("normal", 2), Run("away", 4), Run("normal", 5)]))
    assert verdict.temporary_peak == 12.0  # 10 at 12.0, fading from 14.0 to 18.0 by 4, then 6 more


def test_there_is_one_sample_a_second() -> None:
    samples = samples_of(told(POLICY, [NORMAL, Run("missing", 3), Run("normal", 5)], fps=7.0))
    assert [sample.at_ms - START_MS for sample in samples] == [second * 1000 for second in range(1, 19)]
    assert [sample.seen for sample in samples[9:15]] == [True, False, False, True, True, True]
    assert [sample.faces for sample in samples[9:15]] == [1, -1, -1, 1, 1, 1]


def test_a_clock_that_jumps_by_hours_does_not_flood_the_log() -> None:
    exam = StagedExam([NORMAL])
    jumped = exam.face(200, "normal")
    later = type(jumped)(
        **{name: getattr(jumped, name) for name in jumped.__struct_fields__} | {"capture_ms": START_MS + 7_200_000}
    )
    observations = [*list(exam.observations())[:-2], later]
    samples = samples_of(fold_all(POLICY, observations)[1])
    assert len(samples) < 320


@pytest.mark.parametrize(
    ("confidence", "name"),
    [
        (0.0, "CLEAN"),
        (0.1999, "CLEAN"),
        (0.2, "BORDERLINE"),
        (0.3999, "BORDERLINE"),
        (0.4, "SUSPICIOUS"),
        (0.6499, "SUSPICIOUS"),
        (0.65, "HIGH_RISK"),
        (1.0, "HIGH_RISK"),
    ],
)
def test_the_class_follows_from_the_confidence(confidence: float, name: str) -> None:
    assert risk_class(POLICY.spec.classes, confidence) == name


@pytest.mark.parametrize(
    ("runs", "confidence", "integrity", "name"),
    [
        ([Run("normal", 60)], 0.0, 100.0, "CLEAN"),
        ([NORMAL, Run("away", 4), Run("normal", 40)], 0.1813, 94.0, "CLEAN"),
        ([NORMAL, Run("phone", 7), Run("normal", 40)], 0.3935, 85.0, "BORDERLINE"),
        ([NORMAL, Run("phone", 7), Run("away", 4), Run("normal", 40)], 0.5034, 79.0, "SUSPICIOUS"),
        (
            [NORMAL, Run("phone", 7), *[Run("two", 3), Run("normal", 6)] * 2, Run("normal", 30)],
            0.6886,
            65.0,
            "HIGH_RISK",
        ),
    ],
)
def test_events_make_the_verdict(runs: list[Run], confidence: float, integrity: float, name: str) -> None:
    verdict = verdict_of(told(POLICY, runs))
    assert (verdict.confidence, verdict.integrity, verdict.risk_class) == (confidence, integrity, name)


def test_one_rule_takes_no_more_than_its_cap(tmp_path: Path) -> None:
    path = tmp_path / "capped.toml"
    path.write_text('extends = "default"\nrules.no_face.cap = 7.5\n', encoding="utf-8")
    runs = [NORMAL, *[Run("absent", 3), Run("normal", 5)] * 3]
    verdict = verdict_of(told(load_policy(str(path)), runs))
    assert [(total.events, total.points) for total in verdict.rules if total.rule == "no_face"] == [(3, 15.0)]
    assert verdict.integrity == 92.5


def coverage(policy: Policy, runs: list[Run], **changes: object) -> dict[str, float]:
    return {total.rule: round(total.coverage, 2) for total in verdict_of(told(policy, runs, **changes)).rules}


def test_coverage_tells_what_each_rule_could_see() -> None:
    assert coverage(POLICY, [Run("normal", 80)]) == {
        "looking_away": 1.0,
        "multiple_faces": 1.0,
        "no_face": 1.0,
        "phone": 1.0,
    }


def test_a_detector_that_never_ran_covers_nothing() -> None:
    messages = told(POLICY, [Run("normal", 80)], objects_every=0)
    verdict = verdict_of(messages)
    assert {total.rule: total.coverage for total in verdict.rules}["phone"] == 0.0
    assert verdict.coverage == pytest.approx(0.75, abs=0.01)
    assert "Could be judged at no time: phone in view." in verdict.reasons


def test_who_is_seen_from_behind_is_looked_at_all_the_same() -> None:
    """A face that is turned away leaves no pose, and yet the rule about looking away can judge: it fires on that."""
    exam = StagedExam([Run("normal", 20), Run("absent", 20)])
    seen = [
        structs.replace(one, person=0.9) if isinstance(one, FaceObserved) and not one.faces else one
        for one in exam.observations()
    ]
    messages = fold_all(load_policy("default"), seen)[1]
    (rule,) = (total for total in verdict_of(messages).rules if total.rule == "looking_away")
    assert rule.events == 1
    assert rule.coverage == pytest.approx(1.0, abs=0.02)


def test_what_the_object_model_does_not_know_is_said_and_covers_nothing() -> None:
    """A rule is blind when every label of one of its parts is unknown; of several labels one is enough to judge."""
    exam = StagedExam([Run("normal", 80)])
    knowing = [
        structs.replace(seen, knows=known_labels(["phone", "person", "book"]))
        if isinstance(seen, ObjectsObserved)
        else seen
        for seen in exam.observations()
    ]
    verdict = verdict_of(fold_all(EVERY_KIND, knowing)[1])
    covered = {total.rule: total.coverage for total in verdict.rules}
    assert (covered["cheating"], covered["dictating"]) == (0.0, 0.95)
    assert covered["phone"] > 0.95
    assert verdict.blind == ("notes", "pen")
    assert "Not known to the object model: notes, pen." in verdict.reasons
    unasked = verdict_of(told(EVERY_KIND, [Run("normal", 80)]))
    assert (unasked.blind, unasked.rules[0].coverage > 0) == ((), True)


@pytest.mark.parametrize("behaviour", ["missing", "dark", "covered"])
def test_what_was_not_seen_is_inconclusive_and_never_guilt(behaviour: str) -> None:
    verdict = verdict_of(told(POLICY, [NORMAL, Run(behaviour, 30), NORMAL]))  # type: ignore[arg-type]
    assert verdict.risk_class == "INCONCLUSIVE"
    assert verdict.coverage < 0.6
    assert (verdict.confidence, verdict.integrity) == (0.0, 100.0)
    assert any("no conclusion" in reason for reason in verdict.reasons)


def test_a_lower_frame_rate_is_no_lower_coverage() -> None:
    slow, fast = (coverage(POLICY, [Run("normal", 60)], fps=fps, objects_every=1) for fps in (2.0, 30.0))
    assert slow == pytest.approx(fast, abs=0.03)


def test_reasons_are_sentences_in_order_of_time() -> None:
    runs = [NORMAL, Run("away", 6.2), Run("normal", 50), Run("phone", 7), Run("normal", 60)]
    verdict = verdict_of(told(POLICY, runs))
    assert verdict.reasons == (
        "Looked away for 6.1 s at 0:10 (threshold 3.0 s).",
        "Phone in view for 6.8 s at 1:06 (threshold 5.0 s).",
    )


def test_of_many_events_the_longest_are_named_and_the_others_counted() -> None:
    runs = [NORMAL, *[Run("absent", 3), Run("normal", 5)] * 4, Run("absent", 9), Run("normal", 50)]
    reasons = verdict_of(told(POLICY, runs)).reasons
    assert "No face in the picture for 8.9 s at 0:42 (threshold 2.0 s)." in reasons
    assert "No face in the picture 2 more times, not longer." in reasons


def test_nothing_found_is_said_too() -> None:
    assert verdict_of(told(POLICY, [Run("normal", 100)])).reasons == ("No rule of the policy fired.",)


@pytest.mark.parametrize(("at_ms", "text"), [(0, "0:00"), (61_500, "1:01"), (3_600_000, "1:00:00"), (-5, "0:00")])
def test_times_read_as_on_a_player(at_ms: int, text: str) -> None:
    assert clock(at_ms) == text
