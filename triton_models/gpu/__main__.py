"""`python -m triton_models.gpu build|fits|check`: make a repository for a GPU, and hold any server to the contract.

Exit status: 0 when the command did what it says, 2 for bad usage, 1 otherwise. An error is one line that names what,
why and what to do.
"""

import asyncio
import sys
from pathlib import Path

import click
import cv2

import triton_models
from ingest.errors import ProctorError
from triton_models.contract import MODEL_NAME
from triton_models.gpu.batched import Device
from triton_models.gpu.build import build, check_engine
from triton_models.gpu.check import DEADLINE_S, check
from triton_models.gpu.pictures import bad_pictures, good_pictures
from triton_models.gpu.repository import CARD, WEIGHTS, Variant
from triton_models.model_card import read_card
from triton_models.model_card import read_card as read_model_card
from triton_models.object_detector import ObjectDetector

SHIPPED = Path(triton_models.__file__).parent / "repository"
FOLDER = click.Path(path_type=Path, file_okay=False)
VARIANTS, DEVICES = [str(one) for one in Variant], [str(one) for one in Device]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def gpu() -> None:
    """The object model on a GPU, by the same contract as on the CPU."""


@gpu.command("build")
@click.argument("folder", type=FOLDER)
@click.option("--variant", type=click.Choice(VARIANTS), default=VARIANTS[0], show_default=True)
@click.option("--device", type=click.Choice(DEVICES), default=DEVICES[0], show_default=True)
@click.option("--models", type=FOLDER, default=SHIPPED, help="Repository with the model in use.")
def build_command(folder: Path, variant: str, device: str, models: Path) -> None:
    """Make the model repository FOLDER, for this GPU and this image."""
    build(folder, Variant(variant), Device(device), models)
    click.echo(f"{folder}: {variant} on the {device}, made from {models}")


@gpu.command("fits")
@click.argument("folder", type=FOLDER)
def fits_command(folder: Path) -> None:
    """Fail when the engine in FOLDER was built for another GPU or TensorRT."""
    check_engine(folder)


@gpu.command("check")
@click.option("--triton", envvar="PROCTOR_TRITON", required=True, help="host:port of gRPC, else $PROCTOR_TRITON.")
@click.option("--models", type=FOLDER, default=SHIPPED, help="Repository with the model to compare with, on this CPU.")
@click.option("--pictures", type=FOLDER, help="JPEG files to compare in place of the built-in ones.")
@click.option("--wait", "wait_s", default=DEADLINE_S, show_default=True, help="Seconds until the model must be ready.")
def check_command(triton: str, models: Path, pictures: Path | None, wait_s: float) -> None:
    """Send pictures through a Triton and compare with the CPU model."""
    cv2.setNumThreads(1)
    folder = models / MODEL_NAME
    detector = ObjectDetector(folder / "1" / WEIGHTS, read_card(folder / CARD))
    shown = (
        good_pictures()
        if pictures is None
        else ((path.name, path.read_bytes()) for path in sorted(pictures.glob("*.jp*g")))
    )
    found = asyncio.run(
        check(triton, detector, read_model_card(folder / CARD), dict(shown), dict(bad_pictures()), wait_s)
    )
    for problem in found.problems:
        click.echo(problem)
    click.echo(
        f"{triton}: {found.boxes} boxes compared, worst overlap {found.worst_iou:.3f}, "
        f"worst difference of confidence {found.worst_confidence:.3f}"
    )
    if found.problems:
        raise click.exceptions.Exit(1)


def exit_status(arguments: list[str]) -> int:
    """Run one command; errors raised on purpose become a line on standard error."""
    try:
        return gpu.main(arguments, prog_name="python -m triton_models.gpu", standalone_mode=False) or 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ProctorError as error:
        click.echo(f"triton_models.gpu: {error}", err=True)
        return 1


if __name__ == "__main__":
    sys.exit(exit_status(sys.argv[1:]))
