"""A model of the factory's into Triton's repository, with its card: credits, thresholds, what was measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ingest.errors import InputError
from triton_models.dataset.files import read_manifest
from triton_models.model_card import ModelCard, problems_of
from triton_models.network import inspect
from triton_models.taxonomy import COCO_MAP, load_label_map, map_names
from triton_models.use import card_of, digest_of, install

LICENSE = "AGPL-3.0"
"""Of whatever Ultralytics trained; its authors sell other terms."""
TRAINER = "Trained with Ultralytics (AGPL-3.0)"
MEASURE = "Measure the model with `python -m triton_models evaluate`"


@dataclass(frozen=True, slots=True)
class Papers:
    """What goes onto a card.

    The weights that the model was exported from, the folder that evaluate wrote about either, the training set, a name,
    what else is to be credited.
    """

    weights: Path | None = None
    evaluation: Path | None = None
    dataset: Path | None = None
    name: str | None = None
    credits: tuple[str, ...] = ()


def publish(model: Path, repository: Path, papers: Papers) -> ModelCard:
    """Make an .onnx of the factory the one that the detectors ask; gives its card.

    Raises: InputError, with nothing changed, when model or papers cannot be used.
    """
    label_map = load_label_map(COCO_MAP)
    network = inspect(model, label_map)
    measured = figures_of(papers, model)
    card = card_of(model, model, network, map_names(network.names, label_map.labels))
    card = msgspec.structs.replace(
        card,
        name=papers.name or model.stem,
        license=LICENSE,
        credits=(TRAINER, *papers.credits, *credits_of(papers.dataset)),
        thresholds=card.thresholds | thresholds_of(papers.evaluation, card),
        trained=trained_of(papers.dataset),
        measured=measured,
    )
    if problems := problems_of(card):
        raise InputError(str(model), "; ".join(problems), MEASURE)
    install(model, card, repository)
    return card


def figures_of(papers: Papers, model: Path) -> dict[str, Any]:
    """What evaluate found out; raises InputError when it was about other weights."""
    if papers.evaluation is None:
        return {}
    figures = read_json(papers.evaluation / "figures.json")
    files = [path for path in (model, papers.weights) if path]
    if figures.get("sha256") not in [digest_of(path) for path in files]:
        reason = f"measured {figures.get('model')!r}, which is not {' nor '.join(path.name for path in files)}"
        raise InputError(str(papers.evaluation), reason, MEASURE)
    return figures


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; raises InputError when there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"cannot be read: {error}", MEASURE) from error
    if not isinstance(value, dict):
        raise InputError(str(path), "is no JSON object", MEASURE)
    return value


def thresholds_of(evaluation: Path | None, card: ModelCard) -> dict[str, float]:
    """The thresholds that evaluate chose, for labels of the card; raises InputError when they are no numbers."""
    if evaluation is None:
        return {}
    chosen = read_json(evaluation / "thresholds.json").get("thresholds")
    if not isinstance(chosen, dict) or not all(isinstance(value, int | float) for value in chosen.values()):
        raise InputError(str(evaluation / "thresholds.json"), "holds no thresholds", MEASURE)
    return {label: float(value) for label, value in chosen.items() if label in card.labels}


def credits_of(dataset: Path | None) -> tuple[str, ...]:
    """A line a source of the training set."""
    sources: list[Mapping[str, str]] = read_manifest(dataset)["sources"] if dataset else []
    return tuple(f"{source['name']}: {source['credit']} ({source['licence']})" for source in sources)


def trained_of(dataset: Path | None) -> dict[str, Any]:
    """What the model learned from."""
    if dataset is None:
        return {}
    manifest = read_manifest(dataset)
    return {"recipe": manifest["recipe"], "counts": manifest["counts"], "size_px": manifest["size_px"]}
