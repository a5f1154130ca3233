"""Everything measured of one model on the held-back pictures of a training set, written to a folder.

`figures.json` (what export puts on the model's card), `thresholds.json`, curves and confusion as PNG files.
"""

import json
import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ingest.errors import InputError
from triton_models.annotations import read_labels
from triton_models.dataset.files import read_manifest, read_rows
from triton_models.evaluation.curves import PRIORITY, Curve, curve_of, map50, map50_95, mean_of, rule_of, threshold_of
from triton_models.evaluation.matching import Judged, Seen, Truth, confusion, judge
from triton_models.evaluation.model_under_test import Model, check_labels, latency, open_model, relabelled
from triton_models.evaluation.on_clips import clip_figures
from triton_models.evaluation.plots import plot_confusion, plot_curves
from triton_models.evaluation.videos import exam_figures, folder_figures
from triton_models.evaluation.wish import Wish, check_clips
from triton_models.progress import Progress
from triton_models.use import digest_of


def evaluate(weights: Path, dataset: Path, out: Path, wish: Wish) -> dict[str, Any]:
    """Measure a model; gives its figures. Raises InputError when model, set or wish cannot be used."""
    rule = rule_of(wish.choose)
    check_clips(wish)
    manifest = read_manifest(dataset)
    labels: list[str] = manifest["labels"]
    model = open_model(weights, wish.labels, wish.threads)
    check_labels(model, labels)
    seen = list(look_at_all(model, dataset, labels))
    judged = {label: judge(seen, number) for number, label in enumerate(labels)}
    curves = {label: curve_of(one) for label, one in judged.items()}
    known = [label for label in labels if label in model.labels]
    thresholds = {label: round(threshold_of(curves[label], rule), 2) for label in known}
    matrix = confusion(seen, len(labels))
    out.mkdir(parents=True, exist_ok=True)
    plot_curves(curves, thresholds, out)
    plot_confusion(matrix, labels, out / "confusion.png")
    figures = figures_of(model, judged, curves, thresholds, wish) | {
        "sha256": digest_of(weights),
        "pictures": len(seen),
        "labels_not_known": [label for label in labels if label not in known],
        "confusion": {"labels": [*labels, "nothing"], "found_by_there": matrix.tolist()},
        "dataset": {"recipe": manifest.get("recipe"), "counts": manifest.get("counts")},
    }
    figures |= {"videos": folder_figures(model, videos, wish.stride)} if (videos := wish.videos or wish.clips) else {}
    figures |= {"exam": exam_figures(model, wish.exam)} if wish.exam else {}
    figures |= clip_figures(weights, dataset, thresholds, out, wish)
    write_json(out / "figures.json", figures)
    write_json(out / "thresholds.json", {"model": model.name, "choose": wish.choose, "thresholds": thresholds})
    return figures


def look_at_all(model: Model, dataset: Path, labels: Sequence[str]) -> Iterator[Seen]:
    """Every held-back picture with what the model finds in it."""
    rows = [row for row in read_rows(dataset) if row["part"] == "val"]
    if not rows:
        raise InputError(str(dataset), "holds no held-back pictures", "Build it with a held_back_share above 0")
    for row in Progress(f"{model.name}: held-back pictures").over(rows, len(rows)):
        picture = cv2.imread(str(dataset / row["file"]))
        if picture is None:
            raise InputError(str(dataset / row["file"]), "cannot be read", "Build the set again")
        found = relabelled(model, model.look(np.asarray(picture, np.uint8)), labels)
        yield Seen(found, truth_of(dataset, row, picture.shape[1], picture.shape[0], labels))


def truth_of(dataset: Path, row: Mapping[str, str], width: int, height: int, labels: Sequence[str]) -> Truth:
    """What one held-back picture shows, and which labels can be judged in it."""
    place = dataset / row["file"]
    boxes = read_labels(place.parent.parent / "labels" / f"{place.stem}.txt")
    sides = np.array([width, height] * 2, np.float32)
    corners = np.array([box.xyxy() for box in boxes], np.float32).reshape(-1, 4) * sides
    complete = frozenset(labels.index(label) for label in row["complete_for"].split() if label in labels)
    return Truth(corners, np.array([box.class_id for box in boxes], np.int64), complete)


def figures_of(
    model: Model, judged: Mapping[str, Judged], curves: Mapping[str, Curve], thresholds: Mapping[str, float], wish: Wish
) -> dict[str, Any]:
    """The table of a model: by label, the means, the time it takes."""
    first = {label: map50(one) for label, one in judged.items() if label in thresholds}
    strict = {label: map50_95(one) for label, one in judged.items() if label in thresholds}
    return {
        "model": model.name,
        "input_px": model.input_px,
        "map50": mean_of(first),
        "map50_95": mean_of(strict),
        "map50_priority": mean_of(first, PRIORITY),
        "map50_95_priority": mean_of(strict, PRIORITY),
        "priority": dict(PRIORITY),
        "labels": {
            label: {
                "objects": judged[label].existing,
                "pictures_judged": judged[label].pictures,
                "map50": first[label],
                "map50_95": strict[label],
                "threshold": thresholds[label],
            }
            | at_threshold(curves[label], thresholds[label])
            for label in thresholds
        },
        "latency": latency(model) | {"threads": wish.threads, "cpu": platform.processor() or platform.machine()},
        "load": round(os.getloadavg()[0], 2),
    }


def at_threshold(curve: Curve, threshold: float) -> dict[str, float]:
    """Precision, recall and F1 at a label's threshold; nan where no object tells."""
    if not curve.existing:
        return dict.fromkeys(("precision", "recall", "f1"), math.nan)
    place = round(threshold * 100) - 1
    return {name: float(getattr(curve, name)[place]) for name in ("precision", "recall", "f1")}


def plain(value: Any) -> Any:
    """Numbers rounded to four places, nan as None: JSON has none."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(plain(value), indent=2, allow_nan=False) + "\n", encoding="utf-8")
