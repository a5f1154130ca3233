"""Pascal VOC: an XML file a picture, beside it or in `Annotations/` with the pictures in `JPEGImages/`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from ingest.errors import InputError
from triton_models.dataset.coco import by_name
from triton_models.dataset.findings import Finding, Kind
from triton_models.dataset.source_labels import SourceBox, SourcePicture, SourceRead, pictures_in

SIDES = ("xmin", "ymin", "xmax", "ymax")


def read_voc(root: Path, source: str) -> SourceRead:
    """Every picture of a VOC folder."""
    files = sorted(root.rglob("*.xml"))
    if not files:
        raise InputError(str(root), "holds no XML files", "Name a folder in Pascal VOC form, or another format")
    places = by_name(pictures_in(root))
    stems = by_stem(places)
    pictures: dict[Path, SourcePicture] = {}
    findings: list[Finding] = []
    for path in files:
        read = read_file(path, places, stems)
        if read is None:
            findings.append(Finding(Kind.NO_PICTURE, source, str(path.relative_to(root))))
        else:
            pictures[read.path] = read
    silent = [
        SourcePicture(path, labelled=False) for paths in places.values() for path in paths if path not in pictures
    ]
    return SourceRead(tuple(sorted([*pictures.values(), *silent], key=lambda one: one.path)), tuple(findings))


def by_stem(places: Mapping[str, Sequence[Path]]) -> dict[str, list[Path]]:
    """Pictures by their name without the ending: labels are often renamed with their picture, their inside is not."""
    stems: dict[str, list[Path]] = {}
    for paths in places.values():
        for path in paths:
            stems.setdefault(path.stem, []).append(path)
    return stems


def read_file(
    path: Path, places: Mapping[str, Sequence[Path]], stems: Mapping[str, Sequence[Path]]
) -> SourcePicture | None:
    """One XML file with its picture; None where there is no such picture."""
    try:
        document = ET.parse(path).getroot()
    except ET.ParseError as error:
        found = stems.get(path.stem, ())
        return SourcePicture(found[0], faults=(f"{path.name} is no XML: {error}",)) if found else None
    picture = place_of(path, document, places, stems)
    if picture is None:
        return None
    read = [box_of(entry) for entry in document.iter("object")]
    faults = tuple(one for one in read if isinstance(one, str))
    size = (whole(document.findtext("size/width")), whole(document.findtext("size/height")))
    known = size if min(size) > 0 else (0, 0)
    return SourcePicture(picture, tuple(one for one in read if isinstance(one, SourceBox)), known, faults)


def whole(text: str | None) -> int:
    """A whole number, 0 where there is none."""
    return int(text) if text and text.strip().isdigit() else 0


def place_of(
    path: Path,
    document: ET.Element,
    places: Mapping[str, Sequence[Path]],
    stems: Mapping[str, Sequence[Path]],
) -> Path | None:
    """The picture of an XML file: the one of its own name, else the one it names inside; nearest folder first."""
    named = Path((document.findtext("filename") or "").strip().replace("\\", "/")).name
    found = list(stems.get(path.stem, ())) or list(places.get(named, ()))
    near = [one for one in found if one.parent == path.parent or one.parent.parent == path.parent.parent]
    return next(iter([*near, *found]), None)


def box_of(entry: ET.Element) -> SourceBox | str:
    """One `object`; a sentence where it cannot be read. Pixels count from 1 in VOC: left and top are moved by one."""
    name = (entry.findtext("name") or "").strip()
    try:
        left, top, right, bottom = (float(entry.findtext(f"bndbox/{side}") or "") for side in SIDES)
    except ValueError:
        return f"object {name!r} has no readable bndbox"
    if not name:
        return "an object without a name"
    return SourceBox(name, (max(left - 1, min(left, 0)), max(top - 1, min(top, 0)), right, bottom))
