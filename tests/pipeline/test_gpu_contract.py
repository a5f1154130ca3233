"""One contract, every variant: checked on the CPU's repository and on both of a GPU's, with stand-ins for the GPU."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tritonclient.grpc import aio

from tests.detector_pipeline import object_detector
from triton_models.contract import MODEL_NAME
from triton_models.gpu.__main__ import SHIPPED
from triton_models.gpu.batched import Device
from triton_models.gpu.build import build
from triton_models.gpu.check import check
from triton_models.gpu.pictures import bad_pictures, good_pictures
from triton_models.gpu.repository import Variant
from triton_models.model_card import read_card

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

ROOT = Path(__file__).parents[2]
BATCHING = {Variant.BATCHED: MODEL_NAME, Variant.ENSEMBLE: "objects_network"}


@pytest.fixture(scope="module", params=list(Variant))
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[tuple[Variant, str]]":
    """A Triton of its own with one variant's repository, as `build --device cpu` makes it; its gRPC address."""
    from deploy.stack.local import LocalStack

    folder = tmp_path_factory.mktemp("gpu")
    build(folder / "models", request.param, Device.CPU, SHIPPED)
    with LocalStack(folder / "state", {"triton"}, {"PROCTOR_MODELS": str(folder / "models")}) as running:
        yield request.param, running.triton


async def problems_at(address: str) -> tuple[str, ...]:
    """What breaks the contract at an address; empty when it is fulfilled."""
    card = read_card(SHIPPED / MODEL_NAME / "model.json")
    found = await check(address, object_detector(), card, dict(good_pictures()), dict(bad_pictures()))
    assert found.boxes >= 20
    return found.problems


async def test_the_cpu_s_repository_fulfils_the_contract(stack: "LocalStack") -> None:
    assert await problems_at(stack.triton) == ()


async def test_a_variant_fulfils_the_contract(served: tuple[Variant, str]) -> None:
    assert await problems_at(served[1]) == ()


async def test_a_variant_puts_pictures_of_different_lengths_into_one_execution(served: tuple[Variant, str]) -> None:
    variant, address = served
    await asyncio.gather(*(problems_at(address) for _ in range(3)))
    client = aio.InferenceServerClient(address)
    try:
        statistics = (await client.get_inference_statistics(BATCHING[variant])).model_stats[0]
    finally:
        await client.close()
    assert statistics.inference_count >= 2 * statistics.execution_count


def script(folder: Path, *arguments: str, triton: str) -> subprocess.CompletedProcess[str]:
    """build.sh with the wheel's server in the image's place."""
    from deploy.stack.triton import copy_backends, environment, server_folder

    server = server_folder()
    copy_backends(server, folder / "backends")
    told = os.environ | environment(server)
    python, _, rest = told["PATH"].partition(os.pathsep)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    quiet = f"--backend-directory={folder / 'backends'} --allow-http=false --allow-metrics=false"
    told |= {
        "PATH": os.pathsep.join((python, str(server / "bin"), rest)),
        "TRITON_GRPC_PORT": port,
        "TRITON_ARGUMENTS": f"{quiet} {triton}",
    }
    command = [str(ROOT / "triton_models/gpu/build.sh"), str(folder / "models"), *arguments]
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=200, check=False)


def test_the_image_s_script_builds_serves_and_checks(tmp_path: Path) -> None:
    done = script(tmp_path, "--variant", "batched", "--device", "cpu", triton="--exit-timeout-secs=5")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "boxes compared" in done.stdout
    assert "fulfils the contract" in done.stdout


def test_the_image_s_script_says_what_is_missing(tmp_path: Path) -> None:
    ended = script(tmp_path, "--device", "cpu", triton="--no-such-argument")
    assert ended.returncode == 1
    assert "tritonserver ended by itself" in ended.stderr
    bare = {"PATH": "/usr/bin:/bin"}
    command = [str(ROOT / "triton_models/gpu/build.sh"), str(tmp_path / "other")]
    outside = subprocess.run(command, env=bare, capture_output=True, text=True, timeout=30, check=False)
    assert (outside.returncode, outside.stdout) == (1, "")
    assert "tritonserver is not on PATH" in outside.stderr
