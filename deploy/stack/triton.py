"""The Triton server inside the nvidia-pytriton wheel, run on a model repository.

How its embedded Python finds the environment: the python backend starts a stub (one per Python version in the wheel,
linked to libpython) that takes `sys.prefix` from the first `python3` on PATH. So the environment's `bin` comes first
there; PYTHONPATH is ignored. The wheel keeps the stubs beside the backends, while the server looks for one inside the
backend's folder: hence a copy of the backends with this Python's stub in it. libpython itself may lie beside the
interpreter only (pyenv, uv): its folder is put on LD_LIBRARY_PATH with the wheel's own libraries.
"""

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import triton_models
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder
from deploy.stack.health import all_http_ok
from deploy.stack.part import Part

SHARED_MEMORY = Path("/dev/shm")
MODELS_VARIABLE = "PROCTOR_MODELS"
REINSTALL = "Install nvidia-pytriton again, or set PROCTOR_TRITON to a server of yours"


def model_repository(environment: Mapping[str, str]) -> Path:
    """The models to serve: $PROCTOR_MODELS, else the ones of this project."""
    chosen = environment.get(MODELS_VARIABLE)
    return Path(chosen).resolve() if chosen else Path(triton_models.__file__).parent / "repository"


def models_in(repository: Path) -> list[str]:
    """The names of the models that the server will load. Raises StackError when there is none."""
    names = sorted(config.parent.name for config in repository.glob("*/config.pbtxt"))
    if not names:
        raise StackError("triton", f"no model in {repository}", f"Set {MODELS_VARIABLE} to a Triton model repository")
    return names


def triton_part(folder: StateFolder, ports: Mapping[str, int], repository: Path, stack_id: str) -> Part:
    """The server on 127.0.0.1; well when it and every model of the repository are ready."""
    home, server = folder.data("triton"), server_folder()
    base = f"http://127.0.0.1:{ports['triton_http']}/v2"
    models = models_in(repository)
    region = f"proctor_{stack_id[:8]}_"

    def prepare() -> None:
        copy_backends(server, home / "backends")
        remove_shared_memory(region)

    return Part(
        name="triton",
        command=command(server, home / "backends", repository, ports, region),
        environment=environment(server),
        health=all_http_ok((f"{base}/health/ready", *(f"{base}/models/{name}/ready" for name in models))),
        prepare=prepare,
    )


def command(server: Path, backends: Path, repository: Path, ports: Mapping[str, int], region: str) -> tuple[str, ...]:
    """The server's command line."""
    return (
        str(server / "bin" / "tritonserver"),
        f"--model-repository={repository}",
        f"--backend-directory={backends}",
        "--model-control-mode=none",
        "--http-address=127.0.0.1",
        f"--http-port={ports['triton_http']}",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={ports['triton']}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={ports['triton_metrics']}",
        "--allow-gpu-metrics=false",
        "--allow-cpu-metrics=false",
        "--http-thread-count=2",
        "--exit-timeout-secs=5",
        "--log-info=false",
        f"--backend-config=python,shm-region-prefix-name={region}",
    )


def environment(server: Path) -> dict[str, str]:
    """PATH and LD_LIBRARY_PATH as the module's docstring explains."""
    libraries = (server.parents[1] / "nvidia_pytriton.libs", server / "lib", Path(sysconfig.get_config_var("LIBDIR")))
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "LD_LIBRARY_PATH": os.pathsep.join((*map(str, libraries), os.environ.get("LD_LIBRARY_PATH", ""))).rstrip(":"),
        "OMP_NUM_THREADS": "1",
    }


def server_folder() -> Path:
    """`pytriton/tritonserver` in this environment, found without importing pytriton. Raises StackError."""
    found = importlib.util.find_spec("pytriton")
    if found is None or found.origin is None:
        raise StackError("triton", "nvidia-pytriton is not installed in this environment", REINSTALL)
    return Path(found.origin).parent / "tritonserver"


def stub_of(server: Path) -> Path:
    """The python backend's process for this Python. Raises StackError."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = server / "python_backend_stubs" / version / "triton_python_backend_stub"
    if not stub.is_file():
        raise StackError("triton", f"its wheel has no python backend for Python {version}", REINSTALL)
    return stub


def copy_backends(server: Path, target: Path) -> None:
    """Lay out the backends with the stub where the server looks for it."""
    shutil.copytree(server / "backends", target, dirs_exist_ok=True)
    shutil.copy2(stub_of(server), target / "python")


def remove_shared_memory(region: str, where: Path = SHARED_MEMORY) -> None:
    """A killed server leaves its regions behind, and they are memory."""
    for left in where.glob(f"{region}*"):
        left.unlink(missing_ok=True)
