"""A training recipe: a network and Ultralytics' settings, from a TOML file of `recipes/` or one's own."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from ingest.errors import InputError

FOLDER = Path(__file__).parents[1] / "recipes"
DEFAULT = "published"
SLIM = "slim"
SIZES = "nsmlx"
CLOSE_MOSAIC_SHARE = 4
"""The last quarter of the epochs, at most Ultralytics' 10, are trained without mosaic."""
OURS = frozenset({"data", "model", "project", "name", "resume", "exist_ok", "save_dir", "mode", "task", "save"})
"""Settings that the factory makes itself."""

Setting = bool | int | float | str


class TrainingRecipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`network`: an Ultralytics architecture such as yolo11n, or `slim`; `class_weights`: as the manifest has them."""

    network: str
    ultralytics: dict[str, Setting]
    class_weights: bool = False


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a person changes in a recipe on the command line; None leaves it."""

    size: Literal["n", "s", "m", "l", "x"] | None = None
    epochs: int | None = None
    batch: int | None = None
    imgsz: int | None = None
    lr0: float | None = None
    device: str | None = None
    workers: int | None = None


def read_training_recipe(name: str) -> TrainingRecipe:
    """A recipe by its name in `recipes/`, or by its path; raises InputError when it is none."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    known = ", ".join(sorted(one.stem for one in FOLDER.glob("*.toml") if "dataset" not in one.stem))
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        recipe = msgspec.convert(document, TrainingRecipe)
    except OSError as error:
        mend = f"There are {known}; or give a path that ends in .toml"
        raise InputError(f"recipe {name}", f"cannot be read: {error.strerror}", mend) from error
    except (ValueError, msgspec.ValidationError) as error:
        raise InputError(str(path), f"no training recipe: {error}", f"Write it like {FOLDER / DEFAULT}.toml") from error
    if taken := sorted(OURS & set(recipe.ultralytics)):
        raise InputError(str(path), f"sets {', '.join(taken)}, which the factory sets itself", "Leave them out")
    return recipe


def changed(recipe: TrainingRecipe, changes: Changes) -> TrainingRecipe:
    """The recipe as somebody wants it this time; raises InputError where it cannot be."""
    given = {
        key: value for key, value in msgspec.structs.asdict(changes).items() if value is not None and key != "size"
    }
    network = recipe.network
    if changes.size:
        if network == SLIM or network[-1] not in SIZES:
            raise InputError(f"--size {changes.size}", f"the network {network} has one size", "Leave --size out")
        network = network[:-1] + changes.size
    settings = recipe.ultralytics | given
    epochs = int(settings.get("epochs", 100))
    settings.setdefault("close_mosaic", min(10, epochs // CLOSE_MOSAIC_SHARE))
    return TrainingRecipe(network=network, ultralytics=settings, class_weights=recipe.class_weights)


def overrides(recipe: TrainingRecipe, dataset: Path, out: Path, network: str) -> dict[str, Any]:
    """Everything Ultralytics is told."""
    places = {"data": str(dataset / "data.yaml"), "project": str(out.parent.resolve()), "name": out.name}
    fixed = {"model": network, "exist_ok": True, "plots": False, "seed": 0, "verbose": False, "pretrained": False}
    return fixed | recipe.ultralytics | places
