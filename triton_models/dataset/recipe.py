"""The TOML file that says what a training set is made of; ours is `recipes/shipped-dataset.toml`.

Paths are relative to the TOML file. A key that does not exist, a label that the taxonomy has not, a source without a
licence: all are refused before a picture is read.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ingest.errors import InputError
from triton_models.making.candidates import MAKERS
from triton_models.making.pasting import KINDS
from triton_models.taxonomy import TAXONOMY, TRAINED

EVERY = "*"
MEND = "See triton_models/README.md for a worked example"
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source of pictures.

    `labels` and `label_map` (a file like labels/coco.toml) say what its class names mean, `ignore` which carry nothing
    ("*": all others). `complete_for`: labels of which no object in these pictures is left unlabelled ("*": all); a
    teacher fills others, and a measurement counts a label only where the source is complete for it. `weight`: how
    often a picture is seen in an epoch. `side`: "both" is split, "train" never measured on, "val" never learned from.
    `most`: at most so many originals. `pool`: what making takes them for: to paste on, phones or pieces to cut out.
    """

    name: str
    format: Literal["yolo", "coco", "voc", "video", "rendered"]
    licence: str
    credit: str
    path: str = ""
    names: tuple[str, ...] = ()
    label_map: str = ""
    labels: dict[str, str] = {}
    ignore: tuple[str, ...] = ()
    complete_for: tuple[str, ...] = ()
    teacher_for: tuple[str, ...] = ()
    weight: Positive = 1.0
    side: Literal["both", "train", "val"] = "both"
    unlabelled: Literal["background", "leave_out"] = "background"
    outside: Literal["clip", "refuse"] = "clip"
    one_per_original: bool = False
    most: Annotated[int, msgspec.Meta(ge=1)] | None = None
    pool: tuple[Literal["host", "phone", "piece"], ...] = ()
    step_ms: Annotated[int, msgspec.Meta(ge=1)] = 1000
    seeds: Annotated[int, msgspec.Meta(ge=1)] = 20
    first_seed: int = 100


class Teacher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A COCO model (ONNX) that labels what sources leave unlabelled, from this confidence on."""

    weights: str
    confidence: Share = 0.4


class Mistakes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of `made` pictures the `hardest` for a model, and `others` by chance."""

    made: Annotated[int, msgspec.Meta(ge=1)]
    hardest: Count
    others: Count = 0


class Making(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures that nobody took.

    `paste` how many of each kind, `erase` phones, `wear` copies of sources' pictures. `mistakes`: how many of each kind
    for each model whose mistakes are asked for; none where none is.
    """

    paste: dict[str, Count] = {}
    erase: bool = False
    wear: tuple[str, ...] = ()
    mistakes: dict[str, Mistakes] = {}


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a training set is made of.

    `duplicate_bits`: pictures whose hashes differ in no more bits are one picture; `scene_bits`: ... are the same scene
    and stay on one side. `rare_share`: a label in a smaller share of the pictures is repeated, up to `most_repeats`.
    `class_weight_power`: weights are counts to the minus this power, mean 1 (0: none, 1: full inverse frequency).
    `most_unusable`: a source of which a larger share cannot be used is an error of the recipe, not of pictures.
    """

    source: Annotated[tuple[Source, ...], msgspec.Meta(min_length=1)]
    labels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = TRAINED
    size_px: Annotated[int, msgspec.Meta(ge=32, le=2048)] = 640
    letterbox: bool = True
    held_back_share: Share = 0.12
    seed: int = 0
    duplicate_bits: Annotated[int, msgspec.Meta(ge=0, le=16)] = 3
    scene_bits: Annotated[int, msgspec.Meta(ge=0, le=20)] = 8
    rare_share: Share = 0.05
    most_repeats: Annotated[float, msgspec.Meta(ge=1, le=20)] = 4.0
    class_weight_power: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    most_unusable: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    teacher: Teacher | None = None
    make: Making = Making()


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe; raises InputError naming what is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Name a recipe that exists") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(path), f"not a TOML file: {error}", MEND) from error
    try:
        recipe = msgspec.convert(document, Recipe)
    except msgspec.ValidationError as error:
        raise InputError(str(path), str(error), MEND) from error
    if problems := problems_of(recipe):
        raise InputError(str(path), "; ".join(problems), MEND)
    return recipe


def problems_of(recipe: Recipe) -> list[str]:
    """What contradicts itself in a recipe, one phrase each."""
    names = [source.name for source in recipe.source]
    problems = [f"two sources are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    problems += [f"{label!r} is no label of the taxonomy" for label in recipe.labels if label not in TAXONOMY]
    if len(set(recipe.labels)) < len(recipe.labels):
        problems.append("a label stands twice in `labels`")
    for source in recipe.source:
        problems += [f"source {source.name}: {problem}" for problem in problems_of_source(source, recipe)]
    if (recipe.make.paste or recipe.make.erase or recipe.make.mistakes) and recipe.labels[0] != "phone":
        problems.append("pasting, erasing and mistakes need `phone` as the first of `labels`")
    unknown = sorted(set(recipe.make.paste) - set(KINDS))
    problems += [f"make.paste has no kind {kind!r}; there are {', '.join(KINDS)}" for kind in unknown]
    strange = sorted(set(recipe.make.mistakes) - set(MAKERS))
    problems += [f"make.mistakes has no kind {kind!r}; there are {', '.join(MAKERS)}" for kind in strange]
    problems += [
        f"make.mistakes.{kind} keeps more than it makes"
        for kind, one in recipe.make.mistakes.items()
        if one.hardest + one.others > one.made
    ]
    return problems + [f"make.wear names no source {name!r}" for name in recipe.make.wear if name not in names]


def problems_of_source(source: Source, recipe: Recipe) -> list[str]:
    """What is wrong with one source."""
    problems = [f"{text} is empty" for text in ("name", "licence", "credit") if not getattr(source, text).strip()]
    if not source.name.replace("-", "").replace("_", "").isalnum():
        problems.append("its name may hold letters, digits, - and _ only: it becomes part of file names")
    if not source.path and source.format != "rendered":
        problems.append("has no path")
    if source.format in ("yolo", "coco", "voc") and not source.complete_for:
        problems.append('does not say what it is `complete_for` (labels, or ["*"])')
    spoken = {*source.complete_for, *source.teacher_for} - {EVERY}
    problems += [f"{label!r} is not among the labels" for label in sorted(spoken - set(recipe.labels))]
    if source.teacher_for and recipe.teacher is None:
        problems.append("wants a teacher, the recipe has no [teacher]")
    return problems
