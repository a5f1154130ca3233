"""A model as the measurements see it, whatever file it comes in: boxes by label, and the time one inference takes."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.boxes import Detections, decode, letterbox
from triton_models.network import inspect, open_session
from triton_models.taxonomy import COCO_MAP, LabelMap, load_label_map, map_names

LOWEST = 0.01
"""Boxes below are not looked at: they hardly move an average precision and cost most of the suppression's time."""
ROUNDS, WARM_UP = 60, 5


class Model(Protocol):
    """What is measured: a name, a label (or None) for each of its classes, the side of its input."""

    name: str
    labels: tuple[str | None, ...]
    input_px: int

    def look(self, picture: NDArray[np.uint8]) -> Detections:
        """Boxes of a BGR picture in source pixels, from LOWEST on; classes by number in `labels`."""

    def infer(self) -> None:
        """One inference of the network alone, on noise."""


class OnnxModel:
    """An .onnx in a layout that this product reads."""

    def __init__(self, path: Path, label_map: LabelMap, threads: int = 1) -> None:
        known = inspect(path, label_map)
        self.name = name_of(path)
        self.labels = map_names(known.names, label_map.labels)
        self.input_px = known.input_px
        self._layout = known.layout
        self._session = open_session(path, threads)
        self._noise = np.random.default_rng(0).random((1, 3, self.input_px, self.input_px), np.float32)

    def look(self, picture: NDArray[np.uint8]) -> Detections:
        """Boxes of a BGR picture in source pixels."""
        fitted = letterbox(picture, self.input_px)
        output = self._session.run(None, {"images": fitted.tensor})[0][0]
        return decode(output, self._layout, fitted, LOWEST)

    def infer(self) -> None:
        """One inference on noise."""
        self._session.run(None, {"images": self._noise})


def open_model(path: Path, labels: Path | None = None, threads: int = 1) -> Model:
    """A model from its file; raises InputError when it is none, or of another task."""
    if not path.is_file():
        raise InputError(str(path), "no such file", "Name an .onnx or .pt file of an object model")
    label_map = load_label_map(labels or COCO_MAP)
    if path.suffix == ".onnx":
        return OnnxModel(path, label_map, threads)
    if path.suffix == ".pt":
        from triton_models.evaluation.checkpoint_model import UltralyticsModel

        return UltralyticsModel(path, label_map, threads)
    raise InputError(str(path), f"unknown kind {path.suffix!r}", "Give a .pt or .onnx file")


def name_of(path: Path) -> str:
    """What to call a model: by its file; where that is called `model`, by its folder that is no version number."""
    folder = path.resolve().parent
    return path.stem if path.stem != "model" else (folder.parent if folder.name.isdigit() else folder).name


def check_labels(model: Model, labels: Sequence[str]) -> None:
    """Raise InputError when a model knows none of a training set's labels."""
    known = {label for label in model.labels if label}
    if not known & set(labels):
        reason = f"knows {', '.join(sorted(known)) or 'no label of the taxonomy'}; the set has {', '.join(labels)}"
        raise InputError(model.name, reason, "Measure a model of this set, or pass --labels MAP.toml for its classes")


def best(model: Model, found: Detections, label: str) -> float:
    """Highest confidence of a label, 0 when there is none."""
    ids = [index for index, own in enumerate(model.labels) if own == label]
    return float(max(found.confidence[np.isin(found.class_id, ids)], default=0.0))


def relabelled(model: Model, found: Detections, labels: Sequence[str]) -> Detections:
    """Boxes numbered by a training set's labels; those of other labels are left out."""
    numbers = np.array([labels.index(own) if own in labels else -1 for own in model.labels], np.int64)
    named = numbers[found.class_id] if len(found.class_id) else found.class_id
    keep = named >= 0
    return Detections(found.xyxy[keep], found.confidence[keep], named[keep])


def latency(model: Model) -> dict[str, Any]:
    """Time of one inference in ms: p50 and p95 over ROUNDS, after WARM_UP; CPU time, which load hardly moves."""
    for _ in range(WARM_UP):
        model.infer()
    wall, cpu = [], []
    for _ in range(ROUNDS):
        start, used = time.perf_counter(), time.process_time()
        model.infer()
        wall.append((time.perf_counter() - start) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    p50, p95 = (float(value) for value in np.percentile(wall, (50, 95)))
    return {"p50_ms": p50, "p95_ms": p95, "cpu_p50_ms": float(np.median(cpu)), "rounds": ROUNDS}
