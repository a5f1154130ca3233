"""The exam as pictures and as a video file with its truth beside it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ingest.exam.conditions import USUAL, Condition
from ingest.exam.scene import RENDERER, Scene
from ingest.exam.schedule import FRAME_MS, Schedule, digest
from ingest.exam.truth import HEIGHT_PX, WIDTH_PX, truth_path, write_truth
from ingest.sources.quiet import quiet

Progress = Callable[[int, int], None]


def render(
    schedule: Schedule, cache_dir: Path, condition: Condition = USUAL, every: int = 1
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Yield the exam's pictures as (milliseconds from the start, bgr [480, 640, 3]), `every` so manyth of them.

    Always the same for a schedule and a condition.
    """
    scene = Scene(schedule, cache_dir, condition)
    for index in range(0, schedule.frames, every):
        yield index * FRAME_MS, scene.picture(index)


def render_to_file(schedule: Schedule, path: Path, cache_dir: Path, progress: Progress | None = None) -> None:
    """Write the exam to `path` (mp4) and its truth beside it, unless a finished one of this schedule is there.

    `progress` hears (pictures done, pictures in all). Raises OSError when the file cannot be written.
    """
    mark = path.with_suffix(".digest")
    if is_finished(schedule, path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part.mp4")
    try:
        _encode(schedule, part, cache_dir, progress)
        write_truth(schedule, truth_path(path))
        part.replace(path)
        _write_whole(mark, _mark_of(schedule))
    finally:
        part.unlink(missing_ok=True)


def is_finished(schedule: Schedule, path: Path) -> bool:
    """Whether `path` holds this schedule's whole video from this version of the renderer, with its truth."""
    mark = path.with_suffix(".digest")
    present = mark.is_file() and path.is_file() and truth_path(path).is_file()
    return present and mark.read_text() == _mark_of(schedule)


def _mark_of(schedule: Schedule) -> str:
    return f"{RENDERER} {digest(schedule)}\n"


def _write_whole(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text)
    part.replace(path)


def _encode(schedule: Schedule, path: Path, cache_dir: Path, progress: Progress | None) -> None:
    quiet()
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, 1000 / FRAME_MS, (WIDTH_PX, HEIGHT_PX))
    if not writer.isOpened():
        raise OSError(f"OpenCV cannot write a video to {path}")
    try:
        for done, (_, picture) in enumerate(render(schedule, cache_dir), start=1):
            writer.write(picture)
            if progress is not None:
                progress(done, schedule.frames)
    finally:
        writer.release()
