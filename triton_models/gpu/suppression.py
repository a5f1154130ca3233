"""The network as the engine is built from it: half precision in its graph, and the suppression behind it.

Only operators of the ONNX standard are used, so onnxruntime runs the very graph that TensorRT builds; NonMaxSuppression
is a layer of TensorRT's own. Precision stands in the graph because TensorRT 11 has dropped `--fp16`. Needs onnx.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from ingest.errors import InputError
from triton_models.boxes import NMS_IOU, Layout
from triton_models.contract import MOST_BOXES
from triton_models.gpu.half import to_half
from triton_models.gpu.repository import ROWS, engine_floor
from triton_models.model_card import ModelCard
from triton_models.network import first_line

MOST_PX = 1 << 30
"""An end for slices that is beyond any axis."""


def write_engine_onnx(model: Path, card: ModelCard, out: Path, half: bool = True) -> None:
    """Write the network with `images` float32 [b, 3, side, side] in and `rows` float32 [b, 100, 6] out.

    Raises: InputError when the package onnx is not installed, or the graph does not fit together.
    """
    onnx = onnx_package()
    document = onnx.load(str(model))
    if half:
        to_half(onnx, document.graph)
    Suppression(onnx, document.graph).add(card.layout, engine_floor(card))
    try:
        onnx.checker.check_model(document, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        mend = "Export the model again with `python -m triton_models export`"
        raise InputError(str(model), f"cannot carry the suppression: {first_line(error)}", mend) from error
    onnx.save(document, str(out))


def onnx_package() -> Any:
    """The package onnx, which serving does not need. Raises InputError when it is not installed."""
    try:
        return importlib.import_module("onnx")
    except ModuleNotFoundError as error:
        mend = "Run: pip install -r triton_models/gpu/requirements.txt"
        raise InputError("building an engine", f"needs the package {error.name}", mend) from error


class Suppression:
    """Appends nodes to a graph whose one output is the raw output of a network (see `triton_models.boxes`)."""

    def __init__(self, onnx: Any, graph: Any) -> None:
        self._onnx, self._graph = onnx, graph

    def add(self, layout: Layout, floor: float) -> None:
        """Replace the output by `rows`: the most confident boxes, one class a candidate, suppressed within a class."""
        raw = self._graph.output[0].name
        boxes, scores = self._halves_v8(raw) if layout == "v8" else self._halves_v5(raw)
        corners = self._corners(boxes)
        best_class = self._node("ArgMax", [scores], axis=1, keepdims=1)
        best = self._node("GatherElements", [scores, best_class], axis=1)
        alone = self._node("ScatterElements", [self._zeros(scores), best_class, best], axis=1)
        limits = [self._ints([MOST_BOXES]), self._floats([NMS_IOU]), self._floats([floor])]
        chosen = self._node("NonMaxSuppression", [corners, alone, *limits])
        self._end(corners, best_class, self._scores_of(chosen, self._flat(best)))

    def _halves_v8(self, raw: str) -> tuple[str, str]:
        boxes = self._node("Transpose", [self._slice(raw, 0, 4, 1)], perm=[0, 2, 1])
        return boxes, self._slice(raw, 4, MOST_PX, 1)

    def _halves_v5(self, raw: str) -> tuple[str, str]:
        scores = self._node("Mul", [self._slice(raw, 5, MOST_PX, 2), self._slice(raw, 4, 5, 2)])
        return self._slice(raw, 0, 4, 2), self._node("Transpose", [scores], perm=[0, 2, 1])

    def _corners(self, boxes: str) -> str:
        """Corners [b, n, 4] from centre and size."""
        centre = self._slice(boxes, 0, 2, 2)
        reach = self._node("Mul", [self._slice(boxes, 2, 4, 2), self._floats([0.5])])
        ends = [self._node("Sub", [centre, reach]), self._node("Add", [centre, reach])]
        return self._node("Concat", ends, axis=2)

    def _scores_of(self, chosen: str, best: str) -> str:
        """Scores [b, n] of the candidates chosen ([m, 3]: picture, class, candidate), zero elsewhere."""
        places = self._node("Gather", [chosen, self._ints([0, 2])], axis=1)
        return self._node("ScatterND", [self._zeros(best), places, self._node("GatherND", [best, places])])

    def _end(self, corners: str, best_class: str, scores: str) -> None:
        confidence, places = self._nodes("TopK", [scores, self._ints([MOST_BOXES])], 2, axis=1)
        classes = self._node("GatherElements", [self._flat(best_class), places], axis=1)
        columns = [self._as_column(places), self._as_column(confidence), self._as_column(classes)]
        wide = self._node("Expand", [columns[0], self._ints([1, 1, 4])])
        boxes = self._node("GatherElements", [corners, wide], axis=1)
        numbers = self._node("Cast", [columns[2]], to=self._onnx.TensorProto.FLOAT)
        self._graph.node.append(
            self._onnx.helper.make_node("Concat", [boxes, columns[1], numbers], [ROWS.name], axis=2, name=ROWS.name)
        )
        batch = self._graph.input[0].type.tensor_type.shape.dim[0].dim_param or "batch"
        rows = self._onnx.helper.make_tensor_value_info(ROWS.name, self._onnx.TensorProto.FLOAT, [batch, *ROWS.dims])
        del self._graph.output[:]
        self._graph.output.append(rows)

    def _flat(self, one_row: str) -> str:
        """[b, 1, n] as [b, n]."""
        return self._node("Reshape", [one_row, self._ints([0, -1])])

    def _as_column(self, flat: str) -> str:
        """[b, n] as [b, n, 1]."""
        return self._node("Reshape", [flat, self._ints([0, 0, 1])])

    def _zeros(self, like: str) -> str:
        return self._node("ConstantOfShape", [self._node("Shape", [like])])

    def _slice(self, tensor: str, start: int, end: int, axis: int) -> str:
        return self._node("Slice", [tensor, self._ints([start]), self._ints([end]), self._ints([axis])])

    def _ints(self, values: list[int]) -> str:
        return self._constant(np.array(values, np.int64))

    def _floats(self, values: list[float]) -> str:
        return self._constant(np.array(values, np.float32))

    def _constant(self, values: Any) -> str:
        name = f"suppression_constant_{len(self._graph.initializer)}"
        self._graph.initializer.append(self._onnx.numpy_helper.from_array(values, name))
        return name

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        return self._nodes(kind, inputs, 1, **attributes)[0]

    def _nodes(self, kind: str, inputs: list[str], outputs: int, **attributes: Any) -> list[str]:
        name = f"suppression_{len(self._graph.node)}_{kind}"
        names = [f"{name}_{number}" for number in range(outputs)]
        self._graph.node.append(self._onnx.helper.make_node(kind, inputs, names, name=name, **attributes))
        return names
