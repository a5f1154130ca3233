"""An engine belongs to one GPU and one TensorRT; what cannot be built here says so."""

import shutil
from pathlib import Path

import msgspec
import pytest

from ingest.errors import InputError
from triton_models.gpu.build import ENGINE, check_engine
from triton_models.gpu.engine import Machine, build_command, parse_gpu, this_machine, version_of, why_unfit

HERE = Machine(tensorrt="10.5.0", gpu="NVIDIA L4", capability="8.9")


@pytest.mark.parametrize(
    ("banner", "version"),
    [
        ("&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec --help", (8, 6, 1)),
        ("&&&& RUNNING TensorRT.trtexec [TensorRT v100500] [b18] # trtexec --help", (10, 5, 0)),
        ("&&&& RUNNING TensorRT.trtexec [TensorRT v101602] [b10] # trtexec --help", (10, 16, 2)),
        ("&&&& RUNNING TensorRT.trtexec [TensorRT v11.1.0.106] [b48]", (11, 1, 0)),
        ("trtexec: command not found", None),
    ],
)
def test_trtexec_says_its_version(banner: str, version: tuple[int, ...] | None) -> None:
    assert version_of(banner) == version


def test_shapes_are_explicit_and_precision_is_the_graph_s() -> None:
    command = build_command(Path("trtexec"), HERE, Path("a.onnx"), Path("model.plan"), 256)
    assert "--minShapes=images:1x3x256x256" in command
    assert "--maxShapes=images:64x3x256x256" in command
    assert "--stronglyTyped" in command
    assert not any("fp16" in part for part in command)
    newer = Machine(tensorrt="11.0.0", gpu=HERE.gpu, capability=HERE.capability)
    assert "--stronglyTyped" not in build_command(Path("trtexec"), newer, Path("a"), Path("b"), 256)


def test_a_gpu_is_read_from_what_nvidia_smi_prints() -> None:
    assert parse_gpu("NVIDIA A100-SXM4-40GB, 8.0\n") == ("NVIDIA A100-SXM4-40GB", "8.0")


@pytest.mark.parametrize(
    ("built", "reason"),
    [
        (HERE, None),
        (Machine(tensorrt="10.3.0", gpu="NVIDIA L4", capability="8.9"), "TensorRT 10.3.0, and here is 10.5.0"),
        (Machine(tensorrt="10.5.0", gpu="Tesla T4", capability="7.5"), "GPU Tesla T4, and here is NVIDIA L4"),
    ],
)
def test_an_engine_of_elsewhere_is_named(built: Machine, reason: str | None) -> None:
    said = why_unfit(built, HERE)
    assert (said is None) if reason is None else (reason in (said or ""))


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU")
def test_without_a_gpu_building_and_serving_an_engine_stop_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nvidia-smi is not here"):
        this_machine()
    check_engine(tmp_path)  # a repository without an engine may be served anywhere
    (tmp_path / ENGINE).write_bytes(msgspec.json.encode(HERE))
    with pytest.raises(InputError, match="nvidia-smi is not here"):
        check_engine(tmp_path)
    (tmp_path / ENGINE).write_text("{}")
    with pytest.raises(InputError, match="does not say what the engine is for"):
        check_engine(tmp_path)
