"""Label lines, class maps and the split by original. Without it a phone's box is wrong, or the measure is a lie."""

from pathlib import Path
from random import Random

import pytest

from ingest.errors import InputError
from triton_models.annotations import (
    LabelledBox,
    box_of_corners,
    by_original,
    original_of,
    parse_line,
    read_labels,
    split_originals,
)


def near(box: LabelledBox, *expected: float) -> bool:
    return (box.cx, box.cy, box.w, box.h) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1 0.5 0.5 0.2 0.4", (0.5, 0.5, 0.2, 0.4)),
        ("1 0.1 0.2 0.3 0.2 0.3 0.8 0.1 0.8", (0.2, 0.5, 0.2, 0.6)),  # a rectangle as a polygon
        ("1 0.5 0.1 0.9 0.9 0.2 0.4", (0.55, 0.5, 0.7, 0.8)),  # a triangle: the smallest upright box
        ("1 0.0 0.5 0.4 1.0", (0.1, 0.5, 0.2, 1.0)),  # half outside the picture: clipped
    ],
)
def test_a_line_becomes_the_box_around_what_it_draws(line: str, expected: tuple[float, ...]) -> None:
    assert parse_line(line).class_id == 1
    assert near(parse_line(line), *expected)


@pytest.mark.parametrize("line", ["phone 0.5 0.5 0.1 0.1", "1 0.5 0.5 0.1", "1 0.1 0.2 0.3 0.2 0.3", "1 a b c d"])
def test_a_broken_line_is_named(line: str) -> None:
    with pytest.raises(InputError, match="label line"):
        parse_line(line)


def test_a_written_box_reads_back() -> None:
    box = box_of_corners(3, 0.12, 0.25, 0.5, 0.75)
    assert near(parse_line(box.line()), box.cx, box.cy, box.w, box.h)


def test_only_mapped_classes_are_read_and_renumbered(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.2 0.2\n\n7 0.5 0.5 0.3 0.3\n")
    boxes = read_labels(path, {1: 0, 7: 4})
    assert [box.class_id for box in boxes] == [0, 4]
    assert [box.w for box in boxes] == pytest.approx([0.2, 0.3])


def test_a_picture_without_a_label_file_shows_nothing(tmp_path: Path) -> None:
    assert read_labels(tmp_path / "none.txt", {1: 0}) == []


def test_augmentations_share_their_original() -> None:
    assert original_of("cat_jpg.rf.0aa1.jpg") == original_of("cat_jpg.rf.9bb2.jpg") == "cat_jpg"
    assert original_of("cat.jpg") != original_of("dog.jpg")


def test_no_original_is_on_both_sides() -> None:
    pictures = [
        Path(f"set/{part}/o{n}_jpg.rf.{a}.jpg") for part in ("train", "valid") for n in range(50) for a in "abc"
    ]
    groups = by_original(pictures)
    split = split_originals(groups, 0.12, Random(0))
    assert len(split.held_back) == 6
    assert not set(split.train) & set(split.held_back)
    assert set(split.train) | set(split.held_back) == {f"o{n}_jpg" for n in range(50)}
    assert all(len(group) == 6 for group in groups.values())


def test_the_split_does_not_depend_on_the_order_of_files() -> None:
    names = [f"o{n}" for n in range(40)]
    assert split_originals(names, 0.25, Random(0)) == split_originals(names[::-1], 0.25, Random(0))
