"""What somebody wants measured."""

from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError
from triton_models.evaluation.events import USUAL_FPS


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure beside the held-back pictures, and how to choose thresholds."""

    labels: Path | None = None
    choose: str = "f1"
    threads: int = 1
    videos: Path | None = None
    exam: Path | None = None
    stride: int = 1
    clips: Path | None = None
    annotations: Path | None = None
    fps: float = USUAL_FPS
    staged: int = 0
    backgrounds: tuple[str, ...] = ()
    seed: int = 0


def check_clips(wish: Wish) -> None:
    """Raise InputError when clips are asked for in part."""
    if (wish.annotations or wish.staged) and wish.clips is None:
        raise InputError("--annotations and --staged", "need clips", "Name their folder with --clips")
    if wish.clips and not (wish.annotations or wish.staged):
        raise InputError(
            "--clips", "says nothing of what they show", "Give --annotations CSV or --staged N, or --videos"
        )
    if wish.clips and (missing := [name for name in wish.backgrounds if not (wish.clips / name).is_file()]):
        raise InputError("--background", f"{wish.clips} has no {', '.join(missing)}", "Name files of --clips")
