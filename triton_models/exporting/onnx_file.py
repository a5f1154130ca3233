"""The ONNX file that the repository holds, from an Ultralytics `.pt` (needs the factory extra; AGPL-3.0).

In: `images` float32 [batch, 3, px, px], RGB 0-1, letterboxed on grey 114. Out: `output0` float32
[batch, 4 + classes, n], rows cx, cy, w, h in input pixels, then a probability a class; no NMS inside. Class names and
input size stand in its metadata.
"""

import contextlib
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ingest.errors import InputError
from triton_models.training.extra import UNREADABLE, extra, first_line, load_checkpoint

OPSET = 17
SMALL_TENSOR = 64
"""Tensors up to this size stay float32: biases and shapes, where halving saves nothing."""
CIRCUMSTANCES = ("description", "date")
MEND = "Give weights that this Ultralytics can load, or an .onnx file"


def export_onnx(weights: Path, out: Path, input_px: int | None = None, half_storage: bool = False) -> Path:
    """Export weights (at the size they were trained with unless given); gives `out`.

    Raises: InputError when the weights are none of detection, or the factory extra is not installed.
    """
    onnx = extra("onnx", str(weights))
    with tempfile.TemporaryDirectory() as scratch:
        written, side = exported(
            weights, Path(scratch), input_px, {"format": "onnx", "opset": OPSET, "dynamic": True, "simplify": False}
        )
        graph = onnx.load(written)
    fix_sides(graph, side)
    forget_circumstances(graph)
    if half_storage:
        store_half(graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, out)
    return out


def exported(weights: Path, scratch: Path, input_px: int | None, settings: dict[str, Any]) -> tuple[Path, int]:
    """What Ultralytics exports of a copy of the weights in `scratch`, and the side of its input."""
    load_checkpoint(weights)
    model = load_checkpoint(Path(shutil.copy(weights, scratch)))
    side = input_px or trained_size(model)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):  # bars and advice
            return Path(model.export(imgsz=side, verbose=False, **settings)), side
    except (AssertionError, *UNREADABLE) as error:
        raise InputError(str(weights), f"Ultralytics cannot export it: {first_line(error)}", MEND) from error


def trained_size(model: Any) -> int:
    """The square size that the weights were trained with; 640, Ultralytics' default, when they do not say."""
    size = model.overrides.get("imgsz", 640)
    return int(size if isinstance(size, int) else max(size))


def fix_sides(graph: Any, side_px: int) -> None:
    """Make height and width of the input constants; the batch stays free."""
    sides = graph.graph.input[0].type.tensor_type.shape.dim[2:]
    for dim in sides:
        dim.ClearField("dim_param")
        dim.dim_value = side_px


def forget_circumstances(graph: Any) -> None:
    """Drop the description, in which Ultralytics names the folder that the weights were trained from, and the date: the
    same weights give the same file, so that what was measured of one export holds for the next.
    """
    kept = [(entry.key, entry.value) for entry in graph.metadata_props if entry.key not in CIRCUMSTANCES]
    del graph.metadata_props[:]
    for key, value in kept:
        graph.metadata_props.add(key=key, value=value)


def store_half(graph: Any) -> None:
    """Keep the large weights as float16, widened by a Cast that onnxruntime folds away when it loads the file.

    The arithmetic stays float32: half the file, the same speed; outputs move by about 0.001 of their size.
    """
    onnx = extra("onnx", "--half-storage")
    kinds = onnx.TensorProto
    floats = [tensor for tensor in graph.graph.initializer if tensor.data_type == kinds.FLOAT]
    casts = []
    for tensor in (one for one in floats if np.prod(one.dims) > SMALL_TENSOR):
        name = f"{tensor.name}_half"
        half = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.float16), name)
        casts.append(onnx.helper.make_node("Cast", [name], [tensor.name], to=kinds.FLOAT, name=f"widen_{tensor.name}"))
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.append(half)
    nodes = casts + list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
