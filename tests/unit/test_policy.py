"""Policies: the recommended numbers, inheritance, canonical form and digest."""

from pathlib import Path

import pytest

from ingest.errors import InputError, PoisonError
from scoring.rulebook.policy import Policy, load_policy, parse_terms
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.policy_file import examine_policy, presets, read_policy
from scoring.rulebook.rule_document import HeldRule, ImmediateRule

PHONE = 'extends = "default"\n\n[rules.phone]\n'


def load(folder: Path, text: str, name: str = "mine.toml") -> Policy:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_policy(str(path))


def held(spec: PolicyDocument, name: str) -> HeldRule:
    rule = spec.rules[name]
    assert isinstance(rule, HeldRule)
    return rule


@pytest.mark.parametrize(
    ("name", "hold_ms", "points", "permanent"),
    [
        ("no_face", 2000, 5.0, False),
        ("multiple_faces", 2000, 10.0, False),
        ("looking_away", 3000, 6.0, False),
        ("phone", 5000, 15.0, True),
    ],
)
def test_the_default_policy_has_the_numbers_of_its_source(
    name: str, hold_ms: int, points: float, permanent: bool
) -> None:
    rule = held(load_policy("default").spec, name)
    assert (rule.hold_ms, rule.points, rule.permanent) == (hold_ms, points, permanent)


def test_the_default_policy_calibrates_and_classifies_as_its_sources_do() -> None:
    spec = load_policy("default").spec
    calibration, classes = spec.calibration, spec.classes
    assert calibration.duration_ms == 8000
    assert calibration.min_share == pytest.approx(80 / 96, abs=0.005)
    assert (calibration.max_yaw_deg, calibration.max_pitch_deg, calibration.max_roll_deg) == (20.0, 15.0, 12.0)
    assert (classes.borderline, classes.suspicious, classes.high_risk) == (0.20, 0.40, 0.65)
    assert spec.score.decay_per_s == 1.0


def test_the_sources_ship_as_presets() -> None:
    assert presets() == ("attention", "calibrated", "default", "interview", "risk-engine")


def test_an_empty_document_is_the_default() -> None:
    assert parse_terms("") == load_policy("default")


@pytest.mark.parametrize("name", presets())
def test_a_canonical_document_reads_back_as_the_same_policy(name: str) -> None:
    policy = load_policy(name)
    assert parse_terms(policy.document) == policy
    assert len(policy.digest) == 16
    assert int(policy.digest, 16) >= 0


def test_layout_and_comments_do_not_change_the_digest(tmp_path: Path) -> None:
    tight = load(tmp_path, PHONE + "hold_ms=4000\npoints=20")
    loose = load(tmp_path, PHONE + "# why\r\npoints  =  20.0\r\n\r\nhold_ms = 4_000\r\n")
    assert tight.digest == loose.digest


@pytest.mark.parametrize(
    "line", ["hold_ms = 5001", "points = 15.5", "permanent = false", 'says = "A phone"', "enabled = false"]
)
def test_every_number_changes_the_digest(tmp_path: Path, line: str) -> None:
    assert load(tmp_path, PHONE + line).digest != load(tmp_path, 'extends = "default"').digest


def test_a_policy_inherits_what_it_does_not_name(tmp_path: Path) -> None:
    mine, base = load(tmp_path, PHONE + "hold_ms = 4000"), load_policy("default")
    assert held(mine.spec, "phone").hold_ms == 4000
    assert mine.spec.rules["phone"].points == 15.0
    assert mine.spec.rules["no_face"] == base.spec.rules["no_face"]
    assert mine.name == "mine"


def test_a_policy_may_rest_on_another_file_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(PHONE + "hold_ms = 4000\npoints = 9")
    mine = load(tmp_path, 'extends = "house.toml"\n[rules.phone]\npoints = 7')
    rule = held(mine.spec, "phone")
    assert (rule.hold_ms, rule.points, rule.cap) == (4000, 7.0, 100.0)
    assert [layer.name for layer in examine_policy(str(tmp_path / "mine.toml")).layers] == ["default", "house", "mine"]


def test_only_the_rules_that_are_kept_are_inherited(tmp_path: Path) -> None:
    mine = load(tmp_path, 'extends = "default"\nkeep_rules = ["phone", "no_face"]\n[rules.no_face]\npoints = 1')
    assert [rule.name for rule in mine.rules] == ["no_face", "phone"]
    assert mine.spec.rules["no_face"].points == 1.0
    assert load(tmp_path, 'extends = "mine.toml"\nkeep_rules = ["phone"]', "next.toml").rules[0].name == "phone"


def test_a_rule_of_another_kind_takes_over_what_every_kind_has(tmp_path: Path) -> None:
    """It must not be refused for a hold that it never wrote."""
    mine = load(tmp_path, PHONE + 'kind = "immediate"\nwhen = [{ signal = "object:phone", at_least = 0.9 }]')
    rule = mine.spec.rules["phone"]
    assert isinstance(rule, ImmediateRule)
    assert (rule.points, rule.permanent, rule.clear_ms) == (15.0, True, 0)


def test_the_names_of_attention_are_replaced_as_a_whole(tmp_path: Path) -> None:
    mine = load(tmp_path, 'extends = "default"\n[attention]\nlevels = { Awake = 50, Away = 0 }')
    assert mine.spec.attention is not None
    assert mine.spec.attention.levels == {"Awake": 50.0, "Away": 0.0}
    assert mine.spec.attention.absent == "Absent"


def test_a_disabled_rule_is_not_planned(tmp_path: Path) -> None:
    policy = load(tmp_path, 'extends = "risk-engine"\n[rules.phone]\nenabled = false')
    assert [rule.name for rule in policy.rules] == ["looking_away", "multiple_faces", "no_face", "tab_hidden"]
    assert [rule.place for rule in policy.rules] == [0, 1, 2, 3]
    assert not policy.object_slots


def test_a_policy_without_any_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rule is enabled"):
        load(tmp_path, 'extends = "default"\nkeep_rules = ["phone"]\nrules.phone.enabled = false')


@pytest.mark.parametrize("asked", ["nope", "/", "a\0b", "missing/policy.toml", "x" * 5000])
def test_an_unknown_policy_is_refused_with_the_presets(asked: str) -> None:
    with pytest.raises(InputError, match="attention, calibrated, default, interview, risk-engine"):
        read_policy(asked)


def test_a_misspelt_preset_is_suggested() -> None:
    with pytest.raises(InputError, match="Did you mean 'interview'"):
        read_policy("interveiw")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"name":"x"}', "\ud800", "[" * 5000, load_policy("default").document.replace("0.65", "0.1")],
)
def test_an_unreadable_document_is_poison(text: str) -> None:
    with pytest.raises(PoisonError):
        parse_terms(text)
