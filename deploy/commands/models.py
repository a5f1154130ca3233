"""`proctor model`: which object model Triton serves, and what is seen of each label."""

from dataclasses import astuple
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from deploy.taxonomy import HEADINGS, markdown_table, table
from scoring.rulebook.policy import load_policy
from triton_models.contract import MODEL_NAME
from triton_models.model_card import read_card
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


@model.command()
@click.option("--markdown", is_flag=True, help="Print the table as the README shows it.")
def labels(markdown: bool) -> None:
    """Where each of the sixteen labels comes from, from what on it counts, and how well it is seen."""
    card = read_card(REPOSITORY / MODEL_NAME / "model.json")
    lines = tuple(table(load_policy("default"), frozenset(label for label in card.labels if label)))
    if markdown:
        click.echo("\n".join(markdown_table(lines)))
        return
    shown = Table(*HEADINGS, box=None, header_style="bold")
    for line in lines:
        shown.add_row(*astuple(line))
    Console().print(shown)
