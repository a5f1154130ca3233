"""DALI's half of the ensemble: JPEG files and their fit in, letterboxed tensors out.

Decoding ignores EXIF orientation and the geometry comes from outside: pictures lie where `boxes.letterbox` lays them.
Shrinking goes the CPU's way, in two steps: to the size of its reduced decoding (a half is the mean of 2x2 pixels in
both), then bilinear to the size in the square. In one averaging step the worst overlap with the CPU's boxes on the
check's pictures was 0.90, so it is 0.97.
"""

import importlib
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.boxes import PAD_VALUE
from triton_models.contract import JPEG
from triton_models.gpu.batched import Device
from triton_models.gpu.repository import FIT

THREADS = 4
"""Of DALI's own, for parsing files beside the GPU's decoder."""


def dali() -> Any:
    """The package nvidia.dali. Raises InputError when it is not installed."""
    try:
        importlib.import_module("nvidia.dali.fn")
        return importlib.import_module("nvidia.dali")
    except ModuleNotFoundError as error:
        mend = "Run inside the official Triton image, or `pip install nvidia-dali-cuda120`"
        raise InputError("the letterbox", f"needs the package {error.name}", mend) from error


def letterbox_pipeline(side_px: int, batch: int, device: Device) -> Any:
    """A DALI pipeline: `jpeg` uint8 [bytes] and `fit` int32 [8] a sample in, float32 [3, side, side] RGB 0-1 out.

    Raises: InputError when DALI is not installed.
    """
    package = dali()
    device_id = 0 if device == Device.GPU else None
    pipeline = package.Pipeline(batch_size=batch, num_threads=THREADS, device_id=device_id, prefetch_queue_depth=1)
    with pipeline:
        pipeline.set_outputs(_letterboxed(package.fn, package.types, side_px, device))
    pipeline.build()
    return pipeline


def _letterboxed(fn: Any, types: Any, side_px: int, device: Device) -> Any:
    jpeg = fn.external_source(device="cpu", name=JPEG.name, dtype=types.UINT8, ndim=1)
    fit = fn.external_source(device="cpu", name=FIT.name, dtype=types.INT32, ndim=1)
    decoder = "mixed" if device == Device.GPU else "cpu"
    rgb = fn.decoders.image(jpeg, device=decoder, output_type=types.RGB, adjust_orientation=False)
    bilinear = {"interp_type": types.INTERP_LINEAR, "antialias": False}
    reduced = fn.resize(rgb, size=fn.cast(fit[4:6], dtype=types.FLOAT), **bilinear)
    fitted = fn.resize(reduced, size=fn.cast(fit[0:2], dtype=types.FLOAT), **bilinear)
    beyond = {"out_of_bounds_policy": "pad", "fill_values": [PAD_VALUE] * 3}
    square = fn.slice(fitted, start=-fit[2:4], shape=[side_px, side_px], axes=[0, 1], **beyond)
    return fn.crop_mirror_normalize(square, dtype=types.FLOAT, output_layout="CHW", mean=[0.0] * 3, std=[255.0] * 3)


def write_pipeline(path: Path, side_px: int, batch: int, device: Device = Device.GPU) -> None:
    """Serialise the pipeline for Triton's DALI backend. Raises InputError when DALI is not installed."""
    letterbox_pipeline(side_px, batch, device).serialize(filename=str(path))
