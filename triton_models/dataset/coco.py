"""COCO JSON: one file of images, annotations, categories; pictures beside it or in folders such as images/."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.dataset.findings import Finding, Kind
from triton_models.dataset.source_labels import SourceBox, SourcePicture, SourceRead, around, pictures_in

MEND = "Export the set again as COCO JSON (object detection)"
PARTS = {"images", "annotations", "categories"}


def read_coco(root: Path, source: str) -> SourceRead:
    """Every picture that the JSON files of a folder speak of, and those they do not."""
    files = [path for path in sorted(root.rglob("*.json")) if not path.name.startswith(".")]
    documents = [(path, document) for path in files if (document := document_of(path)) is not None]
    if not documents:
        raise InputError(str(root), "holds no COCO JSON with images, annotations and categories", MEND)
    places = by_name(pictures_in(root))
    pictures: dict[Path, SourcePicture] = {}
    findings: list[Finding] = []
    for path, document in documents:
        read = read_document(path, document, source, places)
        pictures |= {one.path: one for one in read.pictures}
        findings += read.findings
    silent = [
        SourcePicture(path, labelled=False) for paths in places.values() for path in paths if path not in pictures
    ]
    return SourceRead(tuple(sorted([*pictures.values(), *silent], key=lambda one: one.path)), tuple(findings))


def document_of(path: Path) -> Mapping[str, Any] | None:
    """The JSON of a COCO file; None for another kind of JSON."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"not a JSON file: {error}", MEND) from error
    if not isinstance(document, dict) or not set(document) >= PARTS:
        return None
    if not all(isinstance(document[part], list) for part in PARTS):
        raise InputError(str(path), "images, annotations and categories are not all lists", MEND)
    return document


def by_name(pictures: Sequence[Path]) -> dict[str, list[Path]]:
    """Pictures by the name of their file."""
    places: dict[str, list[Path]] = defaultdict(list)
    for picture in pictures:
        places[picture.name].append(picture)
    return places


def read_document(
    path: Path, document: Mapping[str, Any], source: str, places: Mapping[str, Sequence[Path]]
) -> SourceRead:
    """The pictures of one JSON file."""
    try:
        names = {entry["id"]: str(entry["name"]) for entry in document["categories"]}
        images = {entry["id"]: entry for entry in document["images"]}
        boxes: dict[Any, list[SourceBox | str]] = defaultdict(list)
        for entry in document["annotations"]:
            boxes[entry["image_id"]].append(box_of(entry, names))
        lost = [
            Finding(Kind.NO_PICTURE, source, path.name, f"image id {key}", len(boxes[key]))
            for key in boxes.keys() - images.keys()
        ]
        pictures = []
        for key, entry in images.items():
            if (place := place_of(path, str(entry["file_name"]), places)) is None:
                lost.append(Finding(Kind.NO_PICTURE, source, str(entry["file_name"]), f"named in {path.name}"))
                continue
            pictures.append(picture_of(place, entry, boxes[key]))
    except (KeyError, TypeError) as error:
        raise InputError(str(path), f"not COCO: {type(error).__name__} {error}", MEND) from error
    return SourceRead(tuple(pictures), tuple(lost))


def picture_of(path: Path, entry: Mapping[str, Any], read: Sequence[SourceBox | str]) -> SourcePicture:
    """One picture with its boxes and faults."""
    width, height = entry.get("width"), entry.get("height")
    faults = [one for one in read if isinstance(one, str) and one]
    size = None
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        size = (width, height)
    elif read:
        faults.append(f"its size is given as {width}x{height}")
    return SourcePicture(path, tuple(one for one in read if isinstance(one, SourceBox)), size, tuple(faults))


def box_of(entry: Mapping[str, Any], names: Mapping[Any, str]) -> SourceBox | str:
    """One annotation; an empty text for a crowd, which is no object, a sentence where it cannot be read."""
    if entry.get("iscrowd"):
        return ""
    if entry["category_id"] not in names:
        return f"category {entry['category_id']} is none of those named"
    name, box, outline = names[entry["category_id"]], entry.get("bbox"), entry.get("segmentation")
    if isinstance(box, list) and len(box) == 4 and all(isinstance(side, int | float) for side in box):
        x, y, w, h = (float(side) for side in box)
        return SourceBox(name, (x, y, x + w, y + h))
    points = [float(number) for part in outline for number in part] if isinstance(outline, list) else []
    if len(points) >= 6 and len(points) % 2 == 0:
        return SourceBox(name, around(points), polygon=True)
    return f"annotation {entry.get('id')} has neither a bbox nor a polygon"


def place_of(document: Path, name: str, places: Mapping[str, Sequence[Path]]) -> Path | None:
    """The picture that a JSON names: beside it, or the only one of that name, or the one in the likeliest folder."""
    beside = document.parent / name
    if beside.is_file():
        return beside
    found = places.get(Path(name).name, ())
    if len(found) > 1:
        parts = document.stem.split("_")  # instances_train2017.json belongs to train2017/
        found = [path for path in found if path.parent.name in parts or str(path).endswith(f"/{name}")]
    return found[0] if len(found) == 1 else None
