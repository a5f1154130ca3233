"""One picture through every exported form: the boxes must be those of the weights, within stated tolerances."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.boxes import Detections, Letterboxed, decode, iou_one_to_many, letterbox
from triton_models.exporting.forms import NMS_FLOOR, Form
from triton_models.network import open_session
from triton_models.training.extra import extra, load_checkpoint

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The least overlap of two boxes that are the same, and the most their confidence may differ by."""

    iou: float
    confidence: float


EXACT = Tolerance(iou=0.98, confidence=0.01)
"""float32 everywhere; measured differences are below 0.001."""
HALF = Tolerance(iou=0.95, confidence=0.03)
"""float16 weights or arithmetic."""
COMPARED = 0.15
"""Boxes from here on are compared: a box at the floor of a form with NMS inside may fall on either side of it."""


def tolerance_of(form: Form, half_storage: bool) -> Tolerance:
    """What is allowed for a form."""
    return HALF if form in (Form.TENSORRT, Form.COREML) or (half_storage and form == Form.ONNX) else EXACT


def differences(expected: Detections, found: Detections, allowed: Tolerance) -> list[str]:
    """What two forms do not agree on, one sentence a box; empty when they agree."""
    missing = [f"lacks {sentence}" for sentence in unmet(expected, found, allowed)]
    return missing + [f"has another {sentence}" for sentence in unmet(found, expected, allowed)]


def unmet(boxes: Detections, others: Detections, allowed: Tolerance) -> list[str]:
    """Boxes from COMPARED on without a counterpart among the others."""
    sentences = []
    for xyxy, confidence, class_id in zip(boxes.xyxy, boxes.confidence, boxes.class_id, strict=True):
        if confidence < COMPARED:
            continue
        same = (others.class_id == class_id) & (np.abs(others.confidence - confidence) <= allowed.confidence)
        if not (same & (iou_one_to_many(xyxy, others.xyxy) >= allowed.iou)).any():
            place = ", ".join(f"{side:.1f}" for side in xyxy)
            sentences.append(f"class {class_id} at ({place}) with confidence {confidence:.3f}")
    return sentences


def reference(weights: Path, picture: Picture, side_px: int) -> Detections:
    """The boxes of the weights themselves, in PyTorch."""
    network = load_checkpoint(weights).model.float().eval()
    found = through_torch(network, picture, side_px)
    if not (found.confidence >= COMPARED).any():
        mend = "Give --picture one that shows what the model knows"
        raise InputError(str(weights), "finds nothing in the picture, so that nothing can be compared", mend)
    return found


def through_torch(network: Callable[[Any], Any], picture: Picture, side_px: int) -> Detections:
    """Boxes of a torch module (or a TorchScript one)."""
    torch = extra("torch", "the comparison")
    fitted = letterbox(picture, side_px)
    with torch.inference_mode():
        output = network(torch.from_numpy(fitted.tensor))
    raw = output[0] if isinstance(output, tuple | list) else output
    return decode(np.asarray(raw.numpy(), np.float32)[0], "v8", fitted, NMS_FLOOR)


def through_onnx(path: Path, picture: Picture, side_px: int) -> Detections:
    """Boxes of an .onnx without NMS inside."""
    fitted = letterbox(picture, side_px)
    output = open_session(path).run(None, {"images": fitted.tensor})[0]
    return decode(np.asarray(output, np.float32)[0], "v8", fitted, NMS_FLOOR)


def through_onnx_nms(path: Path, picture: Picture, side_px: int) -> Detections:
    """Boxes of an .onnx with NMS inside: [1, n, 6], corners in input pixels, confidence, class; the rest is zeros."""
    fitted = letterbox(picture, side_px)
    return unfitted(np.asarray(open_session(path).run(None, {"images": fitted.tensor})[0], np.float32)[0], fitted)


def unfitted(rows: NDArray[np.float32], fitted: Letterboxed) -> Detections:
    """Rows [n, 6] of a form with NMS inside, in source pixels."""
    kept = rows[rows[:, 4] >= NMS_FLOOR]
    shift = np.array([fitted.left_px, fitted.top_px] * 2, np.float32)
    corners = np.asarray((kept[:, :4] - shift) / fitted.scale, np.float32)
    return Detections(corners, kept[:, 4], kept[:, 5].astype(np.int64))


def through_torchscript(path: Path, picture: Picture, side_px: int) -> Detections:
    """Boxes of a TorchScript file."""
    return through_torch(extra("torch", str(path)).jit.load(str(path)).eval(), picture, side_px)


def through_ultralytics(path: Path, picture: Picture, side_px: int) -> Detections:
    """Boxes of a form that Ultralytics runs itself (TensorRT on its GPU, CoreML on macOS)."""
    yolo = extra("ultralytics", str(path)).YOLO(path, task="detect")
    boxes = yolo.predict(picture, imgsz=side_px, conf=NMS_FLOOR, rect=False, verbose=False)[0].boxes.cpu().numpy()
    xyxy = np.asarray(boxes.xyxy, np.float32).reshape(-1, 4)
    return Detections(xyxy, np.asarray(boxes.conf, np.float32), np.asarray(boxes.cls, np.int64))


RUNNERS: Mapping[Form, Callable[[Path, Picture, int], Detections]] = {
    Form.ONNX: through_onnx,
    Form.ONNX_NMS: through_onnx_nms,
    Form.TORCHSCRIPT: through_torchscript,
    Form.TENSORRT: through_ultralytics,
    Form.COREML: through_ultralytics,
}


def check_form(form: Form, path: Path, expected: Detections, picture: Picture, side_px: int, half_storage: bool) -> int:
    """Compare one form; gives the number of boxes compared. Raises InputError naming what differs."""
    found = RUNNERS[form](path, picture, side_px)
    wrong = differences(expected, found, tolerance_of(form, half_storage))
    if wrong:
        mend = "Do not serve it; export again with another size or without half precision"
        raise InputError(f"{form} ({path})", f"does not find what the weights find: {'; '.join(wrong[:4])}", mend)
    return int((expected.confidence >= COMPARED).sum())
