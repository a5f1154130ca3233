"""Where training pictures come from: public sets, videos, rendered exams; all as examples with our labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

import cv2
import numpy as np

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, by_original, read_labels, split_originals
from triton_models.composites import Picture
from triton_models.taxonomy import TRAINED
from triton_models.teacher import TO_TRAINED, Teacher

Part = Literal["train", "val"]
HELD_BACK_SHARE = 0.12
COCO_HELD_BACK_EVERY = 8
COCO_CLASSES = 80
OTHER = -1
"""The class of a thing that is none of ours: it can be pasted, and then carries no label."""
NEGATIVE_VIDEOS = {
    "head-moves-a.mp4": 500,
    "head-moves-b.mp4": 500,
    "eyes-centre-left-centre.mp4": 1000,
    "people-come-and-go.mp4": 2000,
    "head-turns.gif": 300,
}
"""Videos whose frames teach the model that there is no phone, and the step between frames in ms. No other is seen."""
TRUSTED_IN_SETS = frozenset({"person", "laptop", "book", "screen", "cup", "keyboard", "mouse"})
TRUSTED_IN_VIDEOS = frozenset({"person", "book"})
"""The teacher is not asked about phones, and not about remotes: what it calls a remote is often a phone."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture BGR uint8 [h, w, 3], what it shows, and a name for its file."""

    name: str
    picture: Picture
    boxes: Sequence[LabelledBox]

    def has_phone(self) -> bool:
        """Whether a phone is labelled in it."""
        return any(box.class_id == 0 for box in self.boxes)


@dataclass(frozen=True, slots=True)
class Parts:
    """Examples to learn from, and examples held back to measure on."""

    train: list[Example]
    val: list[Example]


def read_picture(path: Path) -> Picture:
    """A picture file as BGR; raises InputError naming the file if it cannot be decoded."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise InputError(str(path), "no picture that OpenCV can read", "Remove or replace it")
    return np.asarray(picture, np.uint8)


def labels_beside(picture: Path, class_map: dict[int, int]) -> list[LabelledBox]:
    """The labels of `.../images/x.jpg` in `.../labels/x.txt`."""
    return read_labels(picture.parent.parent / "labels" / f"{picture.stem}.txt", class_map)


def roboflow_set(data: Path, name: str, class_map: dict[int, int], teacher: Teacher, rng: Random) -> Parts:
    """One picture an original of a set, with the teacher's labels for people and desks."""
    groups = by_original((data / "images" / name).glob("*/images/*.jpg"))
    split = split_originals(groups, HELD_BACK_SHARE, rng)

    def examples(originals: Sequence[str], part: Part) -> Iterator[Example]:
        for index, original in enumerate(originals):
            path = groups[original][0]
            picture = read_picture(path)
            boxes = labels_beside(path, class_map) + teacher.labels(picture, TRUSTED_IN_SETS)
            yield Example(f"{name}_{part}_{index}", picture, boxes)

    return Parts(list(examples(split.train, "train")), list(examples(split.held_back, "val")))


def coco(data: Path) -> Parts:
    """COCO128, the only set that is labelled for every class; one in eight held back."""
    paths = sorted((data / "images/coco128/train/images").glob("*.jpg"))
    every = [Example(f"coco_{path.stem}", read_picture(path), labels_beside(path, TO_TRAINED)) for path in paths]
    held_back = every[::COCO_HELD_BACK_EVERY]
    return Parts([example for i, example in enumerate(every) if i % COCO_HELD_BACK_EVERY], held_back)


def coco_things(data: Path) -> list[Example]:
    """COCO128 pictures with everything in them but people, for cutting out; what we have no class for is OTHER."""
    class_map = {index: TO_TRAINED.get(index, OTHER) for index in range(1, COCO_CLASSES)}
    paths = sorted((data / "images/coco128/train/images").glob("*.jpg"))
    learned = [path for index, path in enumerate(paths) if index % COCO_HELD_BACK_EVERY]
    every = [Example(path.stem, read_picture(path), labels_beside(path, class_map)) for path in learned]
    return [example for example in every if example.boxes]


def video_frames(path: Path, step_ms: int) -> Iterator[Picture]:
    """Frames of a video about every step_ms."""
    capture = cv2.VideoCapture(str(path))
    stride = max(1, round((capture.get(cv2.CAP_PROP_FPS) or 12) * step_ms / 1000))
    index = 0
    while (read := capture.read())[0]:
        if index % stride == 0:
            yield np.asarray(read[1], np.uint8)
        index += 1
    capture.release()


def negatives(data: Path, teacher: Teacher) -> Iterator[Example]:
    """Frames of NEGATIVE_VIDEOS: people and books as the teacher sees them, no phone."""
    for name, step_ms in NEGATIVE_VIDEOS.items():
        for index, picture in enumerate(video_frames(data / "videos" / name, step_ms)):
            yield Example(f"video_{Path(name).stem}_{index}", picture, teacher.labels(picture, TRUSTED_IN_VIDEOS))


def rendered(folder: Path, teacher: Teacher) -> Iterator[Example]:
    """Frames of `triton_models.rendered` with their own labels, and people as the teacher sees them."""
    same = {index: index for index in range(len(TRAINED))}
    for path in sorted((folder / "images").glob("*.jpg")):
        picture = read_picture(path)
        people = teacher.labels(picture, frozenset({"person"}))
        yield Example(f"rendered_{path.stem}", picture, labels_beside(path, same) + people)
