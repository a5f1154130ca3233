"""Label lines of the training set itself. Without it a box moves between writing and reading."""

from pathlib import Path

import pytest

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, box_of_corners, parse_line, read_labels


def near(box: LabelledBox, *expected: float) -> bool:
    return (box.cx, box.cy, box.w, box.h) == pytest.approx(expected)


def test_a_box_half_outside_is_clipped() -> None:
    assert near(parse_line("1 0.0 0.5 0.4 1.0"), 0.1, 0.5, 0.2, 1.0)


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
    assert [box.class_id for box in read_labels(path)] == [0, 1, 7]


def test_a_picture_without_a_label_file_shows_nothing(tmp_path: Path) -> None:
    assert read_labels(tmp_path / "none.txt") == []
