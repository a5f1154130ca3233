"""Risk events of an object model on clips, told and judged by the product itself.

`proctor evaluate --objects-alone` runs in a process of its own with the model in the place of the served one, so that
sampling, letterbox, thresholds, the policy's holds and what counts as found or false are the product's; the factory
knows no rule.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.model_card import ModelCard, read_card
from triton_models.network import inspect
from triton_models.progress import Progress
from triton_models.taxonomy import COCO_MAP, load_label_map, map_names
from triton_models.use import as_onnx, card_of, digest_of, install

MODELS_VARIABLE = "PROCTOR_MODELS"
"""Where the product looks for its models."""
USUAL_FPS = 5.0
"""What a webcam commonly sends; objects are looked for in some of these frames, as the product's plan says."""
NOTES = "proctor.log"


@dataclass(frozen=True, slots=True)
class Clips:
    """Annotated clips (the file's format: `proctor evaluate --help`), and how many frames a second are sent.

    `drawn`: whether a timeline of each is wanted, which takes longer than a look at it.
    """

    folder: Path
    annotations: Path
    fps: float = USUAL_FPS
    drawn: bool = True


def told_of(weights: Path, thresholds: Mapping[str, float], labels: Path | None, clips: Clips, out: Path) -> Any:
    """What the product says of every clip with these weights, as `proctor evaluate --json` gives it.

    Its own files stand in `out`. Thresholds are those of the model's card where it has one, else the given ones.
    Raises: InputError when weights, clips or annotations cannot be used.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        model = as_onnx(weights, Path(scratch))
        install(model, served_card(weights, model, thresholds, labels), Path(scratch) / "repository")
        Progress("events").line(f"asking `proctor evaluate` about {clips.annotations}", last=True)
        done = subprocess.run(
            command(clips, out),
            env=os.environ | {MODELS_VARIABLE: str(Path(scratch) / "repository")},
            capture_output=True,
            text=True,
            check=False,
        )
    (out / NOTES).write_text(done.stderr, encoding="utf-8")
    if done.returncode:
        reason = (done.stderr.strip() or "it said nothing").removeprefix("proctor: ")
        raise InputError("proctor evaluate", reason[-2000:], f"Correct {clips.annotations} or the clips")
    return json.loads(done.stdout)


def command(clips: Clips, out: Path) -> tuple[str, ...]:
    """The product's command line."""
    given = (str(clips.annotations), "--clips", str(clips.folder), "--fps", f"{clips.fps:g}", "--out", str(out))
    drawn = "--timelines" if clips.drawn else "--no-timelines"
    return (sys.executable, "-m", "deploy", "evaluate", *given, drawn, "--objects-alone", "--json")


def served_card(weights: Path, model: Path, thresholds: Mapping[str, float], labels: Path | None) -> ModelCard:
    """The card that these weights would be served with: the one beside them, else a new one with the thresholds."""
    beside = weights.resolve().parent.parent / "model.json"
    if beside.is_file() and (card := read_card(beside)).sha256 == digest_of(model):
        return card
    label_map = load_label_map(labels or COCO_MAP)
    network = inspect(model, label_map)
    card = card_of(weights, model, network, map_names(network.names, label_map.labels))
    card.thresholds.update({label: value for label, value in thresholds.items() if label in card.thresholds})
    return card


def event_figures(told: Mapping[str, Any]) -> dict[str, Any]:
    """By label of the policy: events found of those that happened, false ones per candidate-hour, with intervals."""
    judged = [row for row in told["recall"] if row["level"] == "event" and row["happened"]]
    return {
        "policy": told["policy"],
        "fps": told["fps"],
        "clips": told["clips"],
        "minutes": told["hours"] * 60,
        "recall": {
            row["label"]: {key: row[key] for key in ("happened", "found", "recall", "median_s")} for row in judged
        },
        "false_events": {
            row["label"]: {key: row[key] for key in ("events", "false", "per_hour")} for row in told["false_events"]
        },
        "false_conduct_events": {key: told["false_conduct_events"][key] for key in ("false", "per_hour")},
        "unexplained": told["unexplained"],
    }


def group_figures(told: Mapping[str, Any], groups: Mapping[str, Sequence[str]], label: str) -> dict[str, Any]:
    """The same for one label by groups of clips: how many have an event, for what share of its time it was seen.

    A clip without the label in its annotations has only false ones; `shown` is None there.
    """
    found = {r["clip"] for r in told["findings"] if r["level"] == "event" and r["outcome"] == "found"}
    false = {r["clip"] for r in told["unexplained"] if r["label"] == label}
    shown = {r["clip"]: r["share"] for r in told["findings"] if r["level"] == "signals" and r["label"] == label}
    return {
        group: {
            "clips": len(clips),
            "with_event": sum(clip in found | false for clip in clips),
            "shown": sum(shown[clip] for clip in clips) / len(clips) if shown.keys() >= set(clips) else None,
        }
        for group, clips in groups.items()
    }
