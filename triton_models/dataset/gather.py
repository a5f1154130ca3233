"""Sources read, checked and named: what is left of each can be trained on, what is not is a finding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.dataset.box_checks import Checked, check_picture
from triton_models.dataset.coco import read_coco
from triton_models.dataset.findings import Finding, Kind
from triton_models.dataset.likeness import Look, look_of
from triton_models.dataset.naming import Naming, naming_of
from triton_models.dataset.picture_files import PictureFile, read_file, write_jpeg
from triton_models.dataset.recipe import EVERY, Recipe, Source
from triton_models.dataset.source_labels import SourcePicture, SourceRead
from triton_models.dataset.split import drawn, original_of
from triton_models.dataset.teacher import Teacher
from triton_models.dataset.voc import read_voc
from triton_models.dataset.yolo import read_yolo
from triton_models.making.examples import OTHER
from triton_models.making.frames import video_files, video_frames
from triton_models.progress import Progress

FRAME_QUALITY = 95
UNUSABLE = frozenset({Kind.PICTURE_BROKEN, Kind.LABELS_BROKEN})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture that can be trained on: where it is, which original it shows, its boxes by the recipe's labels.

    `others`: boxes of what the recipe has no label for. `complete_for`: labels of which no object is unlabelled.
    """

    source: Source
    path: Path
    original: str
    boxes: tuple[LabelledBox, ...]
    others: tuple[LabelledBox, ...]
    complete_for: frozenset[str]
    look: Look


@dataclass(frozen=True, slots=True)
class Context:
    """What every source needs: the recipe, the folder its paths start from, a folder for frames, the teacher."""

    recipe: Recipe
    folder: Path
    scratch: Path
    teacher: Teacher | None


def gather(source: Source, context: Context) -> tuple[list[Prepared], list[Finding]]:
    """All of one source; raises InputError when it is not there, not of its format, or mostly unusable."""
    read = read_source(source, context)
    if not read.pictures:
        raise InputError(f"source {source.name}", "holds no pictures", "Check its path and format")
    names = (box.name for picture in read.pictures for box in picture.boxes)
    naming = naming_of(source, names, context.folder)
    findings = list(read.findings)
    kept: list[Prepared] = []
    progress = Progress(f"{source.name}: pictures")
    wanted = chosen(read.pictures, source, context.recipe.seed)
    looked_at = 0
    for picture in wanted:
        if source.most and len(kept) >= source.most:
            findings.append(Finding(Kind.SURPLUS, source.name, "", f"at most {source.most}", len(wanted) - looked_at))
            break
        prepared, found = prepare(picture, source, naming, context)
        findings += found
        kept += [prepared] if prepared else []
        looked_at += 1
        progress.at(looked_at, len(wanted))
    complain_if_unusable(source, findings, looked_at, context.recipe.most_unusable)
    return kept, findings


def read_source(source: Source, context: Context) -> SourceRead:
    """The labels of a source in whatever form it has."""
    if source.format == "rendered":
        return read_yolo(rendered(source, context.scratch), source.name, ("phone",))
    root = context.folder / source.path
    if not root.exists():
        raise InputError(f"source {source.name}", f"{root} does not exist", "Correct its path: it starts at the recipe")
    if source.format == "video":
        return SourceRead(tuple(frames(root, source, context.scratch)))
    if not root.is_dir():
        raise InputError(f"source {source.name}", f"{root} is no folder", "Unpack it, and name the folder")
    if source.format == "coco":
        return read_coco(root, source.name)
    return read_voc(root, source.name) if source.format == "voc" else read_yolo(root, source.name, source.names)


def rendered(source: Source, scratch: Path) -> Path:
    """A folder with frames of rendered exams."""
    from triton_models.making.rendered import render

    folder = scratch / source.name
    render(folder, source.first_seed, source.seeds)
    return folder


def frames(root: Path, source: Source, scratch: Path) -> Iterator[SourcePicture]:
    """Frames of a video, or of every video of a folder, written as pictures; frames of one video are one original."""
    for video in video_files(root):
        for index, frame in enumerate(video_frames(video, source.step_ms)):
            path = scratch / source.name / f"{video.stem}.rf.{index:05d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_jpeg(path, frame, FRAME_QUALITY)
            yield SourcePicture(path)


def chosen(pictures: Sequence[SourcePicture], source: Source, seed: int) -> list[SourcePicture]:
    """One picture an original where the recipe says so; in an order drawn by name where not all are wanted."""
    wanted = list(pictures)
    if source.one_per_original and source.format != "video":
        wanted = list({original_of(one.path.name): one for one in reversed(wanted)}.values())[::-1]
    return sorted(wanted, key=lambda one: drawn(one.path.name, seed)) if source.most else wanted


def prepare(
    picture: SourcePicture, source: Source, naming: Naming, context: Context
) -> tuple[Prepared | None, list[Finding]]:
    """One picture checked and labelled; None where it is left out, with the reason among the findings."""
    name = picture.path.name

    def found(kind: Kind, reason: str = "", count: int = 1) -> Finding:
        return Finding(kind, source.name, name, reason, count)

    file = read_file(picture.path)
    if isinstance(file, str):
        return None, [found(Kind.PICTURE_BROKEN, file)]
    if not picture.labelled and source.unlabelled == "leave_out":
        return None, [found(Kind.UNLABELLED)]
    height, width = file.pixels.shape[:2]
    checked = check_picture(picture, file.stored_px, (width, height), source.outside)
    if checked.fault:
        return None, [found(Kind.LABELS_BROKEN, checked.fault)]
    notes = [found(kind, reason) for kind, reason in checked.notes]
    notes += [] if picture.labelled else [found(Kind.BACKGROUND)]
    notes += [found(Kind.CONVERTED, file.converted)] if file.converted else []
    notes += [found(Kind.BOX_IGNORED, box) for box, _ in checked.boxes if box in naming.ignored]
    return labelled(picture.path, file, checked, source, naming, context), notes


def labelled(
    path: Path, file: PictureFile, checked: Checked, source: Source, naming: Naming, context: Context
) -> Prepared:
    """The picture with its boxes numbered, and the teacher's for what the source leaves unlabelled."""
    labels = context.recipe.labels
    own: list[LabelledBox] = []
    others: list[LabelledBox] = []
    for name, corners in checked.boxes:
        label = naming.labels.get(name)
        box = box_of_corners(labels.index(label) if label in labels else OTHER, *corners)
        (own if box.class_id != OTHER else others).append(box)
    if context.teacher and source.teacher_for:
        own += context.teacher.labels(file.pixels, frozenset(source.teacher_for), labels)
    complete = frozenset(labels) if EVERY in source.complete_for else frozenset(source.complete_for)
    original = f"{source.name}/{original_of(path.name)}"
    return Prepared(source, path, original, tuple(own), tuple(others), complete, look_of(file.pixels))


def complain_if_unusable(source: Source, findings: Sequence[Finding], total: int, most: float) -> None:
    """Raise InputError when so much of a source cannot be used that its recipe must be wrong."""
    bad = [finding for finding in findings if finding.kind in UNUSABLE]
    if bad and len(bad) > total * most:
        first = f"{bad[0].file}: {bad[0].reason}"
        mend = "Check its format, names and pictures; `most_unusable` in the recipe sets the limit"
        raise InputError(
            f"source {source.name}", f"{len(bad)} of {total} pictures cannot be used, such as {first}", mend
        )
