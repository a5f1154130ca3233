"""Labels as YOLO text files hold them: one object a line, a box or a polygon, in shares of the picture's sides.

`class cx cy w h` is a box, `class x1 y1 x2 y2 x3 y3 ...` a polygon; Roboflow exports mix both in one file.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError

MEND = "Correct the label file, or leave it out"
AUGMENTATION_MARK = ".rf."
"""Roboflow writes `<original>.rf.<hash>.jpg`: pictures that share `<original>` show the same thing."""


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


@dataclass(frozen=True, slots=True)
class Split:
    """Names of originals on either side; an original and all its augmentations are on one side only."""

    train: tuple[str, ...]
    held_back: tuple[str, ...]


def box_of_corners(class_id: int, x1: float, y1: float, x2: float, y2: float) -> LabelledBox:
    """A box from left, top, right, bottom in shares, clipped to the picture."""
    left, right = (min(max(x, 0.0), 1.0) for x in (x1, x2))
    top, bottom = (min(max(y, 0.0), 1.0) for y in (y1, y2))
    return LabelledBox(class_id, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def box_of_polygon(class_id: int, points: Sequence[float]) -> LabelledBox:
    """The upright box around a polygon given as x1, y1, x2, y2, ... (at least three points)."""
    if len(points) < 6 or len(points) % 2:
        raise InputError("a label line", f"{len(points)} numbers are neither a box nor a polygon", MEND)
    xs, ys = points[0::2], points[1::2]
    return box_of_corners(class_id, min(xs), min(ys), max(xs), max(ys))


def parse_line(line: str) -> LabelledBox:
    """One label line, box or polygon; raises InputError when it is neither."""
    try:
        head, *rest = line.split()
        class_id, numbers = int(head), [float(field) for field in rest]
    except ValueError as error:
        raise InputError("a label line", f"{line!r} is not a class number and coordinates", MEND) from error
    if len(numbers) == 4:
        cx, cy, w, h = numbers
        return box_of_corners(class_id, cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    return box_of_polygon(class_id, numbers)


def read_labels(path: Path, class_map: Mapping[int, int]) -> list[LabelledBox]:
    """The boxes of a label file whose classes the map knows, renumbered by it; a missing file holds none."""
    if not path.exists():
        return []
    parsed = (parse_line(line) for line in path.read_text().splitlines() if line.strip())
    return [
        LabelledBox(class_map[box.class_id], box.cx, box.cy, box.w, box.h)
        for box in parsed
        if box.class_id in class_map
    ]


def original_of(file_name: str) -> str:
    """The distinct picture that a file shows, whatever augmentation it is."""
    return file_name.split(AUGMENTATION_MARK)[0]


def by_original(pictures: Iterable[Path]) -> dict[str, list[Path]]:
    """Pictures grouped by their original, every group sorted, so that the first of a group is always the same."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for picture in pictures:
        groups[original_of(picture.name)].append(picture)
    return {name: sorted(paths) for name, paths in sorted(groups.items())}


def split_originals(originals: Iterable[str], held_back_share: float, rng: random.Random) -> Split:
    """Shuffle originals and hold a share of them back for measurement."""
    names = sorted(set(originals))
    rng.shuffle(names)
    count = int(len(names) * held_back_share)
    return Split(train=tuple(names[count:]), held_back=tuple(names[:count]))
