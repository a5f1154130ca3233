"""What is found, missed and false: staged sessions whose every second is known."""

from collections.abc import Mapping, Sequence
from io import StringIO

import pytest
from rich.console import Console

from deploy.evaluation.annotations import Truth
from deploy.evaluation.clips import Evaluated, Terms, evaluate
from deploy.evaluation.judging import Finding
from deploy.evaluation.tally import tally
from deploy.evaluation.telling import document, sum_tables, tables
from scoring.rulebook.policy import load_policy
from tests.evaluated_clips import FPS, seen_of
from tests.staged_exam import Run

TERMS = Terms(load_policy("default"), FPS, calibrate_ms=8_000)
CALM = Run("normal", 10)


def judged(runs: Sequence[Run], *known: tuple[str, float, float]) -> Evaluated:
    truths = [Truth(n, "clip", label, round(a * 1000), round(b * 1000)) for n, (label, a, b) in enumerate(known)]
    return evaluate("clip", truths, seen_of(runs), TERMS, sorted({label for label, _, _ in known}))


def outcomes(clip: Evaluated) -> Mapping[tuple[str, str], tuple[str, int | None]]:
    return {(one.level, one.truth.label): (one.outcome, one.late_ms) for one in clip.judged.findings}


def false(clip: Evaluated) -> list[str]:
    return [event.rule for event, unexplained in clip.judged.events if unexplained]


def test_what_outlasts_its_rule_is_judged_as_event_and_in_the_signals() -> None:
    clip = judged([CALM, Run("away", 6), CALM], ("look_away", 10, 16))
    assert outcomes(clip) == {("signals", "look_away"): ("found", 0), ("event", "look_away"): ("found", 0)}
    assert false(clip) == []


def test_what_is_too_short_for_its_rule_is_judged_in_the_signals_alone() -> None:
    clip = judged([CALM, Run("away", 1), CALM], ("look_away", 10, 11))
    assert outcomes(clip) == {("signals", "look_away"): ("found", 0)}
    assert clip.folded.events == ()


def test_what_does_not_happen_is_missed_and_what_is_not_known_is_false() -> None:
    clip = judged([CALM, Run("absent", 6), CALM], ("look_away", 10, 16))
    assert {outcome for outcome, _ in outcomes(clip).values()} == {"MISSED"}
    assert false(clip) == ["no_face"]


def test_an_event_that_mostly_lies_outside_of_its_reason_is_false() -> None:
    """Catches one long event that would explain itself with every short happening that it covers."""
    clip = judged([CALM, Run("absent", 20), CALM], ("absent", 12, 15))
    assert outcomes(clip)["event", "absent"] == ("found", -2000)
    assert false(clip) == ["no_face"]
    assert clip.judged.elsewhere_ms["absent"] == (15_000, 35_000)


def test_a_happening_during_calibration_is_asked_of_the_signals_only() -> None:
    """No rule that needs a baseline can tell of it; the signals are measured against the baseline found later."""
    terms = Terms(TERMS.policy, FPS, calibrate_ms=4_000)
    observed = seen_of([Run("normal", 4), Run("away", 1), Run("normal", 9)])
    early = evaluate("clip", [Truth(1, "clip", "look_away", 1000, 3000)], observed, terms, ["look_away"])
    assert {one.level for one in early.judged.findings} == {"signals"}
    late = evaluate("clip", [Truth(1, "clip", "look_away", 4000, 5000)], observed, terms, ["look_away"])
    assert [one.outcome for one in late.judged.findings] == ["found"]


def test_what_no_detector_looks_for_is_said_to_be_so() -> None:
    clip = judged([CALM, Run("normal", 5)], ("hand_at_face", 10, 12))
    (finding,) = clip.judged.findings
    assert finding.outcome == "no detector"
    (recall,) = tally([clip.judged]).recalls
    assert (recall.happened, recall.blind, recall.recall) == (0, 1, None)


def test_a_rule_s_own_name_can_be_annotated() -> None:
    clip = judged([CALM, Run("away", 6), CALM], ("looking_away", 10, 16))
    assert {outcome for outcome, _ in outcomes(clip).values()} == {"found"}


def test_the_figures_of_two_clips_add_up() -> None:
    found = judged([CALM, Run("away", 6), CALM], ("look_away", 10, 16))
    missed = judged([CALM, Run("absent", 6), CALM], ("look_away", 10, 16))
    sums = tally([found.judged, missed.judged])
    (event, signals) = sums.recalls
    assert (event.level, event.label, event.happened, event.found, event.soon) == ("event", "looking_away", 2, 1, 1)
    assert (signals.level, signals.label, signals.found) == ("signals", "look_away", 1)
    assert sums.hours == pytest.approx(52 / 3600)
    assert sums.conduct.false == 1
    assert sums.conduct.per_hour.value == pytest.approx(3600 / 52)
    assert {one.label: one.false for one in sums.alarms} == {"absent": 1, "looking_away": 0}


def test_tables_and_document_say_the_same() -> None:
    clips = [judged([CALM, Run("absent", 6), CALM], ("look_away", 10, 16)).judged]
    sums = tally(clips)
    printed = StringIO()
    Console(width=160, file=printed).print(tables(clips, sums))
    text = printed.getvalue()
    told = document(sums, clips, {"policy": "default"})
    assert "MISSED" in text
    assert "FALSE" in text
    assert "0 of 1 happenings told as events, 1 false conduct events" in text
    assert [row["outcome"] for row in told["findings"]] == ["MISSED", "MISSED"]
    assert [(row["label"], row["outcome"]) for row in told["unexplained"]] == [("no_face", "FALSE")]
    assert told["false_conduct_events"]["per_hour"]["value"] == sums.conduct.per_hour.value
    assert len(sum_tables(sums)) == 4


def test_a_finding_has_the_share_that_was_covered() -> None:
    clip = judged([CALM, Run("away", 1), Run("normal", 3), CALM], ("look_away", 10, 14))
    (share,) = [one.share for one in clip.judged.findings if one.level == "signals"]
    assert share == pytest.approx(0.25, abs=0.03)
    assert isinstance(clip.judged.findings[0], Finding)
