"""Writes a finished session's reports into a folder."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError
from ingest.exam.truth import TrueEpisode
from sinks.report.document import report_json
from sinks.report.model import Report
from sinks.report.page import report_html


@dataclass(frozen=True, slots=True)
class Written:
    """Where a session's reports lie."""

    html: Path
    json: Path


def report_folder(path: Path) -> Path:
    """`path`, made and found writable before anything is started.

    Raises: InputError when it cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"report folder {path}", error.strerror or str(error), "Choose another one with --out"
        ) from error
    return path


def write_reports(folder: Path, report: Report, source: str, truth: Sequence[TrueEpisode] = ()) -> Written:
    """One HTML and one JSON file, named after the source and the session.

    Raises: InputError when the disk is full or the folder went away.
    """
    stem = f"{file_stem(source)}-{report.session}"
    written = Written(folder / f"{stem}.html", folder / f"{stem}.json")
    try:
        written.html.write_text(report_html(report, source, truth), encoding="utf-8")
        written.json.write_text(json.dumps(report_json(report, source), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"report {stem}", error.strerror or str(error), "Free some space or choose another folder with --out"
        ) from error
    return written


def file_stem(source: str) -> str:
    """A safe file name for any source: "rtsp://cam/1" -> "rtsp-cam-1"."""
    name = Path(source).stem if "://" not in source else source
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "session"
