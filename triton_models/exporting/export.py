"""Every form that is wanted, exported and compared; a form that differs is an error, not a warning."""

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.errors import InputError
from triton_models.dataset.picture_files import read_file
from triton_models.exporting.agreement import check_form, reference, tolerance_of
from triton_models.exporting.forms import Form, export_form, missing
from triton_models.exporting.onnx_file import trained_size
from triton_models.training.extra import load_checkpoint


def export_all(
    weights: Path, forms: Sequence[Form], out: Path, picture: Path, input_px: int | None, half_storage: bool
) -> Iterator[str]:
    """Export and compare; gives a line about each form. Raises InputError before anything is written where it can."""
    shown = read_file(picture)
    if isinstance(shown, str):
        raise InputError(str(picture), shown, "Name a picture that shows what the model knows")
    side = input_px or trained_size(load_checkpoint(weights))
    if side % 32:
        raise InputError(f"--px {side}", "is no multiple of 32, the network's stride", f"Give {round(side / 32) * 32}")
    for form in forms:
        if lacking := missing(form):
            raise InputError(
                f"--form {form}", f"needs {lacking}, which is not here", "Export where it is, or leave it out"
            )
    expected = reference(weights, shown.pixels, side)
    for form in forms:
        path = export_form(weights, form, out, side, half_storage)
        if form == Form.COREML and platform.system() != "Darwin":
            yield f"{path}: written; not compared, CoreML runs on macOS alone"
            continue
        count = check_form(form, path, expected, shown.pixels, side, half_storage)
        allowed = tolerance_of(form, half_storage)
        yield f"{path}: {count} boxes agree (overlap >= {allowed.iou}, confidence within {allowed.confidence})"
