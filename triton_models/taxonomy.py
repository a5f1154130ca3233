"""The labels that the product speaks, and maps from other models' class names to them (`labels/*.toml`)."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import InputError

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
"""Every label an object box may carry; rules of a policy speak of these alone. Only ever grows, at its end."""

TRAINED = ("phone", "headphones", "person", "laptop", "book", "screen", "remote", "cup", "keyboard", "mouse")
"""Classes of our own model, in the order of its output; the last four are there so that they are not called a phone."""

COCO_MAP = Path(__file__).parent / "labels" / "coco.toml"
"""The label map used when none is given: COCO's class names."""


def known_labels(labels: Iterable[str | None]) -> int:
    """Labels as bits: bit n is set where TAXONOMY[n] is among them."""
    return sum(1 << place for place, label in enumerate(TAXONOMY) if label in set(labels))


@dataclass(frozen=True, slots=True)
class LabelMap:
    """A model's class names to labels, and what its file may fail to say: names in order, input size."""

    labels: Mapping[str, str]
    names: tuple[str, ...] | None = None
    input_px: int | None = None


def load_label_map(path: Path) -> LabelMap:
    """Read a label map: `[labels]` with lines `"cell phone" = "phone"`, above it optionally `names` and `input_px`.

    Raises: InputError when it cannot be read or names a label that the taxonomy has not.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Name a label map that exists") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(path), f"not a TOML file: {error}", f"Write it like {COCO_MAP}") from error
    return label_map_of(document, str(path))


def label_map_of(document: Mapping[str, Any], source: str) -> LabelMap:
    """A checked label map from a TOML document; `source` names it in errors."""
    mend = f"Write it like {COCO_MAP}"
    if unknown := sorted(set(document) - {"labels", "names", "input_px"}):
        raise InputError(source, f"unknown keys {', '.join(unknown)}", mend)
    labels, names, input_px = (document.get(key) for key in ("labels", "names", "input_px"))
    if not isinstance(labels, dict) or not labels:
        raise InputError(source, "has no table [labels]", mend)
    for name, label in labels.items():
        if label not in TAXONOMY:
            raise InputError(source, f"{name!r} maps to {label!r}", f"Choose one of: {', '.join(TAXONOMY)}")
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise InputError(source, "names is no list of class names", mend)
    if input_px is not None and (not isinstance(input_px, int) or input_px % 32 or input_px < 32):
        raise InputError(source, f"input_px is {input_px!r}, not a multiple of 32", mend)
    return LabelMap(dict(labels), None if names is None else tuple(names), input_px)


def map_names(names: Sequence[str], labels: Mapping[str, str]) -> tuple[str | None, ...]:
    """A label for every class of a model: by the map, else by its own name if the taxonomy has it, else None."""
    return tuple(labels.get(name, name if name in TAXONOMY else None) for name in names)
