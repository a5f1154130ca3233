"""The sixteen labels: each has an origin that exists, and the README tells of them what the program tells."""

import tomllib
from pathlib import Path

import pytest

from deploy.cli import exit_status
from deploy.taxonomy import MEASURED, table
from scoring.rulebook import rule_document
from scoring.rulebook.policy import load_policy
from scoring.rulebook.taxonomy import EXAM_LABELS, ExamLabel
from triton_models.taxonomy import TAXONOMY

POLICY = load_policy("default")
SIXTEEN = (
    "phone earbuds smartwatch notes another_person laptop second_screen calculator pen looking_away looking_forward "
    "peeking talking hand_gesture normal cheating"
)


def test_all_sixteen_labels_are_there() -> None:
    assert [label.name for label in EXAM_LABELS] == SIXTEEN.split()


@pytest.mark.parametrize("label", EXAM_LABELS, ids=lambda label: label.name)
def test_an_origin_exists(label: ExamLabel) -> None:
    """Its rules stand in the default policy and speak of its object classes, which the taxonomy has."""
    assert set(label.objects) <= set(TAXONOMY)
    rules = [POLICY.spec.rules[name] for name in label.rules]
    asked = {test.signal.partition(":")[2] for rule in rules for test in rule_document.tests_of(rule)}
    assert set(label.objects) <= asked


def test_measured_figures_are_of_labels_and_whole() -> None:
    names = {label.name for label in EXAM_LABELS}
    for name, figures in tomllib.loads(MEASURED.read_text()).items():
        assert name in names
        assert 0 <= figures.get("found", 0) <= figures.get("of", 0)
        assert ("found" in figures) == ("of" in figures) == ("on" in figures)
        assert ("false" in figures) == ("minutes" in figures)


def test_what_the_model_does_not_know_is_said() -> None:
    lines = {line.label: line for line in table(POLICY, frozenset({"phone", "headphones"}))}
    assert lines["phone"].unseen == ""
    assert lines["earbuds"].unseen == "earbuds"
    assert lines["cheating"].unseen == "pen, notes"
    assert lines["phone"].threshold == "phone >= 0.5 for 5 s"
    assert lines["looking_forward"].threshold == "-"


def test_the_readme_shows_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(["model", "labels", "--markdown"]) == 0
    assert capsys.readouterr().out.strip() in Path("README.md").read_text()
