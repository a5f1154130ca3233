"""YOLO folders: `.../images/x.jpg` with `.../labels/x.txt`, class names in `data.yaml` or `classes.txt`.

Roboflow writes train/images and train/labels, Ultralytics images/train and labels/train; both follow one rule: the last
folder named `images` becomes `labels`. A picture beside its text file in one folder is read as well.
"""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from ingest.errors import InputError
from triton_models.dataset.findings import Finding, Kind
from triton_models.dataset.source_labels import SourceBox, SourcePicture, SourceRead, around, pictures_in

NO_LABELS = frozenset(
    {"classes.txt", "README.txt", "README.dataset.txt", "README.roboflow.txt", "train.txt", "val.txt"}
)
BLOCK_ITEM = re.compile(r"^\s*(?:-\s*|(\d+)\s*:\s*)(.+?)\s*$")


def read_yolo(root: Path, source: str, names: Sequence[str]) -> SourceRead:
    """Every picture of a YOLO folder; `names` are the class names in order where the recipe gives them."""
    known = tuple(names) or class_names(root)
    pictures = pictures_in(root)
    labels = {picture: label_file(picture) for picture in pictures}
    orphans = sorted(text_labels(root) - set(labels.values()))
    findings = [Finding(Kind.NO_PICTURE, source, str(path.relative_to(root))) for path in orphans]
    return SourceRead(tuple(read_one(path, labels[path], known) for path in pictures), tuple(findings))


def label_file(picture: Path) -> Path:
    """Where the labels of a picture stand."""
    parts = list(picture.parts)
    places = [index for index, part in enumerate(parts[:-1]) if part == "images"]
    if places:
        parts[places[-1]] = "labels"
    return Path(*parts).with_suffix(".txt")


def text_labels(root: Path) -> set[Path]:
    """Label files under a folder."""
    return {path for path in root.rglob("*.txt") if path.name not in NO_LABELS}


def read_one(picture: Path, label: Path, names: Sequence[str]) -> SourcePicture:
    """A picture with the boxes of its label file."""
    if not label.is_file():
        return SourcePicture(picture, labelled=False)
    try:
        lines = [line for line in label.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        return SourcePicture(picture, faults=(f"{label.name} is no text file: {error}",))
    read = [read_line(line, names) for line in lines]
    faults = tuple(f"line {number}: {one}" for number, one in enumerate(read, 1) if isinstance(one, str))
    return SourcePicture(picture, tuple(one for one in read if isinstance(one, SourceBox)), faults=faults)


def read_line(line: str, names: Sequence[str]) -> SourceBox | str:
    """One label line, `class cx cy w h` or `class x1 y1 x2 y2 x3 y3 ...`; a sentence where it is neither."""
    try:
        head, *rest = line.split()
        class_id, numbers = int(head), [float(field) for field in rest]
    except ValueError:
        return f"{line[:60]!r} is not a class number and coordinates"
    if class_id < 0 or (names and class_id >= len(names)):
        return f"class {class_id} is none of the {len(names)} named"
    name = names[class_id] if names else str(class_id)
    if len(numbers) == 4:
        cx, cy, w, h = numbers
        return SourceBox(name, (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2))
    if len(numbers) < 6 or len(numbers) % 2:
        return f"{len(numbers)} numbers are neither a box nor a polygon"
    return SourceBox(name, around(numbers), polygon=True)


def class_names(root: Path) -> tuple[str, ...]:
    """Names from `data.yaml` (or another .yaml with `names`) or `classes.txt`; empty where there are none."""
    for path in sorted(root.glob("*.y*ml")):
        if names := names_of_yaml(path.read_text(encoding="utf-8", errors="replace"), path):
            return names
    listed = root / "classes.txt"
    return tuple(listed.read_text(encoding="utf-8").split("\n")[:-1]) if listed.is_file() else ()


def names_of_yaml(text: str, path: Path) -> tuple[str, ...]:
    """The value of `names`, in the three ways exports write it: [a, b], a list of lines, lines with numbers."""
    start = re.search(r"^names\s*:[ \t]*(.*)$", text, re.MULTILINE)
    if not start:
        return ()
    if start.group(1).strip():
        return names_of_flow(start.group(1) + text[start.end() :], path)
    found: dict[int, str] = {}
    for line in text[start.end() :].lstrip("\n").splitlines():
        if not (item := BLOCK_ITEM.match(line)):
            break
        found[int(item.group(1) or len(found))] = item.group(2).strip("'\"")
    return tuple(found[index] for index in sorted(found))


def names_of_flow(text: str, path: Path) -> tuple[str, ...]:
    """Names written within brackets: [a, 'b c'] or {0: a, 1: b}."""
    inside = re.match(r"\s*[\[{](.*?)[\]}]", text, re.DOTALL)
    if not inside:
        mend = "Write it as names: [first, second], or give `names` in the recipe"
        raise InputError(str(path), "its `names` cannot be read", mend)
    items = [item.strip() for item in inside.group(1).replace("\n", " ").split(",") if item.strip()]
    return tuple(unquoted(re.sub(r"^\d+\s*:\s*", "", item)) for item in items)


def unquoted(text: str) -> str:
    """The text without the quotes YAML allows round it."""
    return str(ast.literal_eval(text)) if text[:1] in "'\"" and text[-1:] == text[:1] and len(text) > 1 else text
