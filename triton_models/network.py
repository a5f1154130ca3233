"""An ONNX file of an object model, looked into with onnxruntime alone: names, input size, layout; one picture run."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as states

from ingest.errors import InputError
from triton_models.boxes import Layout
from triton_models.taxonomy import LabelMap

LOAD_ERRORS = (
    states.Fail,
    states.InvalidArgument,
    states.InvalidGraph,
    states.InvalidProtobuf,
    states.NoSuchFile,
    states.NotImplemented,
    states.RuntimeException,
)
"""What onnxruntime raises for a file it cannot load or run; they have no common base of their own."""

INPUT_NAME, INPUT_TYPE = "images", "tensor(float)"
EXPORT_AGAIN = "Export it with `yolo export format=onnx nms=None` (float32, one input `images`, no NMS inside)"


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of an ONNX object model after running it once."""

    names: tuple[str, ...]
    input_px: int
    layout: Layout
    license: str
    author: str


def inspect(path: Path, label_map: LabelMap) -> Network:
    """Load a model and run one picture through it.

    Raises: InputError when it is no ONNX file, or no object model in a layout that can be read.
    """
    session = open_session(path)
    meta: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    check_input(path, session)
    names = names_of(path, meta, label_map)
    input_px = input_size_of(path, session.get_inputs()[0].shape, meta, label_map)
    layout = layout_of(path, run_once(path, session, input_px), len(names))
    return Network(names, input_px, layout, meta.get("license", "unknown"), meta.get("author", "unknown"))


def open_session(path: Path, threads: int = 1) -> Any:
    """An onnxruntime session; raises InputError when the file is no ONNX model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except LOAD_ERRORS as error:
        raise InputError(str(path), f"onnxruntime cannot load it: {first_line(error)}", "Name an ONNX model") from error


def check_input(path: Path, session: Any) -> None:
    """One float32 input `images` [b, 3, s, s]."""
    found = [(one.name, one.type, len(one.shape)) for one in session.get_inputs()]
    if found != [(INPUT_NAME, INPUT_TYPE, 4)]:
        raise InputError(str(path), f"its inputs are {found}, not one float32 `images` [b, 3, s, s]", EXPORT_AGAIN)


def names_of(path: Path, meta: Mapping[str, str], label_map: LabelMap) -> tuple[str, ...]:
    """Class names in order: from Ultralytics' metadata, else from the label map."""
    if "names" in meta:
        named = _literal(path, "names", meta["names"])
        return tuple(str(n) for n in (named.values() if isinstance(named, dict) else named))
    if label_map.names:
        return label_map.names
    mend = "Pass --labels MAP.toml with a list `names` in the order of its output"
    raise InputError(str(path), "carries no class names", mend)


def input_size_of(path: Path, shape: list[Any], meta: Mapping[str, str], label_map: LabelMap) -> int:
    """Side of the square input: fixed in the graph, else from the metadata, else from the label map."""
    sides = shape[2:]
    if not all(isinstance(side, int) for side in sides):
        sides = _literal(path, "imgsz", meta["imgsz"]) if "imgsz" in meta else [label_map.input_px] * 2
    if sides[0] is None:
        raise InputError(str(path), "does not say its input size", "Pass --labels MAP.toml with `input_px`")
    if sides[0] != sides[1]:
        raise InputError(str(path), f"its input is {sides[1]}x{sides[0]}, not square", "Export it with one imgsz")
    return int(sides[0])


def run_once(path: Path, session: Any, input_px: int) -> NDArray[np.float32]:
    """The raw output [rows, columns] for one picture of noise."""
    picture = np.random.default_rng(0).random((1, 3, input_px, input_px), np.float32)
    try:
        first, *_ = session.run(None, {INPUT_NAME: picture})
    except LOAD_ERRORS as error:
        raise InputError(str(path), f"fails on a picture: {first_line(error)}", EXPORT_AGAIN) from error
    output = np.asarray(first)
    if output.ndim != 3 or output.shape[0] != 1 or output.dtype != np.float32:
        raise InputError(str(path), f"its output is {output.dtype} {list(output.shape)}, not boxes", EXPORT_AGAIN)
    return np.asarray(output[0], np.float32)


def layout_of(path: Path, output: NDArray[np.float32], classes: int) -> Layout:
    """Which layout an output [rows, columns] has; its scores must be probabilities."""
    rows, columns = output.shape
    layouts: dict[Layout, bool] = {"v8": rows == 4 + classes, "v5": columns == 5 + classes}
    for layout, fits in layouts.items():
        scores = output[4:] if layout == "v8" else output[:, 4:]
        if fits and np.isfinite(output).all() and scores.min() >= 0 and scores.max() <= 1:
            return layout
    reason = f"output [{rows}, {columns}] fits neither [4 + {classes}, n] nor [n, 5 + {classes}] with scores 0 to 1"
    raise InputError(str(path), reason, EXPORT_AGAIN)


def first_line(error: Exception) -> str:
    """The first line of an error's text, without its full stop."""
    return str(error).strip().split("\n")[0].rstrip(".")


def _literal(path: Path, key: str, text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise InputError(str(path), f"its metadata {key!r} cannot be read", EXPORT_AGAIN) from error
