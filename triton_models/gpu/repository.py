"""The model repositories as Triton reads them, written from one table: the contract's tensors and the steps between.

`objects` answers the contract in either variant. In `ensemble` four models stand behind it:
jpeg -> objects_fit -> fit;  jpeg, fit -> objects_letterbox -> images;  images -> objects_network -> rows;
fit, rows -> objects_boxes -> boxes, digest, knows.
Every model batches by itself, without queue policy and without preferred sizes: both stall the batcher under bursts.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc import model_config_pb2 as pb

from triton_models.answers import Answers
from triton_models.contract import BOX_COLUMNS, BOXES, DIGEST, JPEG, KNOWS, MODEL_NAME, MOST_BOXES, Tensor
from triton_models.gpu.batched import Device
from triton_models.model_card import ModelCard, read_card

MAX_BATCH = 64
"""As many as the benchmark has in flight; the engine is built for 1 to this many."""
WAIT_US = 2_000
"""How long a picture waits for others where batches pay; a frame is worth seconds."""
STEP_PROCESSES = 2
"""Of each step in Python beside a GPU: one process read 2,300 headers a second through gRPC on a shared CPU core."""
NMS_FLOOR = 0.1
"""Rows below never leave the engine; lower if a label's threshold is."""
CARD, WEIGHTS, PLAN, PIPELINE = "model.json", "model.onnx", "model.plan", "model.dali"
BACKENDS = Path(__file__).parent / "backends"

IMAGES, LETTERBOXED = "images", "DALI_OUTPUT_0"
FIT = Tensor("fit", "TYPE_INT32", (8,))
ROWS = Tensor("rows", "TYPE_FP32", (MOST_BOXES, BOX_COLUMNS))
"""x1, y1, x2, y2 in pixels of the square, confidence, class; of no confidence after the last."""


class Variant(StrEnum):
    """The ways to answer the contract."""

    ENSEMBLE = "ensemble"
    BATCHED = "batched"


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a repository. `code` is a file of backends/ (python models), `files` what else its version holds."""

    name: str
    backend: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    device: Device = Device.CPU
    wait_us: int = 0
    count: int = 1
    code: str | None = None
    files: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def image_tensor(name: str, side_px: int) -> Tensor:
    """Letterboxed pictures, RGB 0-1, without their batch."""
    return Tensor(name, "TYPE_FP32", (3, side_px, side_px))


def models_of(variant: Variant, device: Device, side_px: int) -> tuple[Model, ...]:
    """Every model with a backend; the ensemble itself comes on top."""
    answer, gpu = (BOXES, DIGEST, KNOWS), device == Device.GPU
    processes = STEP_PROCESSES if gpu else 1
    if variant == Variant.BATCHED:
        told = {"device": str(device)}
        return (Model(MODEL_NAME, "python", (JPEG,), answer, device, WAIT_US, 1, "batched.py", (WEIGHTS,), told),)
    images, fitted = image_tensor(IMAGES, side_px), image_tensor(LETTERBOXED, side_px)
    if gpu:
        letterbox = Model("objects_letterbox", "dali", (JPEG, FIT), (fitted,), device, WAIT_US, files=(PIPELINE,))
        network = Model("objects_network", "tensorrt", (images,), (ROWS,), device, WAIT_US, files=(PLAN,))
    else:
        letterbox = Model("objects_letterbox", "python", (JPEG, FIT), (fitted,), code="letterbox.py")
        network = Model(
            "objects_network", "python", (images,), (ROWS,), wait_us=WAIT_US, code="network.py", files=(WEIGHTS,)
        )
    return (
        Model("objects_fit", "python", (JPEG,), (FIT,), count=processes, code="fit.py"),
        letterbox,
        network,
        Model("objects_boxes", "python", (FIT, ROWS), answer, count=processes, code="boxes.py"),
    )


def config_of(model: Model) -> pb.ModelConfig:
    """A model's configuration."""
    kind = pb.ModelInstanceGroup.KIND_GPU if model.device == Device.GPU else pb.ModelInstanceGroup.KIND_CPU
    config = pb.ModelConfig(
        name=model.name,
        backend=model.backend,
        max_batch_size=MAX_BATCH,
        input=[_input(tensor) for tensor in model.inputs],
        output=[_output(tensor) for tensor in model.outputs],
        instance_group=[pb.ModelInstanceGroup(count=model.count, kind=kind)],
        dynamic_batching=pb.ModelDynamicBatching(max_queue_delay_microseconds=model.wait_us),
    )
    for key, value in model.parameters.items():
        config.parameters[key].string_value = value
    return config


def ensemble_of(models: Sequence[Model]) -> pb.ModelConfig:
    """The ensemble over these: tensors of one name are one tensor, but for the network's input."""
    steps = [
        pb.ModelEnsembling.Step(
            model_name=model.name,
            model_version=-1,
            input_map={tensor.name: _wire(tensor) for tensor in model.inputs},
            output_map={tensor.name: _wire(tensor) for tensor in model.outputs},
        )
        for model in models
    ]
    return pb.ModelConfig(
        name=MODEL_NAME,
        platform="ensemble",
        max_batch_size=MAX_BATCH,
        input=[_input(JPEG)],
        output=[_output(tensor) for tensor in (BOXES, DIGEST, KNOWS)],
        ensemble_scheduling=pb.ModelEnsembling(step=steps),
    )


def configs_of(variant: Variant, device: Device, side_px: int) -> tuple[pb.ModelConfig, ...]:
    """Every configuration of a repository."""
    models = models_of(variant, device, side_px)
    own = tuple(config_of(model) for model in models)
    return own if variant == Variant.BATCHED else (*own, ensemble_of(models))


def write_repository(folder: Path, variant: Variant, device: Device, card: ModelCard, made: Mapping[str, Path]) -> None:
    """Lay out a repository; `made` holds the files that models need, by name (weights, plan, pipeline) and the card."""
    for config in configs_of(variant, device, card.input_px):
        version = folder / config.name / "1"
        version.mkdir(parents=True, exist_ok=True)
        (version.parent / "config.pbtxt").write_text(text_format.MessageToString(config))
    shutil.copyfile(made[CARD], folder / MODEL_NAME / CARD)
    for model in models_of(variant, device, card.input_px):
        version = folder / model.name / "1"
        for name in model.files:
            shutil.copyfile(made[name], version / name)
        if model.code:
            shutil.copyfile(BACKENDS / model.code, version / "model.py")


def card_beside(model_folder: str | Path) -> ModelCard:
    """The repository's card, for whichever of its models asks."""
    return read_card(Path(model_folder).parent / MODEL_NAME / CARD)


def engine_floor(card: ModelCard) -> float:
    """The confidence below which no row leaves the engine."""
    return min(NMS_FLOOR, Answers(card).floor)


def _wire(tensor: Tensor) -> str:
    return IMAGES if tensor.name == LETTERBOXED else tensor.name


def _input(tensor: Tensor) -> pb.ModelInput:
    kind = pb.DataType.Value(tensor.data_type)
    return pb.ModelInput(name=tensor.name, data_type=kind, dims=tensor.dims, allow_ragged_batch=-1 in tensor.dims)


def _output(tensor: Tensor) -> pb.ModelOutput:
    return pb.ModelOutput(name=tensor.name, data_type=pb.DataType.Value(tensor.data_type), dims=tensor.dims)
