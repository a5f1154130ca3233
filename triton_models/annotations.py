"""Labels as the training set holds them: a class number and a box in shares of the picture's sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError

MEND = "Build the dataset again with `python -m triton_models dataset`"


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """One object: a class number and its box, centre and size as shares (0-1) of the picture's width and height."""

    class_id: int
    cx: float
    cy: float
    w: float
    h: float

    def line(self) -> str:
        """The box as one line of a YOLO label file."""
        return f"{self.class_id} {self.cx:.5f} {self.cy:.5f} {self.w:.5f} {self.h:.5f}"

    def xyxy(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom as shares of the sides."""
        return self.cx - self.w / 2, self.cy - self.h / 2, self.cx + self.w / 2, self.cy + self.h / 2


def box_of_corners(class_id: int, x1: float, y1: float, x2: float, y2: float) -> LabelledBox:
    """A box from left, top, right, bottom in shares, clipped to the picture."""
    left, right = (min(max(x, 0.0), 1.0) for x in (x1, x2))
    top, bottom = (min(max(y, 0.0), 1.0) for y in (y1, y2))
    return LabelledBox(class_id, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def parse_line(line: str) -> LabelledBox:
    """One line of a label file that this package wrote; raises InputError when it is none."""
    try:
        head, *rest = line.split()
        cx, cy, w, h = (float(field) for field in rest)
        return box_of_corners(int(head), cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    except ValueError as error:
        raise InputError("a label line", f"{line!r} is not a class number and a box", MEND) from error


def read_labels(path: Path, class_map: Mapping[int, int] | None = None) -> list[LabelledBox]:
    """The boxes of a label file, those the map knows and renumbered by it; a missing file holds none."""
    if not path.exists():
        return []
    boxes = [parse_line(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if class_map is None:
        return boxes
    kept = [box for box in boxes if box.class_id in class_map]
    return [LabelledBox(class_map[box.class_id], box.cx, box.cy, box.w, box.h) for box in kept]
