"""`python -m triton_models export WEIGHTS --out FOLDER`."""

from pathlib import Path

import click
import cv2

from ingest.errors import InputError

FORMS = ("onnx", "onnx-nms", "torchscript", "tensorrt", "coreml")


@click.command()
@click.argument("weights", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the exported files.")
@click.option("--form", "forms", type=click.Choice(FORMS), multiple=True, help="May stand several times; onnx if none.")
@click.option("--px", type=click.IntRange(32), help="Side of the input; as trained if not given.")
@click.option("--blend", help="OTHER.pt=0.3: average with a model of the same line, three tenths of it.")
@click.option("--half", "halves", multiple=True, help="phone=0.4: what is 0.4 becomes 0.5. May stand several times.")
@click.option("--half-storage", is_flag=True, help="ONNX with float16 weights, computed in float32: half the file.")
@click.option("--picture", type=click.Path(path_type=Path), required=True, help="What every form must agree on.")
@click.option("--repository", type=click.Path(path_type=Path), help="Triton's model repository to put the ONNX into.")
@click.option("--evaluation", type=click.Path(path_type=Path), help="Folder of evaluate: thresholds and figures.")
@click.option("--dataset", type=click.Path(path_type=Path), help="Training set: credits for the card.")
@click.option("--name", help="Name of the model on its card.")
@click.option("--credit", "credits_", multiple=True, help="What else to credit, such as the weights it started from.")
def export(
    weights: Path,
    out: Path,
    forms: tuple[str, ...],
    px: int | None,
    blend: str | None,
    halves: tuple[str, ...],
    half_storage: bool,
    picture: Path,
    repository: Path | None,
    evaluation: Path | None,
    dataset: Path | None,
    name: str | None,
    credits_: tuple[str, ...],
) -> None:
    """Export WEIGHTS (.pt) and compare every form's boxes; with --repository, put the ONNX to use."""
    from triton_models.exporting.blend import blended, part_of
    from triton_models.exporting.export import export_all
    from triton_models.exporting.forms import FILES, Form
    from triton_models.exporting.publish import Papers, publish
    from triton_models.exporting.shift import halves_of, shifted

    cv2.setNumThreads(1)
    wanted = [Form(form) for form in dict.fromkeys(forms or ("onnx",))]
    if repository and Form.ONNX not in wanted:
        raise InputError("--repository", "takes the form onnx, which is not asked for", "Add --form onnx")
    mixed = blended(weights, *part_of(blend), out / "blended.pt") if blend else weights
    moved = shifted(mixed, halves_of(halves), out / "shifted.pt") if halves else mixed
    for line in export_all(moved, wanted, out, picture, px, half_storage):
        click.echo(line)
    if repository:
        papers = Papers(moved, evaluation, dataset, name or weights.stem, credits_)
        card = publish(out / FILES[Form.ONNX], repository, papers)
        click.echo(f"{repository}/objects: {card.name} ({card.sha256[:12]}), thresholds {card.thresholds}")
