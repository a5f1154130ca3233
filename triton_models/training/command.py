"""`python -m triton_models train DATASET --out RUN`, and `train --resume RUN`."""

from pathlib import Path
from typing import Any

import click
import cv2


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run: weights/best.pt and last.pt.")
@click.option(
    "--resume", type=click.Path(path_type=Path), help="Go on with the run of this folder, whatever stopped it."
)
@click.option("--recipe", default="published", show_default=True, help="published, small-cpu, or a .toml of your own.")
@click.option("--start", type=click.Path(path_type=Path), help="Weights to start from: .pt, or YOLOv5n's .safetensors.")
@click.option("--size", type=click.Choice(list("nsmlx")), help="Another size of the recipe's network.")
@click.option("--epochs", type=click.IntRange(1))
@click.option("--batch", type=click.IntRange(1))
@click.option("--imgsz", type=click.IntRange(32))
@click.option("--rate", "lr0", type=click.FloatRange(0, min_open=True), help="Learning rate.")
@click.option("--device", help="cpu, 0, 0,1, mps.")
@click.option("--workers", type=click.IntRange(0))
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1), help="Threads on a CPU.")
def train(
    dataset: Path | None,
    out: Path | None,
    resume: Path | None,
    recipe: str,
    start: Path | None,
    threads: int,
    **changes: Any,
) -> None:
    """Train an object model on DATASET with Ultralytics (extra `factory`, AGPL-3.0)."""
    from triton_models.training import train as training
    from triton_models.training.recipe import Changes, changed, read_training_recipe

    cv2.setNumThreads(1)
    if resume:
        click.echo(training.resume(resume))
        return
    if dataset is None or out is None:
        raise click.UsageError("name a DATASET and --out RUN, or --resume RUN")
    wanted = changed(read_training_recipe(recipe), Changes(**changes))
    click.echo(training.train(dataset, out, wanted, start, threads))
