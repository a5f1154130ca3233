"""What a model sees in videos: frames and runs of frames with each label; a rendered exam against its truth.

Where no video of a folder shows a label (`complete_for` of nothing to find), every such frame is a false one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.errors import InputError
from ingest.exam.truth import read_truth, truth_path
from triton_models.evaluation.model_under_test import Model, best
from triton_models.evaluation.rates import per_hour, runs, share_at
from triton_models.making.frames import video_files

FLOORS = (0.25, 0.4, 0.5)
EVENT_GAP_MS = 1000
"""Frames with a label less than this apart are one event."""


@dataclass(frozen=True, slots=True)
class VideoFigures:
    """Frames of one video; by label how many show it at FLOORS, and in how many runs."""

    frames: int
    duration_ms: int
    frames_with: dict[str, tuple[int, ...]]
    events: dict[str, tuple[int, ...]]


def timed_frames(path: Path, stride: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every stride-th frame of a video with its time in ms by frame number and rate (GIFs have no other clock)."""
    capture = cv2.VideoCapture(str(path))
    frame_ms = 1000 / (capture.get(cv2.CAP_PROP_FPS) or 10)
    index = 0
    while (read := capture.read())[0]:
        if index % stride == 0:
            yield round(index * frame_ms), np.asarray(read[1], np.uint8)
        index += 1
    capture.release()


def video_figures(model: Model, path: Path, stride: int) -> VideoFigures:
    """What a model sees in one video; raises InputError when it cannot be read."""
    looked = [(time_ms, model.look(picture)) for time_ms, picture in timed_frames(path, stride)]
    if not looked:
        raise InputError(str(path), "no video that can be read", "Remove or replace it")
    step_ms = max(1, (looked[-1][0] - looked[0][0]) // max(1, len(looked) - 1))
    scores = {label: [best(model, found, label) for _, found in looked] for label in model.labels if label}
    seen = {label: tuple(sum(v >= floor for v in values) for floor in FLOORS) for label, values in scores.items()}
    gap = EVENT_GAP_MS // step_ms
    events = {label: tuple(runs([v >= f for v in values], gap) for f in FLOORS) for label, values in scores.items()}
    return VideoFigures(len(looked), len(looked) * step_ms, seen, events)


def folder_figures(model: Model, folder: Path, stride: int) -> dict[str, Any]:
    """Every video of a folder, and all together with runs per hour."""
    videos = {path.name: video_figures(model, path, stride) for path in video_files(folder)}
    duration_ms = sum(one.duration_ms for one in videos.values())
    labels = sorted({label for label in model.labels if label})
    frames = sum(one.frames for one in videos.values())
    seen = {
        label: [sum(one.frames_with[label][i] for one in videos.values()) for i in range(len(FLOORS))]
        for label in labels
    }
    events = {
        label: [sum(one.events[label][i] for one in videos.values()) for i in range(len(FLOORS))] for label in labels
    }
    return {
        "floors": list(FLOORS),
        "seconds": duration_ms / 1000,
        "videos": {
            name: {"frames": one.frames, "frames_with": {k: list(v) for k, v in one.frames_with.items() if any(v)}}
            for name, one in videos.items()
        },
        "share_of_frames": {label: [count / frames for count in counts] for label, counts in seen.items()},
        "events": events,
        "events_per_hour": {
            label: [per_hour(count, duration_ms) for count in counts] for label, counts in events.items()
        },
    }


def exam_figures(model: Model, video: Path) -> dict[str, Any]:
    """A rendered exam: share of frames with a phone box while the phone is in the hand, and while it is not."""
    episodes = [e for e in read_truth(truth_path(video)).episodes if e.kind == "phone"]
    inside: list[float] = []
    outside: list[float] = []
    for time_ms, picture in timed_frames(video, 1):
        shown = any(e.start_ms <= time_ms < e.end_ms for e in episodes)
        near = any(e.start_ms - 1000 <= time_ms < e.end_ms + 1000 for e in episodes)
        if shown or not near:
            (inside if shown else outside).append(best(model, model.look(picture), "phone"))
    found = {f"found_{floor}": share_at(inside, floor) for floor in FLOORS}
    false = {f"false_{floor}": sum(value >= floor for value in outside) for floor in FLOORS}
    return {"frames_with_phone": len(inside), "frames_without": len(outside)} | found | false
