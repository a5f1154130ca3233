"""Policies: the recommended numbers, inheritance, canonical form, and what a person reads when something is wrong."""

from pathlib import Path

import pytest

from ingest.errors import InputError, PoisonError
from scoring.policy import Policy, load_policy, parse_terms
from scoring.policy_file import presets
from scoring.toml_lines import line_of, lines_of

PHONE = 'extends = "default"\n\n[rules.phone]\n'
WHEN = PHONE + "when = [{ signal = "


def load(folder: Path, text: str) -> Policy:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(str(path))


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
    rule = load_policy("default").spec.rules[name]
    assert (rule.hold_ms, rule.points, rule.permanent) == (hold_ms, points, permanent)


def test_the_default_policy_calibrates_and_classifies_as_its_sources_do() -> None:
    spec = load_policy("default").spec
    calibration, classes = spec.calibration, spec.classes
    assert (calibration.duration_ms, calibration.min_share) == (8000, 0.83)
    assert (calibration.max_yaw_deg, calibration.max_pitch_deg, calibration.max_roll_deg) == (20.0, 15.0, 12.0)
    assert (classes.borderline, classes.suspicious, classes.high_risk) == (0.20, 0.40, 0.65)
    assert spec.score.decay_per_s == 1.0


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
    loose = load(tmp_path, PHONE + "# why\npoints  =  20.0\n\nhold_ms = 4_000\n")
    assert tight.digest == loose.digest


@pytest.mark.parametrize(
    "line", ["hold_ms = 5001", "points = 15.5", "permanent = false", 'says = "A phone"', "enabled = false"]
)
def test_every_number_changes_the_digest(tmp_path: Path, line: str) -> None:
    assert load(tmp_path, PHONE + line).digest != load(tmp_path, 'extends = "default"').digest


def test_a_policy_inherits_what_it_does_not_name(tmp_path: Path) -> None:
    mine, base = load(tmp_path, PHONE + "hold_ms = 4000"), load_policy("default")
    assert mine.spec.rules["phone"].hold_ms == 4000
    assert mine.spec.rules["phone"].points == 15.0
    assert mine.spec.rules["no_face"] == base.spec.rules["no_face"]
    assert mine.name == "mine"


def test_a_disabled_rule_is_not_planned(tmp_path: Path) -> None:
    policy = load(tmp_path, PHONE + "enabled = false")
    assert [rule.name for rule in policy.rules] == ["looking_away", "multiple_faces", "no_face"]
    assert [rule.place for rule in policy.rules] == [0, 1, 2]
    assert policy.object_rules == ()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (PHONE + "hold = 1", "line 4: rules.phone.hold:", "Fields of this table: says, hold_ms, gap_ms"),
        (PHONE + 'hold_ms = "a"', "line 4: rules.phone.hold_ms:", "expected `int`, got `str`"),
        (PHONE + "\nhold_ms = -1", "line 5: rules.phone.hold_ms:", ">= 0"),
        (PHONE + "points = nan", "line 4: rules.phone.points:", ">= 0.0"),
        (PHONE + 'kind = "held2"', "line 4: rules.phone.kind:", "Allowed: held."),
        ("schema = 1", "mine.toml: name:", "is missing"),
        ('extends = "nope"', "line 1: extends:", "Allowed: default."),
        ('extends = "default"\nschema = 2', "line 2: schema:", "2"),
        ('extends = "default"\n[classes]\nborderline = 0.9', "line 2: classes:", "borderline < suspicious < high_risk"),
        ('extends = "default"\n[calibration.fallback]\nx = 1', "line 3: calibration.fallback.x:", "yaw_deg, pitch_deg"),
        ('extends = "default"\n[rules.mine]\nsays = "x"', "line 2: rules.mine.hold_ms:", "is missing"),
        ('extends = "default"\nrules = 3', "line 2: rules:", "expected `object`, got `int`"),
        (WHEN + '"phone", at_least = 1 }]', "line 4: rules.phone.when:", "object:<label>"),
        (WHEN + '"object:pen" }]', "line 4: rules.phone.when:", "either at_least or at_most"),
        (WHEN + '"object:pen", at_least = 0.5, at_most = 0.6 }]', "line 4: rules.phone.when:", "either"),
        (WHEN + '"object:pen", at_least = 0.5, until = 0.6 }]', "line 4: rules.phone.when:", "wrong side"),
        (WHEN + '"eye_openness", at_most = 0.5, until = 0.4 }]', "line 4: rules.phone.when:", "wrong side"),
        (
            WHEN + '"object:pen", at_least = 0.5, unless = 1 }]',
            "line 4: rules.phone.when.unless:",
            "at_least, at_most, until",
        ),
        (
            WHEN + '"object:pen", at_least = 0.5 }, { signal = "head_yaw", at_least = 9 }]',
            "line 4: rules.phone.when:",
            "several detectors",
        ),
        ("a =\nb = 1", "mine.toml: not valid TOML", "line 1"),
    ],
)
def test_a_mistake_names_line_key_and_what_is_allowed(tmp_path: Path, text: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, text)
    assert place in str(raised.value)
    assert words in str(raised.value)
    assert "mine.toml" in str(raised.value)


def test_a_policy_without_any_rule_is_refused(tmp_path: Path) -> None:
    text = 'extends = "default"\n' + "".join(
        f"rules.{name}.enabled = false\n" for name in ("phone", "no_face", "multiple_faces", "looking_away")
    )
    with pytest.raises(InputError, match="no rule is enabled"):
        load(tmp_path, text)


@pytest.mark.parametrize("asked", ["nope", "/", "a\0b", "missing/policy.toml"])
def test_an_unknown_policy_is_refused_with_the_presets(asked: str) -> None:
    with pytest.raises(InputError, match="presets: default"):
        load_policy(asked)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        load_policy(str(path))


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"name":"x"}', "\ud800", "[" * 5000, load_policy("default").document.replace("0.65", "0.1")],
)
def test_an_unreadable_document_is_poison(text: str) -> None:
    with pytest.raises(PoisonError):
        parse_terms(text)


def test_a_line_is_found_in_dotted_and_nested_tables() -> None:
    text = '[rules.a]\nx = 1\n[rules."b"]\nx = 2\n[rules]\nc.x = 3\n'
    assert line_of(text, ("rules", "a", "x")) == 2
    assert line_of(text, ("rules", "b", "x")) == 4
    assert line_of(text, ("rules", "c", "x")) == 6
    assert line_of(text, ("rules", "d", "x")) == 5
    assert line_of(text, ("score",)) == 0
