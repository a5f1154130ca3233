"""The balance report, OUT/report/index.html: boxes by label and side, a contact sheet a label, what was left out."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from triton_models.annotations import LabelledBox, read_labels
from triton_models.dataset.files import read_rows
from triton_models.dataset.findings import Finding, Kind
from triton_models.making.composites import Picture

CELL_PX, COLUMNS, CELLS = 160, 6, 18
EXAMPLES = 12
"""Files named for each kind of finding; the whole list is in findings.csv."""
SKELETON = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Balance of a training set</title>
<style>body{{font:15px/1.5 system-ui;max-width:1040px;margin:2em auto;padding:0 1em;color:#222}}
table{{border-collapse:collapse}}td,th{{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:right}}
td:first-child,th:first-child{{text-align:left}}
.few{{color:#a00}}img{{max-width:100%}}code{{background:#f4f4f4}}</style>
{body}</html>
"""
FEW = 30
"""Fewer boxes than this in a side say little about a label; the report marks them."""


def write_report(root: Path, manifest: Mapping[str, Any], findings: Sequence[Finding]) -> None:
    """Write the report and its sheets."""
    folder = root / "report"
    folder.mkdir()
    rows = read_rows(root)
    sheets = [label for label in manifest["labels"] if write_sheet(root, folder, label, manifest["labels"], rows)]
    (folder / "index.html").write_text(page(manifest, findings, sheets), encoding="utf-8")
    lines = [
        ",".join(csv_field(part) for part in (f.source, str(f.kind), f.file, f.reason, str(f.count))) for f in findings
    ]
    text = "\n".join(["source,what,file,why,count", *lines]) + "\n"
    (folder / "findings.csv").write_text(text, encoding="utf-8")


def csv_field(text: str) -> str:
    """One field of a CSV file, quoted."""
    return '"' + text.replace('"', '""') + '"'


def page(manifest: Mapping[str, Any], findings: Sequence[Finding], sheets: Sequence[str]) -> str:
    """The report as HTML."""
    counts = manifest["counts"]
    total = f"{counts.get('train pictures', 0)} pictures to learn from, {counts.get('val pictures', 0)} held back"
    parts = ["<h1>Balance of a training set</h1>", f"<p>{total}; {manifest['size_px']} px.</p>"]
    parts += ["<h2>Boxes by label</h2>", label_table(manifest), "<h2>Sources</h2>", source_table(manifest)]
    parts += ["<h2>What was found</h2>", finding_list(findings), "<h2>Pictures by label</h2>"]
    parts += [f'<h3>{html.escape(label)}</h3><img src="{html.escape(label)}.jpg" alt="">' for label in sheets]
    return SKELETON.format(body="\n".join(parts))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table of cells that are HTML already."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def label_table(manifest: Mapping[str, Any]) -> str:
    """Boxes of every label by side, its class weight, how often its pictures are repeated."""
    counts, weights, repeated = manifest["counts"], manifest["class_weights"], manifest["repeated"]

    def number(part: str, label: str) -> str:
        count = counts.get(f"{part} {label}", 0)
        return f'<span class="few">{count}</span>' if count < FEW else str(count)

    rows = [
        (
            html.escape(label),
            number("train", label),
            number("val", label),
            f"{weights[label]:.2f}",
            f"{repeated.get(label, 1)}",
        )
        for label in manifest["labels"]
    ]
    return table(("label", "train", "held back", "class weight", "times seen"), rows)


def source_table(manifest: Mapping[str, Any]) -> str:
    """Every source with its licence and what it gave."""
    rows = [
        (html.escape(one["name"]), str(one["train"]), str(one["val"]), html.escape(", ".join(one["complete_for"])),
         html.escape(one["licence"]), html.escape(one["credit"]))
        for one in manifest["sources"]
    ]  # fmt: skip
    return table(("source", "train", "held back", "complete for", "licence", "credit"), rows)


def finding_list(findings: Sequence[Finding]) -> str:
    """Each kind of finding with its number and the first files."""
    parts = []
    for kind in Kind:
        of_kind = [finding for finding in findings if finding.kind == kind]
        if not of_kind:
            continue
        named = [
            f"<code>{html.escape(f.source)}/{html.escape(f.file)}</code> {html.escape(f.reason)}"
            for f in of_kind[:EXAMPLES]
        ]
        more = f"<br>and {len(of_kind) - EXAMPLES} more in findings.csv" if len(of_kind) > EXAMPLES else ""
        count = sum(finding.count for finding in of_kind)
        parts.append(f"<details><summary>{html.escape(kind)}: {count}</summary>{'<br>'.join(named)}{more}</details>")
    return "\n".join(parts) or "<p>Nothing.</p>"


def write_sheet(root: Path, folder: Path, label: str, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bool:
    """A contact sheet of pictures that show a label, its boxes drawn; whether there is any."""
    showing = [row for row in rows if label in row["labels"].split()]
    if not showing:
        return False
    step = max(1, len(showing) // CELLS)
    cells = [cell_of(root / row["file"], labels.index(label)) for row in showing[::step][:CELLS]]
    blank = np.full((CELL_PX, CELL_PX, 3), 255, np.uint8)
    cells += [blank] * (-len(cells) % COLUMNS)
    lines = [np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)]
    cv2.imwrite(str(folder / f"{label}.jpg"), np.vstack(lines))
    return True


def cell_of(path: Path, class_id: int) -> Picture:
    """A small square of one picture with the boxes of a label."""
    picture = np.asarray(cv2.imread(str(path)), np.uint8)
    boxes = read_labels(path.parent.parent / "labels" / f"{path.stem}.txt")
    return drawn_cell(picture, [box for box in boxes if box.class_id == class_id])


def drawn_cell(picture: Picture, boxes: Sequence[LabelledBox]) -> Picture:
    """The picture with boxes, shrunk into a cell."""
    height, width = picture.shape[:2]
    scale = CELL_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    cell = np.full((CELL_PX, CELL_PX, 3), 255, np.uint8)
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    for box in boxes:
        x1, y1, x2, y2 = box.xyxy()
        corner = (int(x2 * size[0]), int(y2 * size[1]))
        cv2.rectangle(small, (int(x1 * size[0]), int(y1 * size[1])), corner, (0, 200, 0), 1)
    cell[: size[1], : size[0]] = small
    return cell
