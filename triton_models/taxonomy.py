"""The labels that the product speaks, and maps from other models' class names to them (`labels/*.toml`)."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

TAXONOMY = (
    "phone",
    "earbuds",
    "headphones",
    "smartwatch",
    "notes",
    "book",
    "person",
    "laptop",
    "screen",
    "calculator",
    "pen",
    "remote",
    "cup",
    "keyboard",
    "mouse",
)
"""Every label an object box may carry; rules of a policy speak of these alone."""

TRAINED = ("phone", "headphones", "person", "laptop", "book", "screen", "remote", "cup", "keyboard", "mouse")
"""Classes of our own model, in the order of its output; the last four are there so that they are not called a phone."""

COCO_MAP = Path(__file__).parent / "labels" / "coco.toml"
"""The label map used when none is given: COCO's class names."""


class LabelMapError(ValueError):
    """A label map that cannot be used; says where and why."""


def load_label_map(path: Path) -> dict[str, str]:
    """Read `[labels]` of a TOML file: a model's class name to a label of the taxonomy."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LabelMapError(f"{path}: not a readable TOML file ({error})") from error
    table = document.get("labels")
    if not isinstance(table, dict) or not table:
        raise LabelMapError(f'{path}: needs a table [labels] with lines such as "cell phone" = "phone"')
    return {str(name): _checked(path, str(name), label) for name, label in table.items()}


def _checked(path: Path, name: str, label: object) -> str:
    if not isinstance(label, str) or label not in TAXONOMY:
        raise LabelMapError(f"{path}: {name!r} maps to {label!r}, which is none of {', '.join(TAXONOMY)}")
    return label


def map_names(names: Sequence[str], label_map: Mapping[str, str]) -> list[str | None]:
    """A label for every class of a model: by the map, else by its own name if the taxonomy has it, else None."""
    return [label_map.get(name, name if name in TAXONOMY else None) for name in names]
