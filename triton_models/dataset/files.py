"""The training set on disk, as Ultralytics reads it, and beside it what it was made of.

OUT/{train,val}/{images,labels}/, `train.txt` (a picture stands there as often as an epoch sees it), `data.yaml`,
`pictures.csv` (file, part, source, original, complete_for, labels, times), `manifest.json` (labels, class weights,
counts, sources with licence and credit, what was left out).
"""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ingest.errors import InputError
from triton_models.annotations import LabelledBox
from triton_models.dataset.fitting import letterboxed, shrunk
from triton_models.dataset.picture_files import write_jpeg
from triton_models.making.composites import Picture

Part = Literal["train", "val"]
MANIFEST, PICTURES, TRAIN_LIST = "manifest.json", "pictures.csv", "train.txt"
COLUMNS = ("file", "part", "source", "original", "complete_for", "labels", "times")
JPEG_QUALITY = 92
REBUILD = "Build it with `python -m triton_models dataset RECIPE.toml OUT`"


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture to write: of which source and original, its labels, how often an epoch sees it."""

    name: str
    part: Part
    source: str
    original: str
    picture: Picture
    boxes: Sequence[LabelledBox]
    complete_for: frozenset[str]
    times: int = 1


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes entries one by one and keeps the list of them."""

    root: Path
    labels: Sequence[str]
    size_px: int
    letterbox: bool
    rows: list[dict[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def put(self, entry: Entry) -> None:
        """One picture at the set's size, its label file, its row."""
        picture, boxes = self.fitted(entry)
        name = f"{entry.name}.jpg"
        for folder in ("images", "labels"):
            (self.root / entry.part / folder).mkdir(parents=True, exist_ok=True)
        place = self.root / entry.part / "images" / name
        write_jpeg(place, picture, JPEG_QUALITY)
        lines = "".join(f"{box.line()}\n" for box in boxes)
        (self.root / entry.part / "labels" / f"{entry.name}.txt").write_text(lines, encoding="utf-8")
        self.rows.append(self.row(entry, f"{entry.part}/images/{name}"))
        self.counts[f"{entry.part} pictures"] += 1
        self.counts.update(f"{entry.part} {self.labels[box.class_id]}" for box in boxes)

    def fitted(self, entry: Entry) -> tuple[Picture, list[LabelledBox]]:
        """Picture and boxes at the set's size."""
        if self.letterbox:
            return letterboxed(entry.picture, list(entry.boxes), self.size_px)
        return shrunk(entry.picture, self.size_px), list(entry.boxes)

    def row(self, entry: Entry, file: str) -> dict[str, str]:
        """The entry's line of pictures.csv."""
        shown = sorted({self.labels[box.class_id] for box in entry.boxes})
        complete = [label for label in self.labels if label in entry.complete_for]
        values = (file, entry.part, entry.source, entry.original, " ".join(complete), " ".join(shown), str(entry.times))
        return dict(zip(COLUMNS, values, strict=True))


def file_name(source: str, original: str, path: Path) -> str:
    """A name no other picture has, whatever two folders call theirs."""
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in original.split("/")[-1])
    return f"{source}_{plain[:60]}_{digest}"


def write_lists(writer: Writer, manifest: Mapping[str, Any]) -> None:
    """Everything beside the pictures."""
    rows = sorted(writer.rows, key=lambda row: row["file"])
    listed = [f"./{row['file']}\n" for row in rows if row["part"] == "train" for _ in range(int(row["times"]))]
    (writer.root / TRAIN_LIST).write_text("".join(listed), encoding="utf-8")
    names = "".join(f"  {number}: {label}\n" for number, label in enumerate(writer.labels))
    text = f"# Made by `python -m triton_models dataset`.\ntrain: {TRAIN_LIST}\nval: val/images\nnames:\n{names}"
    (writer.root / "data.yaml").write_text(text, encoding="utf-8")
    with (writer.root / PICTURES).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (writer.root / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(dataset: Path) -> dict[str, Any]:
    """The manifest of a training set; raises InputError when this is none."""
    try:
        manifest = json.loads((dataset / MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or not manifest.get("labels"):
            raise InputError(str(dataset / MANIFEST), "names no labels", REBUILD)
    except (OSError, ValueError) as error:
        raise InputError(str(dataset), f"no training set of this package: {error}", REBUILD) from error
    return manifest


def read_rows(dataset: Path) -> list[dict[str, str]]:
    """The rows of pictures.csv; raises InputError when they cannot be read."""
    try:
        with (dataset / PICTURES).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(dataset / PICTURES), f"cannot be read: {error}", REBUILD) from error
    if rows and set(COLUMNS) - set(rows[0]):
        raise InputError(str(dataset / PICTURES), "lacks columns", REBUILD)
    return rows
