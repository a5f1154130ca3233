"""The repositories for a GPU speak the contract, and every tensor between their models is one tensor."""

from pathlib import Path

import pytest
from google.protobuf import text_format  # type: ignore[import-untyped]
from msgspec import structs
from tritonclient.grpc import model_config_pb2 as pb

from ingest.errors import InputError
from triton_models import contract
from triton_models.gpu.__main__ import SHIPPED, exit_status
from triton_models.gpu.batched import Device
from triton_models.gpu.build import build
from triton_models.gpu.repository import MAX_BATCH, NMS_FLOOR, Variant, configs_of, engine_floor
from triton_models.model_card import ModelCard, read_card

EVERY = [(variant, device) for variant in Variant for device in Device]
SIDE = 256


def tensors(declared: object) -> list[contract.Tensor]:
    """Inputs or outputs of a configuration as the contract writes them."""
    name = pb.DataType.Name
    return [contract.Tensor(one.name, name(one.data_type), tuple(one.dims)) for one in declared]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("variant", "device"), EVERY)
def test_what_answers_speaks_the_contract(variant: Variant, device: Device) -> None:
    (objects,) = [one for one in configs_of(variant, device, SIDE) if one.name == contract.MODEL_NAME]
    assert tensors(objects.input) == [contract.JPEG]
    assert tensors(objects.output) == [contract.BOXES, contract.DIGEST, contract.KNOWS]


@pytest.mark.parametrize(("variant", "device"), EVERY)
def test_every_model_batches_without_policies_that_stall(variant: Variant, device: Device) -> None:
    for config in configs_of(variant, device, SIDE):
        assert config.max_batch_size == MAX_BATCH >= 32
        assert all(one.allow_ragged_batch == (-1 in one.dims) for one in config.input)
        if config.platform != "ensemble":
            assert config.HasField("dynamic_batching"), config.name
            assert not config.dynamic_batching.preferred_batch_size
            assert not config.dynamic_batching.HasField("default_queue_policy")


@pytest.mark.parametrize("device", list(Device))
def test_every_wire_of_the_ensemble_has_one_source_and_one_form(device: Device) -> None:
    configs = {one.name: one for one in configs_of(Variant.ENSEMBLE, device, SIDE)}
    ensemble = configs[contract.MODEL_NAME]
    wires = {contract.JPEG.name: contract.JPEG}
    for step in ensemble.ensemble_scheduling.step:
        given, made = configs[step.model_name].input, configs[step.model_name].output
        assert {one.name for one in given} == set(step.input_map)
        assert {one.name for one in made} == set(step.output_map)
        for tensor in tensors(given):
            source = wires[step.input_map[tensor.name]]
            assert (tensor.data_type, tensor.dims) == (source.data_type, source.dims)
        for tensor in tensors(made):
            assert step.output_map[tensor.name] not in wires
            wires[step.output_map[tensor.name]] = tensor
    assert {contract.BOXES.name, contract.DIGEST.name, contract.KNOWS.name} <= set(wires)


def test_the_decoder_waits_for_the_step_that_refuses() -> None:
    """Else one broken picture would fail the whole batch inside DALI."""
    configs = {one.name: one for one in configs_of(Variant.ENSEMBLE, Device.GPU, SIDE)}
    refusing = {one.name for one in configs["objects_fit"].output}
    assert refusing & {one.name for one in configs["objects_letterbox"].input}
    kinds = {name: one.instance_group[0].kind for name, one in configs.items() if one.instance_group}
    on_gpu = {name for name, kind in kinds.items() if kind == pb.ModelInstanceGroup.KIND_GPU}
    assert on_gpu == {"objects_letterbox", "objects_network"}


@pytest.mark.parametrize("variant", list(Variant))
def test_a_repository_is_written_whole(tmp_path: Path, variant: Variant) -> None:
    build(tmp_path / "made", variant, Device.CPU, SHIPPED)
    for config in configs_of(variant, Device.CPU, SIDE):
        folder = tmp_path / "made" / config.name
        assert text_format.Parse((folder / "config.pbtxt").read_text(), pb.ModelConfig()) == config
        assert (folder / "1").is_dir()
        assert (folder / "1" / "model.py").is_file() == (config.backend == "python")
    card = read_card(tmp_path / "made" / contract.MODEL_NAME / "model.json")
    assert card == read_card(SHIPPED / contract.MODEL_NAME / "model.json")
    assert [one.name for one in tmp_path.iterdir()] == ["made"]


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        build(tmp_path, Variant.BATCHED, Device.CPU, SHIPPED)
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


def test_the_engine_lets_through_what_any_label_asks_for() -> None:
    card = ModelCard(name="m", labels=("phone", "person"), input_px=64, layout="v8", sha256="0" * 64)
    assert engine_floor(card) == NMS_FLOOR
    assert engine_floor(structs.replace(card, thresholds={"phone": 0.05})) == pytest.approx(0.05)


def test_the_command_says_what_is_missing_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(["build", str(tmp_path / "r"), "--variant", "batched", "--models", str(tmp_path)]) == 1
    assert "model.json" in capsys.readouterr().err
    assert exit_status(["check", "--triton", "127.0.0.1:1", "--wait", "0.2"]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
