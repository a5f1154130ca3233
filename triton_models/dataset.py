"""Builds the training set of our object model from the public sets, a teacher, video frames and pasted pictures.

    python -m triton_models.dataset DATA OUT [--rendered DIR]

DATA holds `images/{phone,headphones,coco128}`, `videos/` and `weights/yolov5n-coco.onnx`; OUT becomes an Ultralytics
dataset. `--rendered` adds a YOLO folder (images/, labels/ in our classes) of rendered exam frames. What OUT may be
measured on is in `held-back.txt`: one original in eight of every set, and whole videos that training never sees.
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import cv2
import numpy as np

from triton_models.annotations import LabelledBox, by_original, read_labels, split_originals
from triton_models.composites import Picture, bare_hand, cut, paste_somewhere, plate, with_fingers, worn
from triton_models.taxonomy import TRAINED
from triton_models.teacher import COCO_IDS, TO_TRAINED, Teacher

LONGEST_SIDE_PX = 320
HELD_BACK_SHARE = 0.12
NEGATIVE_VIDEOS = {
    "head-moves-a.mp4": 500,
    "head-moves-b.mp4": 500,
    "eyes-centre-left-centre.mp4": 1000,
    "head-turns.gif": 300,
}
"""Videos whose frames train the model that there is no phone, and the step between frames in ms. No other is seen."""

PASTED_PHONES, PASTED_PLATES, PASTED_PIECES, PASTED_HANDS = 620, 300, 160, 60
HEADPHONE_PICTURES = 230
"""The headphones show nearly one person alone; more of him would teach his face, not headphones."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture BGR uint8 [h, w, 3], what it shows, and a name for its file."""

    name: str
    picture: Picture
    boxes: Sequence[LabelledBox]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes examples into the Ultralytics folder layout and counts them by part and label."""

    root: Path
    counts: Counter[str] = field(default_factory=Counter)

    def put(self, part: str, example: Example) -> None:
        """One picture (shrunk to the longest side) and its label file."""
        for folder in ("images", "labels"):
            (self.root / part / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(self.root / part / "images" / f"{example.name}.jpg"), shrink(example.picture))
        lines = "\n".join(box.line() for box in example.boxes)
        (self.root / part / "labels" / f"{example.name}.txt").write_text(lines)
        self.counts[f"{part} pictures"] += 1
        self.counts.update(f"{part} {TRAINED[box.class_id]}" for box in example.boxes)


def shrink(picture: Picture) -> Picture:
    """The picture with its longer side at most LONGEST_SIDE_PX."""
    scale = LONGEST_SIDE_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def read_picture(path: Path) -> Picture:
    """A picture file as BGR; raises ValueError naming the file if it cannot be decoded."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise ValueError(f"{path}: not a picture that OpenCV can read")
    return np.asarray(picture, np.uint8)


def labels_beside(picture: Path, class_map: dict[int, int]) -> list[LabelledBox]:
    """The labels of `.../images/x.jpg` in `.../labels/x.txt`."""
    return read_labels(picture.parent.parent / "labels" / f"{picture.stem}.txt", class_map)


def one_set(data: Path, name: str, class_map: dict[int, int], teacher: Teacher, rng: Random) -> Iterator[tuple[str, Example]]:
    """One picture an original of a Roboflow set, with the teacher's labels for people and desks; (part, example)."""
    groups = by_original((data / "images" / name).glob("*/images/*.jpg"))
    split = split_originals(groups, HELD_BACK_SHARE, rng)
    trusted = frozenset({"person", "laptop", "book", "screen", "cup", "keyboard", "mouse"})
    for part, originals in (("val", split.held_back), ("train", split.train)):
        for index, original in enumerate(originals):
            path = groups[original][0]
            picture = read_picture(path)
            boxes = labels_beside(path, class_map) + teacher.labels(picture, trusted)
            yield part, Example(f"{name}_{index}", picture, boxes)


def coco(data: Path) -> Iterator[tuple[str, Example]]:
    """COCO128, the only set that is labelled for every class; one in eight held back; (part, example)."""
    for index, path in enumerate(sorted((data / "images/coco128/train/images").glob("*.jpg"))):
        boxes = labels_beside(path, TO_TRAINED)
        yield "train" if index % 8 else "val", Example(f"coco_{path.stem}", read_picture(path), boxes)


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
    """Frames of the videos in NEGATIVE_VIDEOS: people and books as the teacher sees them, no phone."""
    trusted = frozenset({"person", "book"})
    for name, step_ms in NEGATIVE_VIDEOS.items():
        for index, picture in enumerate(video_frames(data / "videos" / name, step_ms)):
            yield Example(f"video_{Path(name).stem}_{index}", picture, teacher.labels(picture, trusted))


def rendered(folder: Path, teacher: Teacher) -> Iterator[Example]:
    """Rendered exam frames with their own labels (class 0 is the phone) and people as the teacher sees them."""
    same = {index: index for index in range(len(TRAINED))}
    for path in sorted((folder / "images").glob("*.jpg")):
        picture = read_picture(path)
        people = teacher.labels(picture, frozenset({"person"}))
        yield Example(f"rendered_{path.stem}", picture, labels_beside(path, same) + people)


def pasted(hosts: Sequence[Example], phones: Sequence[Example], things: Sequence[Example], rng: Random) -> Iterator[Example]:
    """Phones (labelled) and look-alikes (unlabelled, or with their own label) pasted on pictures without a phone."""
    kinds = ["phone"] * PASTED_PHONES + ["plate"] * PASTED_PLATES + ["piece"] * PASTED_PIECES + ["hand"] * PASTED_HANDS
    for index, kind in enumerate(kinds):
        example = _paste_one(kind, rng.choice(hosts), rng.choice(phones if kind == "phone" else things), rng)
        if example is not None:
            yield Example(f"pasted_{kind}_{index}", example.picture, example.boxes)


def _paste_one(kind: str, host: Example, donor: Example, rng: Random) -> Example | None:
    label: int | None = None
    thing = {"plate": plate, "hand": bare_hand}.get(kind, lambda _: None)(rng)
    if thing is None and donor.boxes:
        chosen = rng.choice([box for box in donor.boxes if kind != "phone" or box.class_id == 0] or donor.boxes)
        thing, label = cut(donor.picture, chosen, rng), chosen.class_id
    if thing is None:
        return None
    if kind != "hand" and rng.random() < 0.6:
        thing = with_fingers(thing, rng)
    picture, seen = paste_somewhere(worn(host.picture, rng), thing, rng)
    own = [] if label is None else [LabelledBox(label, seen.cx, seen.cy, seen.w, seen.h)]
    return Example("", picture, [*host.boxes, *own])


def build(data: Path, out: Path, rendered_folder: Path | None) -> Counter[str]:
    """Write the whole dataset; gives the number of pictures and boxes by part and label."""
    shutil.rmtree(out, ignore_errors=True)
    writer, rng, teacher = Writer(out), Random(0), Teacher.load(data / "weights/yolov5n-coco.onnx")
    phones = list(one_set(data, "phone", {1: 0}, teacher, rng))
    headphones = list(one_set(data, "headphones", {0: 1}, teacher, rng))
    kept = [item for item in headphones if item[0] == "val"] + [i for i in headphones if i[0] == "train"][:HEADPHONE_PICTURES]
    everyday, frames = list(coco(data)), list(negatives(data, teacher))
    scenes = list(rendered(rendered_folder, teacher)) if rendered_folder else []
    for part, example in [*phones, *kept, *everyday]:
        writer.put(part, example)
    for example in [*frames, *scenes]:
        writer.put("train", example)
    for index, (part, example) in enumerate(everyday):
        if part == "train":
            writer.put(part, Example(f"again_{index}", worn(example.picture, rng), example.boxes))
    everyday_train = [example for part, example in everyday if part == "train"]
    faces = [example for part, example in headphones if part == "train"][:60]
    hosts = [e for e in [*frames, *frames, *scenes, *everyday_train, *faces] if all(box.class_id != 0 for box in e.boxes)]
    sources = [e for part, e in phones if part == "train" and any(box.class_id == 0 for box in e.boxes)]
    for example in pasted(hosts, sources, [e for e in everyday_train if _has_thing(e)], rng):
        writer.put("train", example)
    write_manifest(out, data)
    return writer.counts


def _has_thing(example: Example) -> bool:
    return any(TRAINED[box.class_id] not in ("phone", "person") for box in example.boxes)


def write_manifest(out: Path, data: Path) -> None:
    """The file Ultralytics reads, and the list of videos never seen in training."""
    names = ", ".join(TRAINED)
    (out / "data.yaml").write_text(f"path: {out.resolve()}\ntrain: train/images\nval: val/images\nnames: [{names}]\n")
    unseen = sorted(path.name for path in (data / "videos").iterdir() if path.name not in NEGATIVE_VIDEOS)
    (out / "held-back.txt").write_text("\n".join(unseen) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rendered", type=Path)
    args = parser.parse_args()
    for name, count in sorted(build(args.data, args.out, args.rendered).items()):
        print(f"{count:6d}  {name}")


if __name__ == "__main__":
    main()
