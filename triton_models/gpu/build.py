"""A model repository for a variant and a device, from the model that is in use; all or nothing."""

import shutil
import tempfile
from pathlib import Path

import msgspec

from ingest.errors import InputError
from triton_models.contract import MODEL_NAME
from triton_models.gpu.batched import Device, open_network
from triton_models.gpu.engine import Machine, build_engine, this_machine, why_unfit
from triton_models.gpu.letterbox import write_pipeline
from triton_models.gpu.repository import CARD, MAX_BATCH, PIPELINE, PLAN, WEIGHTS, Variant, write_repository
from triton_models.gpu.suppression import write_engine_onnx
from triton_models.model_card import ModelCard, read_card

ENGINE = "engine.json"


def build(folder: Path, variant: Variant, device: Device, models: Path) -> None:
    """Make `folder`, from `models` (a repository as `proctor model use` leaves it).

    Raises: InputError when the folder is not empty or this machine lacks something; then nothing is left behind.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(str(folder), "is not empty", "Name a new folder, or remove this one")
    source = models / MODEL_NAME
    made = {CARD: source / CARD, WEIGHTS: source / "1" / WEIGHTS}
    card = read_card(made[CARD])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        work, whole = Path(scratch) / "work", Path(scratch) / "whole"
        work.mkdir()
        whole.mkdir()
        if variant == Variant.ENSEMBLE and device == Device.GPU:
            made |= _engine_files(work, made[WEIGHTS], card, whole)
        else:
            open_network(made[WEIGHTS], device)
        write_repository(whole, variant, device, card, made)
        if folder.exists():
            folder.rmdir()
        shutil.move(whole, folder)


def _engine_files(work: Path, weights: Path, card: ModelCard, whole: Path) -> dict[str, Path]:
    """The pipeline and the plan, cheap things first; what the plan is bound to goes into the repository."""
    this_machine()
    write_pipeline(work / PIPELINE, card.input_px, MAX_BATCH)
    write_engine_onnx(weights, card, work / "engine.onnx")
    machine = build_engine(work / "engine.onnx", work / PLAN, card.input_px)
    (whole / ENGINE).write_bytes(msgspec.json.encode(machine))
    return {PIPELINE: work / PIPELINE, PLAN: work / PLAN}


def check_engine(folder: Path) -> None:
    """Raises: InputError when the repository holds an engine that was built for another GPU or TensorRT."""
    if not (folder / ENGINE).is_file():
        return
    mend = "Build the repository again on this machine, in this image"
    try:
        built = msgspec.json.decode((folder / ENGINE).read_bytes(), type=Machine)
    except msgspec.MsgspecError as error:
        raise InputError(str(folder / ENGINE), f"does not say what the engine is for: {error}", mend) from error
    if reason := why_unfit(built, this_machine()):
        raise InputError(f"the engine in {folder}", reason, mend)
