"""Sentences about one event: true after rounding, in the rule's own unit, and there whatever is not known."""

from dataclasses import replace

import pytest

from scoring.messages import Counterfactual
from sinks.report.assembly import assemble
from sinks.report.explanation import (
    against,
    frame_words,
    observed_sentence,
    rule_sentence,
    unless_sentence,
)
from sinks.report.model import Evidence, ReportEvent
from tests.sample_report import EXAM, stored
from tests.sample_script import EPISODES

AWAY, NO_FACE, _, PHONE = assemble(stored()).events


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(("event", "unless", "expected"), [
    (PHONE, Counterfactual(field="hold_ms", value=7_251), "a hold of 7.3 s instead of 5.0 s"),
    (PHONE, Counterfactual(field="hold_ms", value=4_900), "a hold of 4.9 s instead of 5.0 s"),
    (AWAY, Counterfactual(field="threshold", value=41.3001), "a threshold of 41.31° instead of 25°"),
    (AWAY, Counterfactual(field="threshold", value=41.3), "a threshold of 41.3° instead of 25°"),
    (replace(AWAY, kind="share", threshold=0.6), Counterfactual(field="share", value=0.8001),
     "a share of 81 % instead of 60 %"),
    (replace(AWAY, kind="rate", threshold=3.0), Counterfactual(field="starts", value=5.0), "5 starts instead of 3"),
    (replace(AWAY, window_ms=10_000), Counterfactual(field="window_ms", value=4_299),
     "a window of 4.2 s instead of 10.0 s"),
    (AWAY, Counterfactual(field="window_ms", value=4_299), "a window of 4.2 s"),
])  # fmt: skip
def test_the_counterfactual_stays_true_after_rounding(
    event: ReportEvent, unless: Counterfactual, expected: str
) -> None:
    said = plain(unless_sentence(replace(event, unless=unless)))
    assert said == f"With {expected} it would not have fired."


def test_what_is_or_is_not_is_told_without_numbers() -> None:
    hidden = replace(PHONE, signal="tab_hidden", peak=1.0, threshold=1.0)
    assert against(hidden) == ""
    assert observed_sentence(hidden).startswith("Tab hidden, seen for ")
    frozen = replace(PHONE, signal="frozen", unless=Counterfactual(field="threshold", value=1.0001))
    assert unless_sentence(frozen) == ""
    assert against(replace(hidden, kind="rate", peak=4.0, threshold=3.0)) == "4 times against 3"


def test_several_things_together_are_not_told_by_one_of_them() -> None:
    together = replace(PHONE, kind="combination", peak=3.0, threshold=3.0)
    assert observed_sentence(together).startswith("All 3 together, seen for ")


def test_no_counterfactual_no_sentence() -> None:
    assert unless_sentence(replace(PHONE, unless=None)) == ""


@pytest.mark.parametrize(("field", "shown"), [
    ("share", "100 % of the time against 60 %"), ("starts", "1 times against 0.6"), ("window_ms", "all 1 together"),
    ("threshold", "1° against 0.6°"), ("hold_ms", "1° against 0.6°"),
])  # fmt: skip
def test_without_the_rules_words_its_counterfactual_tells_the_unit(field: str, shown: str) -> None:
    unless = Counterfactual(field=field, value=1.0)  # type: ignore[arg-type]
    event = replace(AWAY, kind="", peak=1.0, threshold=0.6, unless=unless)
    assert plain(against(event)) == shown


@pytest.mark.parametrize(("kind", "shown"), [
    ("share", "100 % of the time against 60 %"), ("calibration", "100 % against 60 %"), ("rate", "1 times against 0.6"),
    ("combination", "all 1 together"), ("sequence", "all 1 together"), ("held", "1° against 0.6°"),
    ("immediate", "1° against 0.6°"),
])  # fmt: skip
def test_a_rule_over_a_window_is_told_in_its_own_unit(kind: str, shown: str) -> None:
    """Also where nothing would have kept the event away: a share of 100 %."""
    assert plain(against(replace(AWAY, kind=kind, peak=1.0, threshold=0.6, unless=None))) == shown


def test_a_rule_whose_words_are_not_known_is_told_by_its_name() -> None:
    silent = replace(PHONE, says="", asks="")
    assert plain(rule_sentence(silent)) == "Phone: phone against 0.5, held for 5.0 s."


def test_repeats_and_directions_are_told() -> None:
    assert "its points were due 2 more times while it went on" in observed_sentence(replace(PHONE, repeats=2))
    assert "down in the picture" in observed_sentence(replace(AWAY, direction="down"))
    assert "to the right in the picture" in observed_sentence(AWAY)
    assert "picture" not in observed_sentence(NO_FACE)


def test_an_event_that_never_closed_says_so() -> None:
    (open_event,) = assemble(stored(events=[EXAM.opened(EPISODES[3])])).events
    assert observed_sentence(open_event) == "It fired at 1:06.5; its end was not seen."
    assert unless_sentence(open_event) == ""


def test_a_frame_without_a_record_has_no_place() -> None:
    assert frame_words(Evidence(7, 61_500)) == "7 at 1:01.5"
    assert frame_words(Evidence(7, 61_500, 3, 0)) == "7 at 1:01.5, partition 3 offset 0"
