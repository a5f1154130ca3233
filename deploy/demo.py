"""The demo: a synthetic exam whose every second is known, rendered, proctored and compared."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ingest.exam.schedule import demo_schedule
from ingest.exam.truth import Truth, read_truth, truth_path
from ingest.exam.video import render_to_file

EXAM = "synthetic-exam.mp4"


def render_demo(cache: Path, console: Console) -> tuple[Path, Truth]:
    """The exam's video and its truth, rendered unless a finished one is there."""
    video = cache / EXAM
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} frames"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("rendering the synthetic exam", total=demo_schedule().frames)
        render_to_file(demo_schedule(), video, cache, lambda done, _: bar.update(task, completed=done))
    return video, read_truth(truth_path(video))
