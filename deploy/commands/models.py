"""`proctor model`: which object model Triton serves."""

from pathlib import Path

import click

from triton_models.use import use_weights

REPOSITORY = Path(__file__).parents[2] / "triton_models" / "repository"


@click.group()
def model() -> None:
    """The object model."""


@model.command()
@click.argument("weights", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file from the model's class names to labels of the taxonomy; COCO's are known.",
)
def use(weights: Path, labels: Path | None) -> None:
    """Put an Ultralytics .pt or .onnx in the place of the shipped object model."""
    card = use_weights(weights, REPOSITORY, labels)
    known = ", ".join(sorted({label for label in card.labels if label}))
    click.echo(f"Triton will serve {card.name} ({card.sha256[:12]}) at its next start. Labels: {known}")
