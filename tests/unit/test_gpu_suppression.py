"""The engine's graph, run by onnxruntime, finds what the numpy code finds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from triton_models.boxes import Layout, Letterboxed, decode, iou_one_to_many, letterbox
from triton_models.contract import MODEL_NAME, MOST_BOXES
from triton_models.gpu.__main__ import SHIPPED
from triton_models.gpu.pictures import good_pictures
from triton_models.gpu.repository import engine_floor
from triton_models.gpu.suppression import write_engine_onnx
from triton_models.model_card import ModelCard, read_card
from triton_models.pictures import decode_picture

FOLDER = SHIPPED / MODEL_NAME
CLASSES, CANDIDATES = 3, 300
Table = NDArray[np.float32]


def rows_of(model: Path, batch: Table) -> Table:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["rows"], {session.get_inputs()[0].name: batch})[0], np.float32)


def unfitted(raw: Table, layout: Layout, floor: float) -> Table:
    """The numpy code's boxes in pixels of the square, as rows by falling confidence."""
    found = decode(raw, layout, Letterboxed(raw, 1.0, 0, 0), floor)
    table = np.column_stack([found.xyxy, found.confidence, found.class_id]).astype(np.float32)
    return table[np.argsort(-table[:, 4], kind="stable")][:MOST_BOXES]


def crowd(layout: Layout, seed: int) -> Table:
    """Raw output of a network that sees many overlapping boxes [1, ...]."""
    draw = np.random.default_rng(seed)
    centre, size = draw.uniform(40, 200, (CANDIDATES, 2)), draw.uniform(10, 60, (CANDIDATES, 2))
    scores = draw.uniform(0, 1, (CANDIDATES, CLASSES)) ** 3
    if layout == "v8":
        return np.asarray(np.concatenate([centre, size, scores], axis=1).T[None], np.float32)
    sure = draw.uniform(0.3, 1, (CANDIDATES, 1))
    return np.asarray(np.concatenate([centre, size, sure, scores], axis=1)[None], np.float32)


def passing_through(folder: Path, shape: tuple[int, ...]) -> Path:
    """A network whose output is its input."""
    info: Callable[..., Any] = onnx.helper.make_tensor_value_info
    kind, dims = onnx.TensorProto.FLOAT, ["batch", *shape]
    node = onnx.helper.make_node("Identity", ["images"], ["output0"])
    graph = onnx.helper.make_graph([node], "g", [info("images", kind, dims)], [info("output0", kind, dims)])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    return folder / "model.onnx"


@pytest.mark.parametrize("layout", ["v8", "v5"])
def test_boxes_of_a_crowd_are_those_of_numpy(tmp_path: Path, layout: Layout) -> None:
    """Both layouts, three pictures a batch: catches suppression across classes or pictures, and a wrong order."""
    raw = np.concatenate([crowd(layout, seed) for seed in range(3)])
    card = ModelCard(name="m", labels=("phone", "book", "person"), input_px=256, layout=layout, sha256="0" * 64)
    write_engine_onnx(passing_through(tmp_path, raw.shape[1:]), card, tmp_path / "engine.onnx", half=False)
    for found, one in zip(rows_of(tmp_path / "engine.onnx", raw), raw, strict=True):
        expected = unfitted(one, layout, engine_floor(card))
        assert len(expected) > 20
        np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-5, atol=1e-4)
        assert (found[len(expected) :, 4] == 0).all()


def test_nothing_in_any_picture_is_no_error(tmp_path: Path) -> None:
    raw = crowd("v8", 0)
    raw[:, 4:] = 0
    card = ModelCard(name="m", labels=("phone", "book", "person"), input_px=256, layout="v8", sha256="0" * 64)
    write_engine_onnx(passing_through(tmp_path, raw.shape[1:]), card, tmp_path / "engine.onnx", half=False)
    assert not rows_of(tmp_path / "engine.onnx", raw)[..., 4].any()


def test_half_precision_moves_the_shipped_model_s_boxes_little(tmp_path: Path) -> None:
    card = read_card(FOLDER / "model.json")
    write_engine_onnx(FOLDER / "1/model.onnx", card, tmp_path / "engine.onnx")
    pictures = [letterbox(decode_picture(jpeg), card.input_px).tensor for _, jpeg in good_pictures()]
    batch = np.concatenate(pictures)
    plain = onnxruntime.InferenceSession(str(FOLDER / "1/model.onnx"), providers=["CPUExecutionProvider"])
    raw = np.asarray(plain.run(None, {"images": batch})[0], np.float32)
    compared = 0
    for found, one in zip(rows_of(tmp_path / "engine.onnx", batch), raw, strict=True):
        for box in unfitted(one, card.layout, 0.25):
            same = found[found[:, 5] == box[5]]
            overlap = iou_one_to_many(box[:4], same[:, :4])
            assert overlap.max() >= 0.98
            assert abs(same[overlap.argmax(), 4] - box[4]) <= 0.01
            compared += 1
    assert compared >= 10
