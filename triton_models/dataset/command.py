"""`python -m triton_models dataset RECIPE.toml OUT`."""

from pathlib import Path

import click
import cv2


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--mistakes-of",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A model whose mistakes choose the pictures of [make.mistakes]; may stand several times.",
)
def dataset(recipe: Path, out: Path, mistakes_of: tuple[Path, ...]) -> None:
    """Build a training set from the sources that RECIPE.toml names; OUT/report/index.html says what became of them."""
    from triton_models.dataset.build import build

    cv2.setNumThreads(1)
    manifest = build(recipe, out, mistakes_of)
    for name, count in manifest["counts"].items():
        click.echo(f"{count:7d}  {name}")
    for found in manifest["found"]:
        click.echo(f"{found['count']:7d}  {found['source']}: {found['what']}")
    click.echo(f"report: {out / 'report' / 'index.html'}")
