"""TensorRT's engine: built by trtexec for this very GPU and TensorRT, and never served on another."""

import re
import shutil
import subprocess
from pathlib import Path

import msgspec

from ingest.errors import InputError
from triton_models.gpu.repository import IMAGES, MAX_BATCH

INSTALLED = Path("/usr/src/tensorrt/bin/trtexec")
"""Where NVIDIA's images have it, off PATH."""
USUAL_BATCH = 16
"""The batch that the engine is tuned for, between 1 and MAX_BATCH."""
STRONGLY_TYPED_ONLY = 11
"""From this TensorRT on precision always comes from the graph; before, `--stronglyTyped` asks for it."""
BUILD_DEADLINE_S, ASK_DEADLINE_S = 3600, 60
BANNER = re.compile(r"\[TensorRT v(\d+(?:\.\d+)*)\]")
IMAGE = "Run inside the official Triton image with `docker run --gpus all`"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is bound to: TensorRT's version, the GPU's name and compute capability."""

    tensorrt: str
    gpu: str
    capability: str


def version_of(banner: str) -> tuple[int, ...] | None:
    """TensorRT's version from trtexec's first line: `v8601` is 8.6.1, `v100500` is 10.5.0; None if it is not there."""
    found = BANNER.search(banner)
    if not found:
        return None
    text = found[1]
    if "." in text:
        return tuple(int(part) for part in text.split(".")[:3])
    number = int(text)
    major, rest = divmod(number, 10_000 if number >= 100_000 else 1_000)
    return major, rest // 100, rest % 100


def find_trtexec() -> Path | None:
    """trtexec on PATH or where NVIDIA's images have it."""
    found = shutil.which("trtexec") or (str(INSTALLED) if INSTALLED.is_file() else None)
    return Path(found) if found else None


def parse_gpu(line: str) -> tuple[str, str]:
    """Name and compute capability from nvidia-smi's `name, capability`."""
    name, _, capability = line.strip().rpartition(", ")
    return name, capability


def this_machine() -> Machine:
    """What an engine built here is bound to.

    Raises: InputError when there is no GPU, no trtexec, or one that does not say its version.
    """
    gpu = _said(["nvidia-smi", "--query-gpu=name,compute_cap", "--format=csv,noheader"]).splitlines()
    if not gpu:
        raise InputError("the GPU", "nvidia-smi is not here or sees none", IMAGE)
    trtexec = find_trtexec()
    if trtexec is None:
        raise InputError("trtexec", f"is neither on PATH nor at {INSTALLED}", IMAGE)
    version = version_of(_said([str(trtexec), "--help"]))
    if version is None:
        raise InputError(str(trtexec), "does not say its TensorRT version", "Use the trtexec of the official image")
    name, capability = parse_gpu(gpu[0])
    return Machine(tensorrt=".".join(map(str, version)), gpu=name, capability=capability)


def _said(command: list[str]) -> str:
    """What a program prints; nothing when it is not there or does not answer."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=ASK_DEADLINE_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def build_command(trtexec: Path, machine: Machine, onnx: Path, plan: Path, side_px: int) -> list[str]:
    """trtexec's command line: explicit shapes, precision from the graph, no timing runs afterwards."""
    shapes = {"min": 1, "opt": USUAL_BATCH, "max": MAX_BATCH}
    command = [str(trtexec), f"--onnx={onnx}", f"--saveEngine={plan}", "--skipInference"]
    command += [f"--{which}Shapes={IMAGES}:{batch}x3x{side_px}x{side_px}" for which, batch in shapes.items()]
    old = int(machine.tensorrt.split(".")[0]) < STRONGLY_TYPED_ONLY
    return [*command, "--stronglyTyped"] if old else command


def build_engine(onnx: Path, plan: Path, side_px: int) -> Machine:
    """Build the plan; gives what it is bound to. Raises InputError with trtexec's own words when it fails."""
    machine, trtexec = this_machine(), find_trtexec()
    assert trtexec is not None, "this_machine has found it"
    command = build_command(trtexec, machine, onnx, plan, side_px)
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_DEADLINE_S, check=False)
    if done.returncode or not plan.is_file():
        said = [line for line in (done.stdout + done.stderr).splitlines() if "[E]" in line] or [
            f"status {done.returncode}"
        ]
        raise InputError("trtexec", f"cannot build the engine: {said[0]}", f"It was: {' '.join(command)}")
    return machine


def why_unfit(built: Machine, here: Machine) -> str | None:
    """Why an engine cannot be served here, or None."""
    pairs = [("TensorRT", built.tensorrt, here.tensorrt), ("GPU", built.gpu, here.gpu)]
    wrong = [f"built for {what} {theirs}, and here is {ours}" for what, theirs, ours in pairs if theirs != ours]
    return "; ".join(wrong) or None
