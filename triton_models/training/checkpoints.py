"""The last checkpoint of a run that a kill cannot spoil: Ultralytics writes over last.pt, so a whole copy is kept."""

import os
import shutil
import zipfile
from pathlib import Path

from ingest.errors import InputError

LAST, KEPT, BEST = "last.pt", "last-whole.pt", "best.pt"


def keep(weights: Path) -> None:
    """Copy the checkpoint just written, and rename the copy over the one before."""
    unfinished = weights / f"{KEPT}.unfinished"
    shutil.copyfile(weights / LAST, unfinished)
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(weights / KEPT)


def is_whole(checkpoint: Path) -> bool:
    """Whether a file that torch wrote is complete: it is a zip whose index stands at its end."""
    return checkpoint.is_file() and zipfile.is_zipfile(checkpoint)


def to_resume(out: Path) -> Path:
    """The newest whole checkpoint of a run; raises InputError where there is none."""
    for name in (LAST, KEPT):
        if is_whole(out / "weights" / name):
            return out / "weights" / name
    mend = "Start the training again without --resume"
    raise InputError(str(out), "holds no checkpoint: the run ended before its first epoch did", mend)
