"""Measures object models side by side, with onnxruntime on one thread.

    python -m triton_models.evaluate DATA DATASET MODEL.onnx [...] [--exam VIDEO] [--stride 1] [--json FILE]

DATASET is what `triton_models.dataset` wrote: its held-back pictures give mAP50 and recall by class. DATA/videos show
no phone at all, so every frame with a phone box is a false one; videos whose frames were negatives in training are told
from those never seen. `--exam` adds a rendered exam, whose truth says when a phone is in the hand.
"""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.exam.truth import read_truth, truth_path
from triton_models.annotations import read_labels
from triton_models.boxes import Detections
from triton_models.measure import average_precision, judge, per_hour, recall_at, runs, share_at
from triton_models.model_under_test import Model
from triton_models.taxonomy import TRAINED

FLOORS = (0.25, 0.4, 0.5)
EVENT_GAP_MS = 1000
"""Phone frames less than this apart are one false event."""


@dataclass(frozen=True, slots=True)
class VideoFigures:
    """Frames of one video: how many have a phone, and in how many runs, at FLOORS; another item, a person at 0.4."""

    frames: int
    duration_ms: int
    phone_frames: tuple[int, ...]
    phone_events: tuple[int, ...]
    item_frames_at_04: dict[str, int]
    person_share_at_04: float


def held_back(model: Model, dataset: Path) -> dict[str, Any]:
    """By label: true boxes, mAP50, recall at FLOORS; and the share of pictures without a phone where one is seen."""
    seen = list(_pictures(model, dataset / "val"))
    figures = {label: _class_figures(model, label, seen) for label in TRAINED}
    bare = [model.best(found, "phone") for found, truth in seen if not len(truth[0])]
    return {
        "pictures": len(seen),
        "classes": figures,
        "pictures_without_phone": len(bare),
        "phone_seen_there": {str(floor): share_at(bare, floor) for floor in FLOORS},
    }


def _pictures(model: Model, part: Path) -> Iterator[tuple[Detections, dict[int, NDArray[np.float32]]]]:
    same = {index: index for index in range(len(TRAINED))}
    for path in sorted((part / "images").glob("*.jpg")):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        sides = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
        labels = read_labels(part / "labels" / f"{path.stem}.txt", same)
        truth = {
            index: np.array([box.xyxy() for box in labels if box.class_id == index], np.float32).reshape(-1, 4) * sides
            for index in range(len(TRAINED))
        }
        yield model.look(picture), truth


def _class_figures(
    model: Model, label: str, seen: Sequence[tuple[Detections, dict[int, NDArray[np.float32]]]]
) -> dict[str, Any]:
    ids = [index for index, own in enumerate(model.labels) if own == label]
    pairs = [
        (found.of_class(ids[0] if ids else -1, 0.0), truth[TRAINED.index(label)].astype(np.float32))
        for found, truth in seen
    ]
    judged = judge(pairs)
    figures: dict[str, Any] = {"true": judged.existing, "map50": average_precision(judged)}
    return figures | {f"recall_{floor}": recall_at(judged, floor) for floor in FLOORS}


def frames(path: Path, stride: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
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
    """What a model sees in one video."""
    times, found = [], []
    for time_ms, picture in frames(path, stride):
        times.append(time_ms)
        found.append(model.look(picture))
    best = {label: [model.best(one, label) for one in found] for label in TRAINED}
    step_ms = max(1, times[1] - times[0])
    items = {label: sum(v >= 0.4 for v in values) for label, values in best.items() if label not in ("phone", "person")}
    return VideoFigures(
        frames=len(found),
        duration_ms=len(found) * step_ms,
        phone_frames=tuple(sum(value >= floor for value in best["phone"]) for floor in FLOORS),
        phone_events=tuple(runs([v >= floor for v in best["phone"]], EVENT_GAP_MS // step_ms) for floor in FLOORS),
        item_frames_at_04={label: count for label, count in items.items() if count},
        person_share_at_04=share_at(best["person"], 0.4),
    )


def exam_figures(model: Model, video: Path) -> dict[str, Any]:
    """A rendered exam: share of frames with a phone box while the phone is in the hand, and while it is not."""
    episodes = [e for e in read_truth(truth_path(video)).episodes if e.kind == "phone"]
    inside: list[float] = []
    outside: list[float] = []
    for time_ms, picture in frames(video, 1):
        shown = any(e.start_ms <= time_ms < e.end_ms for e in episodes)
        near = any(e.start_ms - 1000 <= time_ms < e.end_ms + 1000 for e in episodes)
        if shown or not near:
            (inside if shown else outside).append(model.best(model.look(picture), "phone"))
    found = {f"found_{floor}": share_at(inside, floor) for floor in FLOORS}
    false = {f"false_{floor}": sum(value >= floor for value in outside) for floor in FLOORS}
    return {"frames_with_phone": len(inside), "frames_without": len(outside)} | found | false


def videos_together(figures: dict[str, VideoFigures], names: Sequence[str]) -> dict[str, Any]:
    """Totals over some videos, with rates per hour."""
    chosen = [figures[name] for name in names]
    duration_ms = sum(one.duration_ms for one in chosen)
    counts = {str(f): sum(one.phone_frames[i] for one in chosen) for i, f in enumerate(FLOORS)}
    events = {str(f): sum(one.phone_events[i] for one in chosen) for i, f in enumerate(FLOORS)}
    return {
        "videos": list(names),
        "seconds": duration_ms / 1000,
        "frames": sum(one.frames for one in chosen),
        "false_phone_frames": counts,
        "false_phone_events": events,
        "false_phone_events_per_hour": {floor: per_hour(count, duration_ms) for floor, count in events.items()},
    }


def evaluate(model: Model, data: Path, dataset: Path, exam: Path | None, stride: int) -> dict[str, Any]:
    """Every figure of one model."""
    unseen = (dataset / "held-back.txt").read_text().split()
    videos = {path.name: video_figures(model, path, stride) for path in sorted((data / "videos").iterdir())}
    return {
        "model": model.name,
        "input_px": model.input_px,
        "cpu_ms_one_thread": model.latency_ms(),
        "held_back_pictures": held_back(model, dataset),
        "videos": {name: asdict(one) for name, one in videos.items()},
        "videos_never_trained_on": videos_together(videos, unseen),
        "videos_trained_on_as_negatives": videos_together(videos, [name for name in videos if name not in unseen]),
    } | ({"exam": exam_figures(model, exam)} if exam else {})


def _without_nan(value: Any) -> Any:
    """Numbers rounded to four places, nan as None: JSON has none."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--exam", type=Path)
    parser.add_argument("--stride", type=int, default=1, help="measure every n-th frame of the videos")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    figures = [evaluate(Model(path), args.data, args.dataset, args.exam, args.stride) for path in args.models]
    text = json.dumps(_without_nan(figures), indent=2, allow_nan=False)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
