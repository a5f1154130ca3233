"""Looks at clips and exams in processes beside this one, with progress and what is left of the time."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import cv2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.evaluation.observing import Job, Observed, Shelf, observe
from ingest.errors import TransientError

PROCESSES = 2
"""Beside this one. More would be faster where there are more cores; the machine is often needed for something else."""


def observe_all(jobs: Sequence[Job], shelf: Shelf, console: Console) -> list[Observed]:
    """What is seen of each, in their order; what is on the shelf already costs nothing.

    Raises: InputError when a clip cannot be read; TransientError when a process was ended from outside.
    """
    found = {place: kept for place, job in enumerate(jobs) if (kept := shelf.get(job)) is not None}
    left = [place for place in range(len(jobs)) if place not in found]
    with _bar(console) as bar:
        task = bar.add_task("looking", total=len(jobs), completed=len(found))
        for place, seen in _worked([(place, jobs[place]) for place in left], shelf):
            found[place] = seen
            bar.advance(task)
            if not console.is_terminal:
                console.print(f"[dim]looked at {len(found)} of {len(jobs)}[/dim]")
    return [found[place] for place in range(len(jobs))]


def _worked(jobs: Sequence[tuple[int, Job]], shelf: Shelf) -> Iterator[tuple[int, Observed]]:
    """As they are done. Spawned, not forked: the networks' libraries have threads."""
    if not jobs:
        return
    with ProcessPoolExecutor(min(PROCESSES, len(jobs)), get_context("spawn"), _quieten) as pool:
        waiting = {pool.submit(observe, job, shelf): place for place, job in jobs}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        except BrokenProcessPool as error:
            raise TransientError("A process that looks was ended. Run it again: what is done is kept") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _quieten() -> None:
    """One thread a process, since two of them fill two cores; and what native code says of its parts is nobody's
    concern: errors come back as exceptions."""
    os.environ["OMP_NUM_THREADS"] = "1"
    cv2.setNumThreads(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)
