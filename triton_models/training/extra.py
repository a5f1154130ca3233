"""The factory extra, opened in one place: torch and Ultralytics are large, optional and talkative."""

import importlib
import logging
import os
import warnings
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import Any

from ingest.errors import InputError

UNREADABLE = (
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    UnpicklingError,
)
"""What loading a file that is no Ultralytics checkpoint raises, by what it holds instead."""
INSTALL = "Install the extra with `pip install 'proctorstream[factory]'`"


def extra(name: str, wanted_for: str) -> ModuleType:
    """A module of the extra; raises InputError when it is not installed."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")  # Ultralytics would run pip by itself
    os.environ.setdefault("YOLO_OFFLINE", "true")  # it would ask its server for news
    os.environ.setdefault("YOLO_VERBOSE", "false")  # progress is said here
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(wanted_for, f"needs the package {error.name}", INSTALL) from error
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="torch")
    return module


def load_checkpoint(weights: Path) -> Any:
    """An Ultralytics object model (a `YOLO`) from its .pt; raises InputError when it is none or of another task."""
    if not weights.is_file():
        raise InputError(str(weights), "no such file", "Name a .pt file of an Ultralytics object model")
    if weights.suffix != ".pt":
        raise InputError(str(weights), f"unknown kind {weights.suffix!r}", "Give a .pt file")
    ultralytics = extra("ultralytics", str(weights))
    mend = "Give a .pt that this Ultralytics trained for detection"
    try:
        model = ultralytics.YOLO(weights)
        task, names = model.task, model.names
    except UNREADABLE as error:
        raise InputError(str(weights), f"Ultralytics cannot load it: {first_line(error)}", mend) from error
    if task != "detect":
        raise InputError(str(weights), f"is a model for {task}, not for detection", mend)
    if not names:
        raise InputError(str(weights), "names no classes", mend)
    return model


def first_line(error: Exception) -> str:
    """The first sentence of an error's text, without its full stop and Ultralytics' decoration."""
    line = str(error).strip().split("\n")[0].removeprefix("ERROR ❌️ ")
    return (line.split(". ")[0] or type(error).__name__).rstrip(".")
