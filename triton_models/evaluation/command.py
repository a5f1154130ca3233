"""`python -m triton_models evaluate DATASET MODEL... --out FOLDER`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import cv2


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("models", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder; each model gets one of its own in it."
)
@click.option("--labels", type=click.Path(path_type=Path), help="TOML file from the model's class names to labels.")
@click.option("--choose", default="f1", show_default=True, help="Thresholds by f1, precision=0.9 or recall=0.9.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="Threads for the latency.")
@click.option("--videos", type=click.Path(path_type=Path), help="Videos to look at frame by frame.")
@click.option("--exam", type=click.Path(path_type=Path), help="A rendered exam beside its truth.")
@click.option("--clips", type=click.Path(path_type=Path, file_okay=False), help="Folder of clips to count events on.")
@click.option(
    "--annotations", type=click.Path(path_type=Path), help="What they show: CSV as `proctor evaluate` reads it."
)
@click.option("--fps", default=5.0, show_default=True, type=click.FloatRange(0.5, 30), help="Frames a second of them.")
@click.option("--staged", default=0, type=click.IntRange(0), help="Carry N held-back phones a size over them.")
@click.option("--background", "backgrounds", multiple=True, help="A clip to carry them over; all if none is named.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of what is staged.")
@click.option("--stride", default=1, show_default=True, type=click.IntRange(1), help="Every n-th frame of the videos.")
def evaluate(dataset: Path, models: tuple[Path, ...], out: Path, **wish: Any) -> None:
    """Measure MODELs (.onnx, .pt) on the held-back pictures of DATASET; writes figures, plots and thresholds."""
    from triton_models.evaluation.evaluate import evaluate as measured
    from triton_models.evaluation.model_under_test import name_of
    from triton_models.evaluation.wish import Wish

    cv2.setNumThreads(1)
    for weights in models:
        folder = out / name_of(weights)
        figures = measured(weights, dataset, folder, Wish(**wish))
        click.echo(table(figures))
        click.echo(f"{folder}/figures.json, thresholds.json and plots\n")


def number(value: float | None) -> str:
    """A figure for a table; a dash where there is none."""
    return "   -  " if value is None or value != value else f"{value:6.3f}"


def table(figures: Mapping[str, Any]) -> str:
    """What was measured, for a person."""
    lines = [f"{figures['model']}: {figures['pictures']} held-back pictures, {figures['input_px']} px"]
    lines.append(f"{'label':14s} objects  mAP50  50-95  floor  precis recall     F1")
    for label, one in figures["labels"].items():
        cells = "".join(
            f" {number(one[key])}" for key in ("map50", "map50_95", "threshold", "precision", "recall", "f1")
        )
        lines.append(f"{label:14s} {one['objects']:7d}{cells}")
    lines.append(f"{'mean':14s} {'':7s} {number(figures['map50'])} {number(figures['map50_95'])}")
    weighted = f"{number(figures['map50_priority'])} {number(figures['map50_95_priority'])}"
    weights = ", ".join(f"{label} x{weight:g}" for label, weight in figures["priority"].items())
    lines.append(f"{'priority':14s} {'':7s} {weighted}  ({weights})")
    if unknown := figures["labels_not_known"]:
        lines.append(f"labels of the set that it does not know: {', '.join(unknown)}")
    lines += event_lines(figures.get("events")) + staged_lines(figures.get("staged"))
    time = figures["latency"]
    spent = f"p50 {time['p50_ms']:.1f} ms, p95 {time['p95_ms']:.1f} ms, CPU {time['cpu_p50_ms']:.1f} ms"
    lines.append(f"one inference on {time['threads']} threads: {spent} (load {figures['load']})")
    return "\n".join(lines)


def event_lines(events: Mapping[str, Any] | None) -> list[str]:
    """Events on annotated clips."""
    if events is None:
        return []
    lines = [f"{events['clips']} clips, {events['minutes']:.1f} minutes, policy {events['policy']}:"]
    for label, one in events["recall"].items():
        lines.append(f"{label:16s} {one['found']} of {one['happened']} told {interval(one['recall'])}")
    for label, one in (*events["false_events"].items(), ("any", events["false_conduct_events"])):
        lines.append(f"{label:16s} {one['false']} false, an hour {interval(one['per_hour'])}")
    return lines


def interval(estimate: Mapping[str, float | None]) -> str:
    """A figure with its bounds."""
    low, high = (number(estimate[bound]).strip() for bound in ("low", "high"))
    return f"{number(estimate['value']).strip()} ({low} to {high})"


def staged_lines(staged: Mapping[str, Any] | None) -> list[str]:
    """Phone events on staged clips, by what is shown and how high it is."""
    if staged is None:
        return []
    lines = [f"staged, seed {staged['seed']}: phone events, and the share of the time that it is seen"]
    for group, one in staged["phone"].items():
        lines.append(f"{group:16s} {one['with_event']:4d} of {one['clips']:4d} {number(one['shown'])}")
    return lines
