"""What a person reads who made a mistake in a policy: file, line, key, what is wrong, what would be right."""

import copy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from ingest.errors import InputError
from scoring.rulebook.field_complaints import misfits
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.policy_file import PRESETS, examine_policy, read_policy
from scoring.rulebook.toml_file import LARGEST_FILE
from scoring.rulebook.toml_lines import line_of, lines_of

BASE = 'extends = "default"\n'
PHONE = BASE + "\n[rules.phone]\n"
WHEN = PHONE + "when = [{ signal = "
SHARE = BASE + '[rules.s]\nkind = "share"\nsays = "x"\npoints = 1\ncap = 1\ncooldown_ms = 0\nwindow_ms = 5000\n'
SHARE += 'share = 0.5\nuntil_share = 0.2\nwhen = [{ signal = "frozen", at_least = 1 }]\n'
RATE = BASE + '[rules.r]\nkind = "rate"\nsays = "x"\npoints = 1\ncap = 1\ncooldown_ms = 0\nwindow_ms = 5000\n'
RATE += 'starts = 3\ngap_ms = 0\nwhen = [{ signal = "frozen", at_least = 1 }]\n'
PARTS = BASE + '[rules.c]\nkind = "combination"\nsays = "x"\npoints = 1\ncap = 1\ncooldown_ms = 0\nwindow_ms = 5000\n'
PEN = '{ says = "pen", when = [{ signal = "object:pen", at_least = 0.5 }] }'
CALIBRATION = BASE + '[rules.k]\nkind = "calibration"\nsays = "x"\npoints = 1\ncap = 1\ncooldown_ms = 0\n'

MISTAKES = [
    # keys that are not there, or twice
    (PHONE + "hold = 1", "line 4: rules.phone.hold:", "Did you mean 'hold_ms'? Allowed: says, points"),
    (BASE + "silence = 3", "line 2: silence:", "Did you mean 'silence_ms'? Allowed: schema, name"),
    (BASE + "[colour]\nx = 1", "line 2: colour:", "is no field of this table. Allowed: schema"),
    (BASE + "[calibration]\nmin_shares = 1", "line 3: calibration.min_shares:", "Did you mean 'min_share'?"),
    (BASE + "[calibration.fallback]\nx = 1", "line 3: calibration.fallback.x:", "yaw_deg, pitch_deg"),
    (BASE + "[evidence]\nbridge = 1", "line 3: evidence.bridge:", "bridged_steps"),
    (PHONE + "hold_ms = 1\nhold_ms = 2", "line 5: rules.phone.hold_ms:", "is there twice, first in line 4"),
    (PHONE + "hold_ms = 1\n[rules.phone]\npoints = 2", "line 5: rules.phone:", "is there twice, first in line 3"),
    (WHEN + '"object:pen", at_least = 1, at_least = 1 }]', "line 4: rules.phone.when:", "is there twice"),
    # values of another type or out of range
    (PHONE + 'hold_ms = "a"', "line 4: rules.phone.hold_ms:", "is a text ('a'). Needed: a whole number."),
    (PHONE + "hold_ms = 1.5", "line 4: rules.phone.hold_ms:", "is a number (1.5). Needed: a whole number."),
    (PHONE + "hold_ms = true", "line 4: rules.phone.hold_ms:", "is true or false (true)"),
    (PHONE + "hold_ms = 2026-01-01", "line 4: rules.phone.hold_ms:", "is a date or time"),
    (PHONE + "\nhold_ms = -1", "line 5: rules.phone.hold_ms:", "-1 is out of range. Needed: a whole number from 0"),
    (PHONE + "points = nan", "line 4: rules.phone.points:", "nan is not a finite number"),
    (PHONE + "points = 1e999", "line 4: rules.phone.points:", "inf is not a finite number"),
    (PHONE + "points = " + "9" * 400, "line 4: rules.phone.points:", "is out of range"),
    (PHONE + 'permanent = "yes"', "line 4: rules.phone.permanent:", "Needed: true or false."),
    (PHONE + 'says = ""', "line 4: rules.phone.says:", "Needed: 1 to 80 characters."),
    (PHONE + 'says = "a\\nb"', "line 4: rules.phone.says:", "one line of plain text"),
    (PHONE + 'label = "Pho ne"', "line 4: rules.phone.label:", "Write small letters, digits and _"),
    (PHONE + 'about = "conducts"', "line 4: rules.phone.about:", "Did you mean 'conduct'?"),
    (BASE + "[quality]\nmin_brightness = nan", "line 3: quality.min_brightness:", "not a finite number"),
    (BASE + "schema = 2", "line 2: schema:", "2 is not known. Allowed: 1."),
    (BASE + "rules = 3", "line 2: rules:", "is a whole number (3). Needed: a table."),
    (BASE + "[rules]\nphone = 3", "line 3: rules.phone:", "Needed: a table."),
    (BASE + '[rules."Pho ne"]\nx = 1', "line 2: rules.Pho ne:", "is not a name"),
    (BASE + "classes = []", "line 2: classes:", "is a list ([]). Needed: a table."),
    (BASE + "coverage_floor = 1.5", "line 2: coverage_floor:", "Needed: a number from 0 to 1."),
    (BASE + "[activity]\nalerts = 1\nwindow_ms = 60000", "line 3: activity.alerts:", "a whole number from 2 to 32"),
    # kinds of rules
    (PHONE + 'kind = "held2"', "line 4: rules.phone.kind:", "Did you mean 'held'? Allowed: held, immediate, share"),
    (BASE + '[rules.mine]\nsays = "x"', "line 2: rules.mine.kind:", "is missing. Allowed: held"),
    (BASE + '[rules.mine]\nkind = "held"', "line 2: rules.mine.says:", "Needed by kind 'held': a text."),
    (SHARE + "hold_ms = 3", "line 12: rules.s.hold_ms:", "is no field of kind 'share'"),
    (SHARE.replace("until_share = 0.2", "until_share = 0.6"), "line 10: rules.s.until_share:", "until_share <= share"),
    (SHARE.replace("= 5000", "= 500"), "line 8: rules.s.window_ms:", "a whole number from 1000"),
    (RATE + "shortest_ms = 9\nlongest_ms = 5", "line 13: rules.r.longest_ms:", "below shortest_ms"),
    (RATE + "shortest_ms = 9", "line 12: rules.r.shortest_ms:", "Give longest_ms, too."),
    (RATE.replace("starts = 3", "starts = 1"), "line 9: rules.r.starts:", "from 2 to 16"),
    (PARTS + f"parts = [{PEN}]", "line 9: rules.c.parts:", "has 1 elements. Needed: 2 to 8."),
    (PARTS + f"parts = [\n{PEN},\n{{ says = 1, when = [] }},\n]", "line 11: rules.c.parts[1].says:", "Needed: a text"),
    (PARTS + f"parts = [\n{PEN},\n{PEN.replace('pen,', 'pen').replace('0.5', '2')},\n]", "line 11:", "never reaches 2"),
    (
        PARTS + f'parts = [{PEN}, {PEN}]\nonly_if = [{{ signal = "frozen", at_most = 0 }}]',
        "line 10: rules.c.only_if:",
        "does not go with parts",
    ),
    (CALIBRATION + 'share = 0.5\nrefused = ["no_fase"]', "line 9: rules.k.refused[0]:", "Did you mean 'no_face'?"),
    (CALIBRATION + 'share = 0\nrefused = ["no_face"]', "line 8: rules.k.share:", "a number above 0 to 1"),
    # comparisons
    (WHEN + '"phone", at_least = 1 }]', "line 4: rules.phone.when[0].signal:", "object:<label>"),
    (WHEN + '"object:fone", at_least = 1 }]', "line 4: rules.phone.when[0].signal:", "Did you mean 'phone'?"),
    (WHEN + '"head_yow", at_least = 1 }]', "line 4: rules.phone.when[0].signal:", "Did you mean 'head_yaw'?"),
    (WHEN + '"object:pen" }]', "line 4: rules.phone.when[0]:", "either at_least or at_most"),
    (WHEN + '"object:pen", at_least = 0.5, at_most = 0.6 }]', "line 4: rules.phone.when[0]:", "either"),
    (WHEN + '"object:pen", at_least = 0.5, until = 0.6 }]', "line 4: rules.phone.when[0].until:", "wrong side"),
    (WHEN + '"eye_openness", at_most = 0.5, until = 0.4 }]', "line 4: rules.phone.when[0].until:", "wrong side"),
    (WHEN + '"object:pen", at_least = 50 }]', "line 4: rules.phone.when[0].at_least:", "never reaches 50"),
    (
        WHEN + '"object:pen", at_least = 0.5, unless = 1 }]',
        "line 4: rules.phone.when[0].unless:",
        "signal, at_least, at_most, until",
    ),
    (
        WHEN + '"object:pen", at_least = 0.5 },\n { signal = "head_yaw", at_least = 9 }]',
        "line 4: rules.phone.when:",
        "several detectors",
    ),
    (WHEN + '"object:pen", at_least = 0.5 },\n { signal = 3 }]', "line 5: rules.phone.when[1].signal:", "a text"),
    (PHONE + "when = []", "line 4: rules.phone.when:", "has 0 elements. Needed: 1 to 16."),
    (
        PHONE + 'only_if = [{ signal = "object:pen", at_most = 0.5, until = 0.6 }]',
        "line 4: rules.phone.only_if[0].until:",
        "means nothing here",
    ),
    (PHONE + 'trust = [{ signal = "brightness" }]', "line 4: rules.phone.trust[0]:", "either at_least or at_most"),
    (
        PHONE + 'trust = [{ signal = "brightness", at_least = 9 }]',
        "line 3: rules.phone.when:",
        "several detectors",
    ),
    # attention, classes
    (BASE + "[attention.deviations]\nroll = { free = 1, lost = 2 }", "line 3: attention.deviations.roll:", "head_yaw"),
    (
        BASE + "[attention.deviations]\nhead_yaw = { free = 9, lost = 2 }",
        "line 3: attention.deviations.head_yaw:",
        "free < lost",
    ),
    (BASE + "[attention]\nlevels = { A = 200 }", "line 3: attention.levels.A:", "0 to 100"),
    (BASE + "[attention]\nlevels = { A = 2, B = 2 }", "line 3: attention.levels:", "Give each its own"),
    (BASE + "[attention]\nlevels = {}", "line 3: attention.levels:", "is empty"),
    (BASE + "[classes]\nborderline = 0.9", "line 2: classes:", "borderline < suspicious < high_risk"),
    # inheritance
    ('extends = "defualt"', "line 1: extends:", "Did you mean 'default'?"),
    ('extends = "../default.toml"', "line 1: extends:", "Allowed: attention"),
    ("extends = 3", "line 1: extends:", "Needed: a text."),
    ('extends = "mine.toml"', "line 1: extends:", "goes in a circle: mine.toml > mine.toml"),
    (BASE + 'keep_rules = ["phon"]', "line 2: keep_rules[0]:", "Did you mean 'phone'?"),
    (BASE + 'keep_rules = "phone"', "line 2: keep_rules:", "Needed: a list."),
    ('keep_rules = ["phone"]', "line 1: keep_rules:", "means nothing without extends"),
    ("schema = 1", "mine.toml: document:", 'Begin with extends = "default"'),
    # TOML itself
    ("a =\nb = 1", "mine.toml, line 1:", "not valid TOML: invalid value"),
    ("[rules", "mine.toml, line 1:", "not valid TOML: expected ']'"),
    ("a = " + "[" * 4000, "mine.toml:", "nested too deeply"),
    ("a = " + "9" * 5000, "mine.toml:", "thousands of digits"),
]


@pytest.mark.parametrize(("text", "place", "words"), MISTAKES)
def test_a_mistake_names_line_key_and_what_is_allowed(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    found = [str(error) for error in examine_policy(str(path)).errors]
    assert any(place in one and words in one for one in found), found
    assert all("mine.toml" in one for one in found)
    with pytest.raises(InputError, match=r"mine\.toml"):
        read_policy(str(path))


def test_all_mistakes_are_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        BASE
        + 'keep_rules = ["phone", "talking", "nobody"]\ncoverage_floor = 2\n[rules.phone]\nhold = 1\npoints = "x"\n'
        + '[rules.talking]\nuntil_share = 0.9\n[rules.new]\nkind = "rat"\n'
    )
    places = [str(error).split(": ")[1] for error in examine_policy(str(path)).errors]
    assert sorted(places) == [
        "coverage_floor",
        "keep_rules[2]",
        "rules.new.kind",
        "rules.phone.hold",
        "rules.phone.points",
        "rules.talking.until_share",
    ]


def test_a_circle_over_several_files_is_named(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.toml").write_text(f'extends = "{base}.toml"')
    (error,) = examine_policy(str(tmp_path / "a.toml")).errors
    assert "c.toml, line 1: extends: goes in a circle: a.toml > b.toml > c.toml > a.toml" in str(error)


def test_a_line_of_inheritance_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "p0.toml").write_text(BASE)
    for number in range(1, 20):
        (tmp_path / f"p{number}.toml").write_text(f'extends = "p{number - 1}.toml"')
    assert examine_policy(str(tmp_path / "p5.toml")).errors == ()
    (error,) = examine_policy(str(tmp_path / "p19.toml")).errors
    assert "rest on each other" in str(error)


def test_a_mistake_of_the_inherited_file_is_told_of_that_file(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(BASE + "[rules.phone]\nhold_ms = -1")
    (tmp_path / "mine.toml").write_text('extends = "house.toml"')
    (error,) = examine_policy(str(tmp_path / "mine.toml")).errors
    assert "house.toml, line 3: rules.phone.hold_ms" in str(error)


def test_files_that_are_no_text_or_too_large_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_policy(str(path))
    path.write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(InputError, match="more than 262144 bytes"):
        read_policy(str(path))
    path.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert read_policy(str(path)).name == "mine"


def test_lines_are_found_in_every_way_of_writing() -> None:
    text = (
        '[rules.a]\nx = 1\n[rules."b"]\nx = 2\n[rules]\nc.x = 3 # y = 1\n[[allow]]\ns = """\nk = 1\n"""\n'
        "t = [\n  { u = 1 },\n  # v\n  { 'v w' = \"x]\" },\n]\n[[allow]]\nt = '''q''''\n"
    )
    assert tomllib.loads(text)["allow"][1] == {"t": "q'"}
    lines = lines_of(text)
    expected = {
        ("rules", "a", "x"): 2,
        ("rules", "b", "x"): 4,
        ("rules", "c", "x"): 6,
        ("allow", "[0]", "s"): 8,
        ("allow", "[0]", "t"): 11,
        ("allow", "[0]", "t", "[0]", "u"): 12,
        ("allow", "[0]", "t", "[1]", "v w"): 14,
        ("allow", "[1]", "t"): 17,
        ("rules", "d"): 5,
        ("score",): 0,
    }
    assert {keys: line_of(lines, keys) for keys in expected} == expected


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_key_of_the_presets_has_its_line(path: Path) -> None:
    """Whatever tomllib reads, the scan has seen: line by line the key stands there."""
    text = path.read_text()
    lines = lines_of(text)
    for keys in _all_keys(tomllib.loads(text)):
        assert keys in lines or keys in {one[: len(keys)] for one in lines}
        if keys in lines and not keys[-1].startswith("["):
            assert keys[-1] in text.split("\n")[lines[keys] - 1]


def _all_keys(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if keys:
        yield keys
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from _all_keys(one, (*keys, key if isinstance(key, str) else f"[{key}]"))


WHOLE: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(read_policy("default")))
PLACES = list(_all_keys(WHOLE))
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(10**5, 10**8),
    st.floats(-2, 2),
    st.sampled_from(["", "held", "share", "conduct", "object:phone", "a b", "x" * 90]),
    st.just([]),
    st.just({}),
    st.just([{"signal": "frozen", "at_least": 1}]),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), ODD)
def test_what_is_complained_of_is_what_cannot_be_read(place: tuple[str, ...], odd: object) -> None:
    """Both ways: without a complaint msgspec reads it, and what it cannot read has a complaint."""
    document = copy.deepcopy(WHOLE)
    at: Any = document
    for key in place[:-1]:
        at = at[int(key[1:-1])] if isinstance(at, list) else at[key]
    if odd is None and isinstance(at, dict):
        del at[place[-1]]
    else:
        at[int(place[-1][1:-1]) if isinstance(at, list) else place[-1]] = odd
    complaints = list(misfits(document, inspect.type_info(PolicyDocument)))
    try:
        msgspec.convert(document, PolicyDocument)
    except msgspec.ValidationError:
        assert complaints
    else:
        assert not complaints
