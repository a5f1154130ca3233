"""The annotation file: what is read, and every mistake with its line."""

from pathlib import Path

import pytest

from deploy.evaluation.annotations import AnnotationError, Truth, read_annotations
from deploy.evaluation.vocabulary import HAPPENINGS, rules_called, vocabulary
from ingest.errors import InputError
from scoring.rulebook.policy import load_policy
from scoring.rulebook.policy_file import presets
from scoring.rulebook.signals import source_of

LABELS = vocabulary(load_policy("default"))
HEADER = "clip,label,start_s,end_s\n"


def mistakes(tmp_path: Path, text: str, lengths: dict[str, int | str] | None = None) -> list[tuple[int, str]]:
    path = tmp_path / "clips.csv"
    path.write_text(text)
    with pytest.raises(AnnotationError) as caught:
        read_annotations(path, LABELS, (lengths or {}).get)
    return [(one.line, one.why) for one in caught.value.mistakes]


def test_clips_are_read_in_their_order_with_comments_left_out(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    path.write_text(
        "# from somewhere\n\n"
        + HEADER
        + "b.mp4,phone,1,2.5\n # more\na.mp4,none,,\nb.mp4, talking ,0,1\nb.mp4,phone,2.5,3\n"
    )
    read = read_annotations(path, LABELS)
    assert list(read.clips) == ["b.mp4", "a.mp4"]
    assert read.clips["a.mp4"] == ()
    assert read.clips["b.mp4"] == (
        Truth(4, "b.mp4", "phone", 1000, 2500),
        Truth(7, "b.mp4", "talking", 0, 1000),
        Truth(8, "b.mp4", "phone", 2500, 3000),
    )


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a.mp4,phon,1,2", "unknown label 'phon'; did you mean 'phone'?"),
        ("a.mp4,zzz,1,2", "unknown label 'zzz'; see --labels"),
        ("a.mp4,phone,5,2", "ends at 2 s, not after its start at 5 s"),
        ("a.mp4,phone,2,2", "ends at 2 s, not after its start at 2 s"),
        ("a.mp4,phone,nan,2", "start_s is 'nan', not a number"),
        ("a.mp4,phone,1,inf", "end_s is 'inf', not a number"),
        ("a.mp4,phone,-1,2", "start_s is '-1', not a number of seconds from 0"),
        ("a.mp4,phone,,2", "start_s is '', not a number"),
        ("a.mp4,phone,1", "3 columns, not 4"),
        ("a.mp4,phone,1,2,3", "5 columns, not 4"),
        (",phone,1,2", "no clip is named"),
        ("/etc/a.mp4,phone,1,2", "leads out of the folder"),
        ("../a.mp4,phone,1,2", "leads out of the folder"),
        ("a.mp4,none,1,2", "none has no times"),
        ('a.mp4,"phone,1,2', "not a line of CSV"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, row: str, why: str) -> None:
    ((line, told),) = mistakes(tmp_path, f"# comment\n{HEADER}{row}\n")
    assert line == 3
    assert why in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no rows; the first must be clip,label,start_s,end_s"),
        ("# nothing but this\n", "no rows"),
        (HEADER, "no rows below the header"),
        ("clip,label,from,to\na.mp4,phone,1,2\n", "the header is 'clip,label,from,to'"),
        ("a.mp4,phone,1,2\n", "the header is 'a.mp4,phone,1,2'"),
    ],
)
def test_a_file_without_rows_or_header_says_so(tmp_path: Path, text: str, why: str) -> None:
    ((_, told),) = mistakes(tmp_path, text)
    assert why in told


def test_all_mistakes_come_at_once_in_order(tmp_path: Path) -> None:
    """Catches a check that hides the next one."""
    text = (
        HEADER + "a.mp4,talking,1,5\na.mp4,talking,4,6\nb.mp4,phon,1,2\na.mp4,none,,\nc.mp4,phone,3,90\nd.mp4,none,,\n"
    )
    told = mistakes(tmp_path, text, {"c.mp4": 10_000, "d.mp4": "there is no such file"})
    assert sorted(told) == [
        (3, "talking overlaps the one of line 2"),
        (4, "unknown label 'phon'; did you mean 'phone'?"),
        (5, "a.mp4 has talking in line 2 and none here"),
        (6, "phone ends at 90 s, c.mp4 at 10 s"),
        (7, "there is no such file"),
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00clip", None])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clips.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as text"):
        read_annotations(path, LABELS)


def test_the_shipped_annotations_are_in_order() -> None:
    """Catches a label that a change of the policy or of the happenings has taken away."""
    read = read_annotations(Path(__file__).parents[1] / "benchmarks" / "clips.csv", LABELS)
    assert len(read.clips) == 9
    assert read.clips["eyes-centre.mp4"] == ()


def test_every_happening_speaks_of_signals_that_there_are() -> None:
    tests = [test for one in HAPPENINGS for test in one.when]
    assert [test.signal for test in tests if source_of(test.signal) is None] == []
    assert all(one.when or one.measure for one in HAPPENINGS)
    assert all(one.label.isidentifier() and one.label.islower() for one in HAPPENINGS)


@pytest.mark.parametrize("name", presets())
def test_every_rule_of_a_policy_can_be_annotated_by_name_and_label(name: str) -> None:
    policy = load_policy(name)
    words = vocabulary(policy)
    for rule in policy.rules:
        for word in {rule.name, rule.label} - {one.label for one in HAPPENINGS}:
            assert rule in rules_called(policy, words[word].told_by)
