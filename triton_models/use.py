"""Puts an object model into the Triton repository: any Ultralytics `.pt` or `.onnx`, mapped to the product's labels.

`use_weights` is what `proctor model use WEIGHTS [--labels MAP.toml]` does: export (for `.pt`), look at names, size and
layout, run one picture, map the classes, then replace `objects/1/model.onnx` and `objects/model.json`.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from ingest.errors import InputError
from triton_models.model_card import ModelCard, encode_card, problems_of
from triton_models.network import Network, inspect
from triton_models.taxonomy import COCO_MAP, load_label_map, map_names

MODEL_FOLDER = "objects"
USUAL_THRESHOLD = 0.4
"""For models of others. Ultralytics' default of 0.25 finds more and is wrong more often; hysteresis follows anyway."""


def use_weights(weights: Path, repository: Path, label_map: Path | None = None) -> ModelCard:
    """Make a model the one that the detectors ask; gives its card.

    `repository` is Triton's model repository (the folder that holds `objects/`), `label_map` a TOML file like
    `labels/coco.toml`, which is used when none is given.
    Raises: InputError, with nothing changed, when the file is no usable object model or a `.pt` is given without the
    factory extra.
    """
    if not weights.is_file():
        raise InputError(str(weights), "no such file", "Name a .pt or .onnx file of an Ultralytics object model")
    with tempfile.TemporaryDirectory() as scratch:
        model = as_onnx(weights, Path(scratch))
        chosen = load_label_map(label_map or COCO_MAP)
        network = inspect(model, chosen)
        card = card_of(weights, model, network, map_names(network.names, chosen.labels))
        install(model, card, repository)
    return card


def as_onnx(weights: Path, scratch: Path) -> Path:
    """The model as ONNX: itself, or an export into `scratch`."""
    if weights.suffix == ".onnx":
        return weights
    if weights.suffix != ".pt":
        raise InputError(str(weights), f"unknown kind {weights.suffix!r}", "Give a .pt or .onnx file")
    from triton_models.exporting.onnx_file import export_onnx

    return export_onnx(weights, scratch / "model.onnx")


def card_of(weights: Path, model: Path, network: Network, labels: tuple[str | None, ...]) -> ModelCard:
    """The card of a model of others; raises InputError when none of its classes is known."""
    card = ModelCard(
        name=weights.stem,
        labels=labels,
        input_px=network.input_px,
        layout=network.layout,
        sha256=digest_of(model),
        license=network.license,
        credits=(network.author,),
        thresholds={label: USUAL_THRESHOLD for label in labels if label is not None},
    )
    if problems := problems_of(card):
        known = ", ".join(network.names[:12])
        mend = f"Pass --labels MAP.toml for its classes ({known}), written like {COCO_MAP}"
        raise InputError(str(weights), "; ".join(problems), mend)
    return card


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def install(model: Path, card: ModelCard, repository: Path) -> None:
    """Replace the repository's object model; each file is whole at every moment, the card comes last."""
    folder = repository / MODEL_FOLDER
    (folder / "1").mkdir(parents=True, exist_ok=True)
    replace_file(folder / "1" / "model.onnx", model.read_bytes())
    replace_file(folder / "model.json", encode_card(card))


def replace_file(path: Path, data: bytes) -> None:
    """Write beside the path, flush to disk, then rename over it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
