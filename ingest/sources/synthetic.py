"""The synthetic exam as a source: rendered once for a seed, then read like any other video."""

import os
from pathlib import Path

from ingest.errors import InputError
from ingest.sources.video import VideoFile

CACHE = Path("~/.cache/proctorstream/exams")


def exam_cache() -> Path:
    """Where rendered exams are kept: $PROCTOR_EXAM_CACHE, or a folder of the user's."""
    return Path(os.environ.get("PROCTOR_EXAM_CACHE", CACHE)).expanduser()


def exam_path(seed: int, cache: Path) -> Path:
    """Where the exam of a seed is kept, its truth beside it."""
    return cache / f"exam-{seed}.mp4"


def open_exam(seed: int, cache: Path | None = None) -> VideoFile:
    """The exam of `seed`, rendered first (a minute) when it is not in `cache` yet.

    Raises: InputError when it cannot be written.
    """
    from ingest.exam.schedule import demo_schedule  # the renderer takes 2 s to import: only for whoever asks for it
    from ingest.exam.video import render_to_file

    cache = cache or exam_cache()
    path = exam_path(seed, cache)
    try:
        render_to_file(demo_schedule(seed), path, cache)
    except OSError as error:
        raise InputError(f"exam:{seed}", f"cannot be rendered to {path}: {error}", "Free some space there") from error
    return VideoFile(path, "synthetic", f"exam:{seed}")
