"""Exports an Ultralytics `.pt` to the ONNX that the repository holds (extra `factory`; AGPL-3.0).

    python -m triton_models.export WEIGHTS.pt OUT.onnx [--px 256] [--half-storage]

In: `images` float32 [batch, 3, px, px], RGB 0-1, letterboxed on grey 114. Out: `output0` float32
[batch, 4 + classes, n], rows cx, cy, w, h in input pixels, then a probability a class; no NMS inside. Class names and
input size stand in its metadata.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from ultralytics import YOLO

OPSET = 17
SMALL_TENSOR = 64
"""Tensors up to this size stay float32: biases and shapes, where halving saves nothing."""


def export_onnx(weights: Path, out: Path, input_px: int | None = None, half_storage: bool = False) -> Path:
    """Export weights (at the size they were trained with unless given); gives `out`."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copy(weights, scratch))
        model = YOLO(copy)
        side = input_px or trained_size(model)
        written = model.export(format="onnx", imgsz=side, opset=OPSET, dynamic=True, simplify=False)
        graph = onnx.load(written)
    fix_sides(graph, side)
    if half_storage:
        store_half(graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, out)
    return out


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


def store_half(graph: Any) -> None:
    """Keep the large weights as float16, widened by a Cast that onnxruntime folds away when it loads the file.

    The arithmetic stays float32: half the file, the same speed; outputs move by about 0.001 of their size.
    """
    floats = [tensor for tensor in graph.graph.initializer if tensor.data_type == TensorProto.FLOAT]
    casts = []
    for tensor in (one for one in floats if np.prod(one.dims) > SMALL_TENSOR):
        name = f"{tensor.name}_half"
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), name)
        casts.append(helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT, name=f"widen_{tensor.name}"))
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.append(half)
    nodes = casts + list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--px", type=int)
    parser.add_argument("--half-storage", action="store_true")
    args = parser.parse_args()
    print(export_onnx(args.weights, args.out, args.px, args.half_storage))


if __name__ == "__main__":
    main()
