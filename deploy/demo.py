"""The demo: a synthetic exam whose every second is known, rendered, proctored and compared."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ingest.errors import InputError
from ingest.exam.schedule import demo_schedule
from ingest.exam.truth import Truth, read_truth, truth_path
from ingest.exam.video import is_finished, render_to_file
from ingest.sources.synthetic import exam_cache, exam_path

SEED = 2
EXAM = f"exam:{SEED}"


def render_demo(console: Console) -> tuple[Path, Truth]:
    """The exam's video and its truth, rendered unless a finished one is there.

    Raises: InputError when it cannot be written.
    """
    video = exam_path(SEED, exam_cache())
    if not is_finished(demo_schedule(SEED), video):
        console.print("rendering the synthetic exam: 900 pictures, once, under a minute")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} frames"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("rendering the synthetic exam", total=demo_schedule(SEED).frames)
        try:
            render_to_file(demo_schedule(SEED), video, video.parent, lambda done, _: bar.update(task, completed=done))
        except OSError as error:
            raise InputError(EXAM, f"cannot be rendered to {video}: {error}", "Free some space there") from error
    return video, read_truth(truth_path(video))
