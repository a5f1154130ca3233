"""A labelling set on disk: pictures, the model's boxes as a first draft, and why each picture is there.

OUT/images, OUT/labels (YOLO), `classes.txt`, `manifest.csv`; corrected, the folder is a `yolo` source of a recipe.
"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError
from triton_models.annotations import LabelledBox
from triton_models.dataset.picture_files import write_jpeg
from triton_models.labelling.doubts import Doubt, worth
from triton_models.labelling.frames import QUALITY, Frame
from triton_models.making.composites import Picture

COLUMNS = ("file", "group", "seq", "time_ms", "worth", "reasons", "labels", "why")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One picture of the set."""

    frame: Frame
    picture: Picture
    boxes: Sequence[LabelledBox]
    doubts: Sequence[Doubt]

    def row(self) -> Mapping[str, str]:
        """Its line of manifest.csv, the strongest doubt first."""
        ordered = sorted(self.doubts, key=lambda doubt: -worth([doubt]))
        reasons = dict.fromkeys(str(doubt.reason) for doubt in ordered)
        labels = dict.fromkeys(doubt.label for doubt in ordered if doubt.label)
        place = (f"images/{self.frame.key}.jpg", self.frame.group, str(self.frame.seq), str(self.frame.time_ms))
        said = (
            f"{worth(self.doubts):.3f}",
            " ".join(reasons),
            " ".join(labels),
            "; ".join(doubt.why for doubt in ordered),
        )
        return dict(zip(COLUMNS, (*place, *said), strict=True))


def check_place(out: Path) -> None:
    """Raise InputError when something stands there already: corrected labels must not be written over."""
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise InputError(str(out), "is not empty", "Name a new folder: labels may have been corrected there")


def write_set(out: Path, chosen: Sequence[Chosen], labels: Sequence[str]) -> None:
    """Write the set; whole or not at all."""
    unfinished = out.with_name(f"{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for folder in ("images", "labels"):
        (unfinished / folder).mkdir(parents=True)
    for one in chosen:
        write_jpeg(unfinished / "images" / f"{one.frame.key}.jpg", one.picture, QUALITY)
        lines = "".join(f"{box.line()}\n" for box in one.boxes)
        (unfinished / "labels" / f"{one.frame.key}.txt").write_text(lines, encoding="utf-8")
    (unfinished / "classes.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    with (unfinished / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(one.row() for one in chosen)
    if out.exists():
        out.rmdir()
    unfinished.replace(out)
