"""Clips for tests of evaluation: a second of grey video, and what detectors would have seen of an exam beside it."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from deploy.evaluation.observing import ClipJob, Observed, Shelf
from scoring.messages import Seen
from tests.staged_exam import Run, StagedExam

FPS = 10.0


def write_clip(path: Path, shade: int = 90, seconds: float = 1.0) -> Path:
    """A video without anything in it; each shade is other content."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (160, 120))
    for _ in range(round(seconds * FPS)):
        writer.write(np.full((120, 160, 3), shade, np.uint8))
    writer.release()
    return path


def seen_of(runs: Sequence[Run]) -> Observed:
    """What is seen of runs of behaviour."""
    exam = StagedExam(runs, fps=FPS)
    looks = tuple(one for one in exam.observations() if isinstance(one, Seen))
    return Observed(duration_ms=exam.duration_ms, frames=len(exam.behaviours), looks=looks)


def shelve(shelf: Shelf, clip: Path, runs: Sequence[Run]) -> Observed:
    """Put it on the shelf as what was seen of the clip."""
    observed = seen_of(runs)
    shelf.put(ClipJob(clip, FPS), observed)
    return observed
