"""What a source says of one picture, before anything is believed: class names and corners, in its own measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from triton_models.dataset.findings import Finding

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class SourceBox:
    """One object: class name, left, top, right, bottom in shares of the sides or pixels; whether it was a polygon."""

    name: str
    xyxy: tuple[float, float, float, float]
    polygon: bool = False


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One picture file and its labels.

    `size_px`: width and height that the boxes' pixels refer to, None where boxes are shares (0-1). `faults`: why the
    labels cannot be trusted. `labelled`: whether anything speaks of this picture at all.
    """

    path: Path
    boxes: tuple[SourceBox, ...] = ()
    size_px: tuple[int, int] | None = None
    faults: tuple[str, ...] = ()
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class SourceRead:
    """Every picture of a source, and what is wrong outside of them."""

    pictures: tuple[SourcePicture, ...]
    findings: tuple[Finding, ...] = ()


def pictures_in(root: Path) -> list[Path]:
    """Picture files under a folder, sorted; hidden ones are not looked at."""
    found = (path for path in root.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def around(points: Sequence[float]) -> tuple[float, float, float, float]:
    """The upright box around a polygon x1, y1, x2, y2, ... of at least three points."""
    xs, ys = points[0::2], points[1::2]
    return min(xs), min(ys), max(xs), max(ys)
