"""Curves and the confusion matrix as PNG files (matplotlib, without a window)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from triton_models.evaluation.curves import STEPS, Curve

mpl.use("Agg")
SIZE_IN, DPI = (8, 5), 110


def plot_curves(curves: Mapping[str, Curve], thresholds: Mapping[str, float], folder: Path) -> list[Path]:
    """Precision, recall and F1 over confidence and precision over recall, a line a label with objects."""
    known = {label: curve for label, curve in curves.items() if curve.existing}
    paths = []
    for name in ("precision", "recall", "f1"):
        lines = {label: (STEPS, getattr(curve, name)) for label, curve in known.items()}
        paths.append(line_plot(lines, ("confidence", name), folder / f"{name}.png", thresholds))
    lines = {label: (curve.recall, curve.precision) for label, curve in known.items()}
    return [*paths, line_plot(lines, ("recall", "precision"), folder / "precision-recall.png", {})]


def line_plot(
    lines: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    axes: tuple[str, str],
    path: Path,
    marks: Mapping[str, float],
) -> Path:
    """One picture of lines; where a label has a mark (its threshold), a dot on its line."""
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    plane = figure.add_subplot(xlim=(0, 1), ylim=(0, 1.02), xlabel=axes[0], ylabel=axes[1])
    for label, (x, y) in lines.items():
        (line,) = plane.plot(x, y, label=label)
        if label in marks:
            plane.plot(marks[label], y[int(np.abs(x - marks[label]).argmin())], "o", color=line.get_color())
    if lines:
        plane.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    plane.grid(alpha=0.3)
    figure.savefig(path)
    return path


def plot_confusion(matrix: NDArray[np.int64], labels: Sequence[str], path: Path) -> Path:
    """The confusion matrix: columns what is there, rows what was found, each column as shares of its objects."""
    names = [*labels, "nothing"]
    shares = matrix / np.maximum(matrix.sum(axis=0, keepdims=True), 1)
    figure = Figure(figsize=(1.5 + 0.6 * len(names), 1.2 + 0.6 * len(names)), dpi=DPI, layout="constrained")
    plane = figure.add_subplot(xlabel="there", ylabel="found")
    plane.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    plane.set_xticks(range(len(names)), names, rotation=60, ha="right")
    plane.set_yticks(range(len(names)), names)
    for row, column in np.argwhere(matrix > 0):
        colour = "white" if shares[row, column] > 0.5 else "black"
        plane.text(column, row, str(matrix[row, column]), ha="center", va="center", fontsize=7, color=colour)
    figure.savefig(path)
    return path
