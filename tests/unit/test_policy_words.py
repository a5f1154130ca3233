"""A policy in words and written out: complete, true to the numbers, and readable back."""

from pathlib import Path

import pytest

from scoring.rulebook.accommodations import Break, Helper, Looser, MedicalDevice, RulesOff
from scoring.rulebook.inheritance import origin_of
from scoring.rulebook.policy import load_policy
from scoring.rulebook.policy_file import examine_policy, presets, read_policy
from scoring.rulebook.policy_text import Difference, differences, policy_toml
from scoring.rulebook.policy_words import RuleWords, accommodation_words, policy_words, rule_words
from scoring.rulebook.refusals import REFUSALS
from scoring.rulebook.rule_document import KINDS, Comparison, SequenceRule
from scoring.rulebook.signal_words import compared
from scoring.rulebook.signals import signal_names
from tests.staged_exam import EVERY_KIND


def words_of(policy: str, rule: str) -> RuleWords:
    (found,) = (one for one in rule_words(read_policy(policy)) if one.name == rule)
    return found


def test_a_held_rule_says_what_how_long_what_it_costs_and_what_ends_it() -> None:
    words = words_of("risk-engine", "phone")
    assert words.watched == "Whether the certainty that a phone is in view is 50 % or more, until it is under 40 %."
    assert words.counts == "Once it has lasted for 5 s; interruptions of up to 1.5 s are bridged."
    assert words.costs.startswith("15 points of risk that stay. Integrity falls by the same points")
    assert words.ends == (
        "At the last moment at which it was seen, when it has been over for 2 s. "
        "The next one counts 5 s after that at the earliest."
    )
    assert "is not held against anybody" in words.limits


@pytest.mark.parametrize(
    ("policy", "rule", "sentence"),
    [
        ("risk-engine", "no_face", "5 points of risk that fade by 1 a second while nothing is wrong."),
        ("risk-engine", "no_face", "Whether no face is in the picture."),
        ("risk-engine", "multiple_faces", "Whether 2 or more faces are in the picture."),
        ("risk-engine", "tab_hidden", "Whether the exam's tab is not in front."),
        ("risk-engine", "tab_hidden", "At once."),
        ("risk-engine", "looking_away", "the head's turn to either side is 20° or more, until it is under 15°; or"),
        ("risk-engine", "looking_away", "turns are measured from the person's own position"),
        ("interview", "eyes_closed", "Only while the head's turn downwards is 15° or less."),
        ("interview", "eyes_closed", "Nothing. It is noted for the reviewer."),
        ("interview", "drowsy", "Once it was so for 15 % of the last 60 s."),
        ("interview", "notes", "the certainty that notes are in view is 50 % or more"),
        ("interview", "noise", "the loudness is -35 dBFS or more"),
        ("interview", "other_voice", "It does not record or understand what is said."),
        ("interview", "other_voice", "Where this is not watched at all, nothing is missing."),
        ("calibrated", "calibration_company", "During calibration, whether there were several faces."),
        ("calibrated", "calibration_company", "When calibration ends, if that was so for 34 % of its frames."),
        ("default", "peeking_left", "Once it began 3 times within 30 s, each 0.2 s to 2.5 s long."),
        ("default", "cheating", "Once all of it was seen within 10 s."),
        ("default", "cheating", "the certainty that a second person is in view is 60 % or more) together with a pen"),
    ],
)
def test_what_a_rule_says_is_in_its_words(policy: str, rule: str, sentence: str) -> None:
    assert sentence in " | ".join(sentences for _, sentences in words_of(policy, rule).parts)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rule_has_words(kind: str) -> None:
    """The tests' own policy has one of each; the presets have no sequence."""
    words = {one.name: one for one in rule_words(EVERY_KIND.spec)}
    found = [name for name, rule in EVERY_KIND.spec.rules.items() if rule.__struct_config__.tag == kind]
    assert found
    assert all(sentences for name in found for _, sentences in words[name].parts)


def test_a_sequence_is_told_in_its_order() -> None:
    (name,) = (name for name, rule in EVERY_KIND.spec.rules.items() if isinstance(rule, SequenceRule))
    (words,) = (one for one in rule_words(EVERY_KIND.spec) if one.name == name)
    assert ", then " in words.watched
    assert words.counts.startswith("Once it was seen in this order, from the first to the last within ")


@pytest.mark.parametrize("name", presets())
def test_every_rule_of_every_preset_has_all_its_sentences(name: str) -> None:
    spec = read_policy(name)
    words = rule_words(spec)
    assert {one.name for one in words} == {name for name, rule in spec.rules.items() if rule.enabled}
    for one in words:
        assert all(sentences.endswith(".") and not sentences[0].islower() for _, sentences in one.parts), one


def test_every_signal_has_words_of_its_own() -> None:
    names = [name for name in signal_names() if "<" not in name]
    said = {compared(Comparison(signal=name, at_least=0.5)) for name in names}
    assert len(said) == len(names)
    assert not any("_" in clause for clause in said)


def test_every_reason_for_refusing_a_frame_has_words(tmp_path: Path) -> None:
    reasons = ", ".join(f'"{reason}"' for reason in REFUSALS)
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "calibrated"\n[rules.calibration_absent]\nrefused = [{reasons}]')
    assert words_of(str(path), "calibration_absent").watched.count(" or ") >= len(REFUSALS) - 1


def test_the_session_as_a_whole_is_explained() -> None:
    text = " ".join(policy_words(read_policy("attention")))
    assert "The first 8 s are calibration, and once more as long if that fails" in text
    assert "CLEAN under 0.2, BORDERLINE from there, SUSPICIOUS from 0.4, HIGH_RISK from 0.65" in text
    assert "less than 60 % of the session, the verdict is INCONCLUSIVE" in text
    assert "(Focused from 60, Distracted from 0; Absent without a face)" in text


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (RulesOff(rules=("talking",), reason="tic"), "Not counted: talking (tic)."),
        (Looser(rule="phone", hold_ms=9000, reason="x"), "phone is judged less strictly: it must last for 9 s (x)."),
        (Break(from_ms=600_000, to_ms=900_000, reason="x"), "Break from 10:00 to 15:00"),
        (Helper(reason="x"), "Somebody else may be in the room (x)."),
        (MedicalDevice(label="phone", reason="glucose"), "A phone is needed and is not counted by itself (glucose)."),
    ],
)
def test_accommodations_are_told_in_words(
    one: RulesOff | Looser | Break | Helper | MedicalDevice, sentence: str
) -> None:
    assert accommodation_words(one).startswith(sentence)


@pytest.mark.parametrize("name", presets())
def test_a_policy_written_out_is_the_same_policy(name: str, tmp_path: Path) -> None:
    path = tmp_path / "written.toml"
    path.write_text("\n".join(policy_toml(read_policy(name), lambda _: "")))
    assert load_policy(str(path)).digest == load_policy(name).digest


def test_what_is_inherited_is_told_from_what_is_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "risk-engine"\n[rules.phone]\nhold_ms = 4000\nsays = "A \\"phone\\" \\\\ \U0001f4f1"')
    layers = examine_policy(str(path)).layers
    lines = list(policy_toml(read_policy(str(path)), lambda keys: origin_of(layers, keys)))
    assert "hold_ms = 4000  # mine" in lines
    assert "gap_ms = 1500  # risk-engine" in lines
    assert "[quality]  # default" in lines
    assert "[score]  # risk-engine" in lines
    assert 'says = "A \\"phone\\" \\\\ \U0001f4f1"  # mine' in lines


def test_policies_that_differ_say_in_which_fields(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "risk-engine"\nkeep_rules = ["phone", "no_face"]\n[rules.phone]\nhold_ms = 4000\n'
        "optional = true\n[calibration]\nfallback.yaw_deg = 2"
    )
    found = list(differences(read_policy("risk-engine"), read_policy(str(path))))
    assert found == [
        Difference("calibration", "fallback.yaw_deg", "0.0", "2.0"),
        Difference("policy", "name", '"risk-engine"', '"mine"'),
        Difference("rules.looking_away", "", '"Looked away"', None),
        Difference("rules.multiple_faces", "", '"Several faces in the picture"', None),
        Difference("rules.phone", "optional", "false", "true"),
        Difference("rules.phone", "hold_ms", "5000", "4000"),
        Difference("rules.tab_hidden", "", '"Left the exam\'s tab"', None),
    ]
    assert list(differences(read_policy("default"), read_policy("default"))) == []
