"""Rendered exams: what is drawn, what counts as a missed face, and how conditions are compared."""

from dataclasses import replace

import msgspec
import pytest

from deploy.evaluation.clips import Terms, evaluate
from deploy.evaluation.observing import START_MS, Observed
from deploy.evaluation.rendered import Exam, by_condition, draw_exams, face_misses, gaps, truths_of
from deploy.evaluation.telling_conditions import condition_table, conditions_document, verdict
from detectors.messages import FaceObserved
from ingest.exam.conditions import Condition, Light
from ingest.exam.schedule import Episode, Kind, Schedule
from scoring.rulebook.policy import load_policy
from tests.evaluated_clips import FPS, seen_of
from tests.staged_exam import Run

SCHEDULE = Schedule(1, 40_000, (Episode(Kind.LOOKING_AWAY, 12_000, 16_000, -1), Episode(Kind.ABSENT, 24_000, 30_000)))


def test_exams_repeat_and_more_begin_with_the_same() -> None:
    drawn = draw_exams(12, seed=3, fps=5.0)
    assert draw_exams(20, seed=3, fps=5.0)[:12] == drawn
    assert draw_exams(12, seed=4, fps=5.0) != drawn
    assert len({job.key for job in drawn}) == 12
    assert {job.every for job in drawn} == {2}
    assert len({job.condition.light for job in drawn}) == len(Light)


def test_a_schedule_becomes_annotations_with_their_sides() -> None:
    told = [(one.label, one.start_ms, one.end_ms) for one in truths_of("exam", SCHEDULE)]
    assert told == [("look_away_left", 12_000, 16_000), ("absent", 24_000, 30_000)]


def test_a_face_is_missed_only_while_it_could_be_seen() -> None:
    """Nothing is asked of a face that has gone, goes, comes back or is turned aside."""
    observed = seen_of([Run("normal", 40)])
    assert face_misses(SCHEDULE, observed) == (0, 400 - 10 * (6 + 4) - 2 * 6 - 2 * 20)
    assert face_misses(SCHEDULE, _without_faces(observed, 24_000, 30_000))[0] == 0
    assert face_misses(SCHEDULE, _without_faces(observed, 33_000, 34_000))[0] == 10


def test_conditions_are_compared_by_their_misses() -> None:
    exams = [_exam(Condition(skin=0), 0), _exam(Condition(skin=5), 6), _exam(Condition(skin=5, glasses=True), 6)]
    values = by_condition(exams)
    assert [(one.kind, one.value, one.exams) for one in values][:2] == [("skin", "step 0", 1), ("skin", "step 5", 2)]
    skin, *_ = gaps(values)
    assert skin.size == pytest.approx(0.06)
    assert not skin.is_met
    assert "6.0 points apart, MORE than the aim of 2" in verdict(skin).plain
    light = next(gap for gap in gaps(values) if gap.kind == "light")
    assert light.is_met
    told = conditions_document(values, gaps(values), exams)
    assert {one["kind"]: one["met"] for one in told["face_miss_gaps"]} == {
        "skin": False,
        "light": True,
        "distance": True,
        "glasses": False,
    }
    assert condition_table(values).row_count == len(values)


def test_a_gap_that_few_exams_do_not_show_is_said_to_be_unsure() -> None:
    skin, *_ = gaps(by_condition([_exam(Condition(skin=0), 0), _exam(Condition(skin=5), 0)]))
    assert (skin.size, skin.is_met, skin.is_sure) == (0.0, True, False)
    assert "more exams are needed" in verdict(skin).plain


def _exam(condition: Condition, missed: int) -> Exam:
    observed = seen_of([Run("normal", 12)])
    done = evaluate("exam", [], observed, Terms(load_policy("default"), FPS), [])
    return Exam("exam", condition, done.judged, missed, 100)


def _without_faces(observed: Observed, from_ms: int, to_ms: int) -> Observed:
    looks = tuple(
        msgspec.structs.replace(one, faces=())
        if isinstance(one, FaceObserved) and from_ms <= one.capture_ms - START_MS < to_ms
        else one
        for one in observed.looks
    )
    return msgspec.structs.replace(observed, looks=looks)


def test_a_condition_is_part_of_the_exam_s_name() -> None:
    """Catches pictures under one light taken for those under another."""
    (job,) = draw_exams(1, seed=0, fps=5.0)
    others = [replace(job, condition=Condition()), replace(job, every=1), replace(job, schedule=SCHEDULE)]
    assert len({one.key for one in (job, *others)}) == 4
