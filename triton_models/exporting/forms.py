"""The forms a model can be served in, what each needs of the machine, and how each is made (factory extra)."""

import importlib.util
import platform
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.boxes import NMS_IOU
from triton_models.contract import MOST_BOXES
from triton_models.exporting.onnx_file import OPSET, export_onnx, exported
from triton_models.training.extra import extra

NMS_FLOOR = 0.1
"""Boxes below leave a form with NMS inside never: every label's threshold is above."""


class Form(StrEnum):
    """What a model is exported to."""

    ONNX = "onnx"
    ONNX_NMS = "onnx-nms"
    TORCHSCRIPT = "torchscript"
    TENSORRT = "tensorrt"
    COREML = "coreml"


FILES = {
    Form.ONNX: "model.onnx",
    Form.ONNX_NMS: "model-nms.onnx",
    Form.TORCHSCRIPT: "model.torchscript",
    Form.TENSORRT: "model.engine",
    Form.COREML: "model.mlpackage",
}
INSIDE: dict[str, Any] = {"nms": True, "conf": NMS_FLOOR, "iou": NMS_IOU, "max_det": MOST_BOXES}
SETTINGS: dict[Form, dict[str, Any]] = {
    Form.ONNX_NMS: {"format": "onnx", "opset": OPSET, "simplify": False} | INSIDE,
    Form.TORCHSCRIPT: {"format": "torchscript"},
    Form.TENSORRT: {"format": "engine", "half": True, "device": 0} | INSIDE,
    Form.COREML: {"format": "coreml"},
}


def missing(form: Form) -> str:
    """What this machine lacks for a form, in words; empty where it can be made."""
    if form == Form.TENSORRT:
        lacking = [] if importlib.util.find_spec("tensorrt") else ["the package tensorrt"]
        lacking += (
            [] if extra("torch", "--form tensorrt").cuda.is_available() else ["an NVIDIA GPU that PyTorch can use"]
        )
        return " and ".join(lacking)
    if form == Form.COREML:
        if platform.system() == "Windows":
            return "macOS or Linux"
        return "" if importlib.util.find_spec("coremltools") else "the package coremltools"
    return ""


def export_form(weights: Path, form: Form, folder: Path, input_px: int | None, half_storage: bool) -> Path:
    """One form of the weights in a folder; raises InputError saying what is missing where it cannot be made here."""
    if lacking := missing(form):
        mend = "Export where it is there, or leave this form out"
        raise InputError(f"--form {form}", f"needs {lacking}, which is not here", mend)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / FILES[form]
    if form == Form.ONNX:
        return export_onnx(weights, target, input_px, half_storage)
    with tempfile.TemporaryDirectory() as scratch:
        written, _ = exported(weights, Path(scratch), input_px, SETTINGS[form])
        if target.is_dir():
            shutil.rmtree(target)
        shutil.move(written, target)
    return target
