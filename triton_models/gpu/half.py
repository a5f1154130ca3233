"""A network's graph in half precision between float32 ends: weights, constants and casts, nothing else changes."""

from typing import Any

import numpy as np

KEPT_INPUTS = {"Resize": slice(1, None)}
"""Inputs that ONNX wants in float32: region and scales of a Resize."""


def to_half(onnx: Any, graph: Any) -> None:
    """Change an ONNX graph in place; its input and first output stay float32."""
    kept = {
        name for node in graph.node if node.op_type in KEPT_INPUTS for name in node.input[KEPT_INPUTS[node.op_type]]
    }
    for tensor in graph.initializer:
        if tensor.name not in kept:
            _halve(onnx, tensor)
    for node in graph.node:
        if not kept & set(node.output):
            _halve_attributes(onnx, node)
    del graph.value_info[:]
    _cast_ends(onnx, graph)


def _halve(onnx: Any, tensor: Any) -> None:
    if tensor.data_type == onnx.TensorProto.FLOAT:
        values = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


def _halve_attributes(onnx: Any, node: Any) -> None:
    for attribute in node.attribute:
        if attribute.HasField("t"):
            _halve(onnx, attribute.t)
        if node.op_type == "Cast" and attribute.name == "to" and attribute.i == onnx.TensorProto.FLOAT:
            attribute.i = onnx.TensorProto.FLOAT16


def _cast_ends(onnx: Any, graph: Any) -> None:
    kinds, first, last = onnx.TensorProto, graph.input[0].name, graph.output[0].name
    for node in graph.node:
        _rename(node.input, first, f"{first}_half")
        _rename(node.input, last, f"{last}_half")
        _rename(node.output, last, f"{last}_half")
    nodes = [
        onnx.helper.make_node("Cast", [first], [f"{first}_half"], to=kinds.FLOAT16, name="to_half"),
        *graph.node,
        onnx.helper.make_node("Cast", [f"{last}_half"], [last], to=kinds.FLOAT, name="from_half"),
    ]
    del graph.node[:]
    graph.node.extend(nodes)


def _rename(names: Any, old: str, new: str) -> None:
    for place, name in enumerate(names):
        if name == old:
            names[place] = new
