"""Frames of videos for training and measuring."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ingest.errors import InputError
from triton_models.making.composites import Picture

VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".mov", ".avi", ".webm", ".gif", ".m4v"})
USUAL_FPS = 12


def video_files(path: Path) -> list[Path]:
    """The video itself, or those in a folder; raises InputError where there are none."""
    if path.is_file():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.suffix.lower() in VIDEO_SUFFIXES)
    if not found:
        raise InputError(
            str(path), "holds no videos", f"Name a video, or a folder of {' '.join(sorted(VIDEO_SUFFIXES))}"
        )
    return found


def video_frames(path: Path, step_ms: int) -> Iterator[Picture]:
    """Frames of a video about every step_ms; raises InputError when not one can be read."""
    capture = cv2.VideoCapture(str(path))
    stride = max(1, round((capture.get(cv2.CAP_PROP_FPS) or USUAL_FPS) * step_ms / 1000))
    index = 0
    while (read := capture.read())[0]:
        if index % stride == 0:
            yield np.asarray(read[1], np.uint8)
        index += 1
    capture.release()
    if not index:
        raise InputError(str(path), "no video that can be read", "Remove or replace it")
