"""A file of accommodations: what it allows reaches the verdict, and what would silently change nothing is a mistake."""

from pathlib import Path

import pytest

from ingest.errors import InputError
from scoring.rulebook.accommodations import Break, Helper, Looser, MedicalDevice, RulesOff
from scoring.rulebook.accommodations_file import examine_accommodations, read_accommodations
from scoring.rulebook.policy import load_policy, plan
from tests.preset_exams import around, costs, walk
from tests.staged_exam import verdict_of

POLICY = load_policy("risk-engine")
ALLOW = '[[allow]]\nreason = "x"\n'
BREAK = ALLOW + 'kind = "break"\n'
LOOSER = ALLOW + 'kind = "looser"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "allow.toml"
    path.write_text(text)
    return path


def test_every_kind_is_read(tmp_path: Path) -> None:
    text = (
        BREAK
        + "from_ms = 1\nto_ms = 2\n"
        + LOOSER
        + 'rule = "looking_away"\nhold_ms = 9000\nthresholds = { head_yaw = 30 }\n'
        + ALLOW
        + 'kind = "rules_off"\nrules = ["no_face", "tab_switch"]\n'
        + ALLOW
        + 'kind = "helper"\n'
        + ALLOW
        + 'kind = "medical_device"\nlabel = "phone"\n'
    )
    assert read_accommodations(write(tmp_path, text), POLICY) == (
        Break(from_ms=1, to_ms=2, reason="x"),
        Looser(rule="looking_away", hold_ms=9000, thresholds={"head_yaw": 30.0}, reason="x"),
        RulesOff(rules=("no_face", "tab_switch"), reason="x"),
        Helper(reason="x"),
        MedicalDevice(label="phone", reason="x"),
    )


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (BREAK + "from_ms = 5\nto_ms = 5", "line 5: allow[0].to_ms:", "Needed: from_ms < to_ms"),
        (BREAK + "from_ms = 9\nto_ms = 5", "line 5: allow[0].to_ms:", "ends before it begins"),
        (BREAK + "from_ms = 0\nto_ms = 80000000", "line 5: allow[0].to_ms:", "longer than four hours"),
        (BREAK + "from_ms = 9", "line 1: allow[0].to_ms:", "is missing. Needed by kind 'break': a whole number"),
        (BREAK + "form_ms = 9\nto_ms = 10", "line 4: allow[0].form_ms:", "Did you mean 'from_ms'?"),
        (ALLOW + 'kind = "brake"', "line 3: allow[0].kind:", "Did you mean 'break'? Allowed: rules_off, looser"),
        (ALLOW, "line 1: allow[0].kind:", "is missing"),
        ('[[allow]]\nkind = "helper"', "line 1: allow[0].reason:", "is missing"),
        (ALLOW + 'kind = "rules_off"\nrules = ["no_fase"]', "line 4: allow[0].rules[0]:", "Did you mean 'no_face'?"),
        (ALLOW + 'kind = "rules_off"\nrules = []', "line 4: allow[0].rules:", "has 0 elements"),
        (LOOSER + 'rule = "fone"\nhold_ms = 1', "line 4: allow[0].rule:", "Did you mean 'phone'?"),
        (LOOSER + 'rule = "phone"', "line 1: allow[0]:", "Give hold_ms, thresholds or both."),
        (LOOSER + 'rule = "phone"\nhold_ms = 4999', "line 5: allow[0].hold_ms:", "Needed: 5000 or more."),
        (
            LOOSER + 'rule = "looking_away"\nthresholds.head_yaw = 19.9',
            "line 5: allow[0].thresholds.head_yaw:",
            "19.9 is narrower than the policy's 20. Needed: 20 or more.",
        ),
        (
            LOOSER + 'rule = "no_face"\nthresholds.face_count = 1',
            "line 5: allow[0].thresholds.face_count:",
            "Needed: 0 or less.",
        ),
        (
            LOOSER + 'rule = "looking_away"\nthresholds.head_roll = 30',
            "line 5: allow[0].thresholds.head_roll:",
            "rule 'looking_away' does not look at 'head_roll'",
        ),
        (ALLOW + 'kind = "medical_device"\nlabel = "pen"', "line 4: allow[0].label:", "Allowed: phone."),
        ('allow = "x"', "line 1: allow:", "Needed: a list."),
        ("", "allow.toml: allow:", "is missing"),
        ("allow = []", "line 1: allow:", "Write at least one [[allow]] table."),
        ("allow = 3\nallow = 4", "line 2: allow:", "is there twice"),
    ],
)
def test_a_mistake_names_line_key_and_what_is_allowed(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = write(tmp_path, text)
    found = [str(error) for error in examine_accommodations(path, POLICY)[1]]
    assert any(place in one and words in one for one in found), found
    with pytest.raises(InputError, match=r"accommodations .*allow\.toml"):
        read_accommodations(path, POLICY)


def test_all_mistakes_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = LOOSER + 'rule = "phone"\nhold_ms = 1\n' + BREAK + "from_ms = 2\nto_ms = 1\n"
    errors = examine_accommodations(write(tmp_path, text), POLICY)[1]
    assert [str(error).split(": ")[1] for error in errors] == ["allow[0].hold_ms", "allow[1].to_ms"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_accommodations(tmp_path / "none.toml", POLICY)


@pytest.mark.parametrize(
    ("text", "seconds", "counted"),
    [
        (LOOSER + 'rule = "phone"\nhold_ms = 9000', 8.0, False),
        (LOOSER + 'rule = "phone"\nhold_ms = 9000', 9.2, True),
        (ALLOW + 'kind = "medical_device"\nlabel = "phone"', 9.2, False),
        (BREAK + "from_ms = 9000\nto_ms = 30000", 9.2, False),
        (BREAK + "from_ms = 40000\nto_ms = 50000", 9.2, True),
    ],
)
def test_what_a_file_allows_does_not_count_and_is_told(
    tmp_path: Path, text: str, seconds: float, counted: bool
) -> None:
    allowed = read_accommodations(write(tmp_path, text), POLICY)
    messages = walk(plan(POLICY.spec, allowed), around("phone", seconds))
    assert costs(messages) == ([("phone", 15.0, True)] if counted else [])
    verdict = verdict_of(messages)
    assert verdict.integrity == (85.0 if counted else 100.0)
    assert verdict.without is not None
    assert verdict.without.integrity == 85.0
    assert verdict.accommodations == ("x",)
