"""Events of a model on clips: annotated ones, and ones staged out of held-back pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from triton_models.evaluation.events import Clips, event_figures, group_figures, told_of
from triton_models.evaluation.staged import FPS, stage
from triton_models.evaluation.wish import Wish
from triton_models.making.frames import video_files


def clip_figures(
    weights: Path, dataset: Path, thresholds: Mapping[str, float], out: Path, wish: Wish
) -> dict[str, Any]:
    """Events on annotated clips and on staged ones, as the product tells and judges them."""
    figures: dict[str, Any] = {}
    if wish.clips and wish.annotations:
        real = Clips(wish.clips, wish.annotations, wish.fps)
        figures["events"] = event_figures(told_of(weights, thresholds, wish.labels, real, out / "events"))
    if wish.clips and wish.staged:
        rooms = [wish.clips / name for name in wish.backgrounds] or video_files(wish.clips)
        made = stage(dataset, rooms, wish.staged, wish.seed, out / "staged")
        told = told_of(
            weights, thresholds, wish.labels, Clips(made.folder, made.annotations, FPS, drawn=False), out / "staged"
        )
        figures["staged"] = {
            "seed": wish.seed,
            "backgrounds": [room.name for room in rooms],
            "phone": group_figures(told, made.groups, "phone"),
        }
    return figures
