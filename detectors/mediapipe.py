"""MediaPipe, as every detector of ours loads it: quiet, one thread, without the plotting library that it would import.

Graphs run with nothing carried from one picture to the next, so that every result is a function of its picture alone.
"""

import hashlib
import importlib.metadata
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

QUIET = {"OMP_NUM_THREADS": "1", "GLOG_minloglevel": "2", "TF_CPP_MIN_LOG_LEVEL": "2"}
DRAWING = ("matplotlib", "matplotlib.pyplot")


def load() -> Any:
    """The library, without matplotlib: its drawing functions import it, which is 3 of 4 s of a process's start."""
    cv2.setNumThreads(1)
    os.environ.update(QUIET)
    absent = [name for name in DRAWING if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in absent})
    try:
        import mediapipe
    finally:
        for name in absent:
            del sys.modules[name]
    return mediapipe


def start_graph(config: str, outputs: Iterable[str], **settings: Any) -> Any:
    """A running graph of the library's own parts. `config`: protobuf text; `settings`: of the class that runs it."""
    load()
    from mediapipe.python.solution_base import SolutionBase

    return SolutionBase(graph_config=config, outputs=list(outputs), **settings)


def model_file(model: str) -> Path:
    """A network's file, by its name below the library's folder `modules`."""
    return Path(str(load().__file__)).parent / "modules" / model


def digest_of(models: Iterable[str]) -> str:
    """The SHA-256 of the library's version and of these networks, named below its folder `modules`."""
    digest = hashlib.sha256(importlib.metadata.version("mediapipe").encode())
    for name in models:
        digest.update(model_file(name).read_bytes())
    return digest.hexdigest()


def check_rgb(rgb: NDArray[np.uint8]) -> None:
    """Raises: ValueError when the picture is not RGB uint8 [h, w, 3], or an empty one. It need not be contiguous."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"a picture of {rgb.dtype} {rgb.shape}, not uint8 [h, w, 3]")
