"""The whole way from a recipe to a training set on disk. The same recipe, files and seed give the same set."""

import hashlib
import shutil
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from ingest.errors import InputError
from triton_models.annotations import LabelledBox
from triton_models.dataset.balance import class_weights
from triton_models.dataset.critics import Critic, critics_of
from triton_models.dataset.files import MANIFEST, Entry, Part, Writer, file_name, write_lists
from triton_models.dataset.findings import Finding, counted
from triton_models.dataset.gather import Context, Prepared, gather
from triton_models.dataset.picture_files import read_file
from triton_models.dataset.recipe import Recipe, read_recipe
from triton_models.dataset.report import write_report
from triton_models.dataset.sorting import Sides, boxes_by_label, repeats, sides_of
from triton_models.dataset.teacher import Teacher
from triton_models.dataset.twins import without_twins
from triton_models.making.composites import Picture
from triton_models.making.examples import Example
from triton_models.making.pasting import Pool
from triton_models.making.stages import check_donors, check_pool, made
from triton_models.progress import Progress


def build(recipe_path: Path, out: Path, mistakes_of: Sequence[Path] = ()) -> dict[str, Any]:
    """Build a training set; gives its manifest. What stood at `out` stays until the new one is whole.

    `mistakes_of`: models whose mistakes choose what the recipe's `make.mistakes` makes.
    Raises: InputError when recipe, source or model cannot be used, or `out` holds something else.
    """
    recipe = read_recipe(recipe_path)
    critics = critics_of(mistakes_of, recipe, recipe_path)
    check_place(out)
    unfinished = out.with_name(f"{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        manifest = write(recipe, recipe_path, unfinished, critics)
        shutil.rmtree(out, ignore_errors=True)
        unfinished.replace(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def check_place(out: Path) -> None:
    """Raise InputError when building there would remove what is no training set."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise InputError(str(out), "holds something that is no training set", "Name a new folder, or an older set")
    out.parent.mkdir(parents=True, exist_ok=True)


def write(recipe: Recipe, recipe_path: Path, root: Path, critics: Sequence[Critic]) -> dict[str, Any]:
    """Everything of a set, under `root`."""
    scratch = root / "scratch"
    scratch.mkdir(parents=True)
    folder = recipe_path.resolve().parent
    context = Context(recipe, folder, scratch, teacher_of(recipe, folder))
    pictures, findings = gather_all(recipe, context)
    kept, twins = without_twins(pictures, recipe.labels, recipe.duplicate_bits)
    sides, leaks = sides_of(kept, recipe)
    if not sides.train or not sides.val:
        empty = "learned from" if not sides.train else "held back"
        raise InputError(str(recipe_path), f"no picture is left to be {empty}", "Add pictures, or change the shares")
    writer = Writer(root, recipe.labels, recipe.size_px, recipe.letterbox)
    times, factors = repeats(sides.train, recipe)
    write_pictures(writer, "val", sides.val, [1] * len(sides.val))
    write_pictures(writer, "train", sides.train, times)
    write_made(writer, sides, recipe, critics)
    shutil.rmtree(scratch)
    manifest = manifest_of(recipe, recipe_path, sides, writer, [*findings, *twins, *leaks], dict(factors))
    manifest["mistakes_of"] = [{"model": critic.name, "sha256": critic.sha256} for critic in critics]
    write_lists(writer, manifest)
    write_report(root, manifest, [*findings, *twins, *leaks])
    return manifest


def teacher_of(recipe: Recipe, folder: Path) -> Teacher | None:
    """The teacher that the recipe names."""
    if recipe.teacher is None:
        return None
    return Teacher.load(folder / recipe.teacher.weights, recipe.teacher.confidence)


def gather_all(recipe: Recipe, context: Context) -> tuple[list[Prepared], list[Finding]]:
    """All sources, in the order of the recipe."""
    pictures: list[Prepared] = []
    findings: list[Finding] = []
    for source in recipe.source:
        kept, found = gather(source, context)
        pictures += kept
        findings += found
    return pictures, findings


def pixels_of(picture: Prepared) -> Picture:
    """The picture again; it was read once already, so that it can be read is no question."""
    file = read_file(picture.path)
    if isinstance(file, str):
        raise InputError(str(picture.path), f"changed while it was used: {file}", "Build the set again")
    return file.pixels


def name_of(picture: Prepared) -> str:
    """The name of a picture's files in the set."""
    place = Path(picture.source.name, *picture.path.parts[-3:])
    return file_name(picture.source.name, picture.original, place)


def write_pictures(writer: Writer, part: Part, pictures: Sequence[Prepared], times: Sequence[int]) -> None:
    """The pictures of one side; one that is seen zero times is left out."""
    wanted = [(picture, count) for picture, count in zip(pictures, times, strict=True) if count]
    for picture, count in Progress(f"writing {part}: pictures").over(wanted, len(wanted)):
        source, complete = picture.source.name, picture.complete_for
        pixels = pixels_of(picture)
        writer.put(Entry(name_of(picture), part, source, picture.original, pixels, picture.boxes, complete, count))


def write_made(writer: Writer, sides: Sides, recipe: Recipe, critics: Sequence[Critic]) -> None:
    """What the recipe makes out of its training pictures."""
    making = recipe.make
    if not (making.paste or making.erase or making.wear or critics):
        return
    pool = pool_of(sides, recipe)
    check_pool(pool, making.paste, making.erase)
    check_donors(pool, making.mistakes if critics else ())
    wear = [example_of(one) for one in sides.train if one.source.name in making.wear]
    rng, complete = Random(recipe.seed), frozenset(recipe.labels)
    wrong = (one for critic in critics for one in critic.chosen(pool, recipe))
    for kind, example in chain(made(pool, making.paste, making.erase, wear, rng), wrong):
        writer.put(Entry(example.name, "train", f"made:{kind}", example.name, example.picture, example.boxes, complete))


def example_of(picture: Prepared, boxes: Sequence[LabelledBox] | None = None) -> Example:
    """A picture in memory."""
    return Example(name_of(picture), pixels_of(picture), picture.boxes if boxes is None else boxes)


def pool_of(sides: Sides, recipe: Recipe) -> Pool:
    """What to paste on, and what; a label without a number cannot be drawn as that label."""

    def of(use: str) -> list[Prepared]:
        return [picture for picture in sides.train if use in picture.source.pool]

    hosts = [example_of(one) for one in of("host") if not any(box.class_id == 0 for box in one.boxes)]
    phones = [example_of(one) for one in of("phone") if any(box.class_id == 0 for box in one.boxes)]
    screens, remotes, people = (
        recipe.labels.index(label) if label in recipe.labels else None for label in ("screen", "remote", "person")
    )
    things = []
    for one in of("piece"):
        boxes = [box for box in (*one.boxes, *one.others) if box.class_id not in (0, people)]
        things += [example_of(one, boxes)] if boxes else []
    return Pool(hosts, phones, things, screens, remotes, people)


def manifest_of(
    recipe: Recipe, path: Path, sides: Sides, writer: Writer, findings: Sequence[Finding], factors: dict[str, float]
) -> dict[str, Any]:
    """What the set is and what it was made of."""
    seen = boxes_by_label(sides.train, recipe)
    summed = counted(findings)
    return {
        "labels": list(recipe.labels),
        "size_px": recipe.size_px,
        "letterbox": recipe.letterbox,
        "recipe": {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "seed": recipe.seed},
        "counts": dict(sorted(writer.counts.items())),
        "class_weights": class_weights(seen, recipe.labels, recipe.class_weight_power),
        "repeated": {label: round(factor, 2) for label, factor in sorted(factors.items()) if factor > 1},
        "sources": [source_summary(source.name, recipe, sides) for source in recipe.source],
        "found": [{"source": name, "what": str(kind), "count": n} for (name, kind), n in sorted(summed.items())],
        "made": msgspec.json.decode(msgspec.json.encode(recipe.make)),
    }


def source_summary(name: str, recipe: Recipe, sides: Sides) -> dict[str, Any]:
    """A source's licence and credit, and what it gave."""
    source = next(one for one in recipe.source if one.name == name)
    return {
        "name": name,
        "licence": source.licence,
        "credit": source.credit,
        "complete_for": list(source.complete_for),
        "train": sum(one.source.name == name for one in sides.train),
        "val": sum(one.source.name == name for one in sides.val),
    }
