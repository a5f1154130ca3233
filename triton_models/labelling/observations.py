"""Stored observations and reviewers' decisions, from files that anyone can export.

Observations: JSON lines or CSV with session, seq, capture_ms, labels, confidences, as the table `observations` has
them; QUERY with FORMAT JSONEachRow or CSVWithNames gives them. Reviews: CSV (or JSON lines) with session, decision
and the frame's seq, or an event's onset_seq.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.labelling.doubts import Sighting

DISMISSED = frozenset({"dismiss", "dismissed", "false", "false_alarm", "rejected", "no"})
QUERY = "SELECT session, seq, capture_ms, labels, confidences FROM observations WHERE kind = 'objects'"


def read_sightings(path: Path) -> list[Sighting]:
    """Every look of the object detector that a file holds; raises InputError naming the line that cannot be read."""
    sightings = []
    for number, row in rows_of(path):
        try:
            sightings.append(sighting_of(row))
        except (KeyError, TypeError, ValueError) as error:
            reason = f"line {number} is no observation: {type(error).__name__} {error}"
            raise InputError(str(path), reason, f"Export it again: {QUERY} FORMAT JSONEachRow") from error
    return sightings


def rows_of(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows of a .csv, or of JSON lines, with their line numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}", "Name a CSV file or JSON lines") from error
    if path.suffix.lower() == ".csv":
        yield from enumerate(csv.DictReader(text.splitlines()), 2)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(
                    str(path), f"line {number} is no JSON: {error}", "Name JSON lines, or a .csv"
                ) from error
            yield number, row


def sighting_of(row: Mapping[str, Any]) -> Sighting:
    """One row; raises KeyError, TypeError or ValueError where it is none."""
    labels, confidences = listed(row["labels"]), [float(value) for value in listed(row["confidences"])]
    best: dict[str, float] = {}
    for label, confidence in zip(labels, confidences, strict=True):
        best[str(label)] = max(confidence, best.get(str(label), 0.0))
    seq = int(row["seq"])
    return Sighting(str(row["session"]), seq, int(row.get("capture_ms") or seq), best)


def listed(value: Any) -> list[Any]:
    """An array as JSON has it, or as ClickHouse writes it into CSV: ['a','b']."""
    if isinstance(value, list):
        return value
    parsed = json.loads(str(value).replace("'", '"') or "[]")
    if not isinstance(parsed, list):
        raise TypeError(f"{value!r} is no list")
    return parsed


def read_dismissed(path: Path) -> dict[tuple[str, int], str]:
    """Frames that a reviewer dismissed, by session and seq, with the decision; raises InputError for what is none."""
    dismissed = {}
    for number, row in rows_of(path):
        seq = row.get("seq") or row.get("onset_seq")
        if not row.get("session") or not row.get("decision") or not str(seq or "").isdigit():
            mend = "Write the columns session, seq (or onset_seq), decision"
            raise InputError(str(path), f"line {number} names no session, frame and decision", mend)
        if str(row["decision"]).strip().lower() in DISMISSED:
            dismissed[str(row["session"]), int(str(seq))] = str(row["decision"]).strip()
    return dismissed
