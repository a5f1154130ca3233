"""Builds the training set of our object model from the public sets, a teacher, video frames and pasted pictures.

    python -m triton_models.dataset DATA OUT [--rendered DIR]

DATA holds `images/{phone,headphones,coco128}`, `videos/` and `weights/yolov5n-coco.onnx`; OUT becomes an Ultralytics
dataset. `--rendered` adds what `triton_models.rendered` wrote. One original in eight is held back in OUT/val;
OUT/held-back.txt lists the videos that training never sees.
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import cv2
import numpy as np

from triton_models.composites import Picture, worn
from triton_models.erasing import can_erase, without_phones
from triton_models.pasting import COUNTS, Pool, pasted
from triton_models.sources import NEGATIVE_VIDEOS, Example, Parts, coco, coco_things, negatives, rendered, roboflow_set
from triton_models.taxonomy import TRAINED
from triton_models.teacher import Teacher

LONGEST_SIDE_PX = 320
HEADPHONE_PICTURES = 230
"""The headphones show nearly one person alone; more of him would teach his face, not headphones."""
HEADPHONE_HOSTS = 60


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


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything read, before anything is pasted."""

    phones: Parts
    headphones: Parts
    everyday: Parts
    frames: list[Example]
    scenes: list[Example]
    things: list[Example]

    def pool(self) -> Pool:
        """What to paste on, and what; video frames count twice, since they look like what will be watched."""
        faces = self.headphones.train[:HEADPHONE_HOSTS]
        every = [*self.frames, *self.frames, *self.scenes, *self.everyday.train, *faces]
        return Pool(
            hosts=[example for example in every if not example.has_phone()],
            phones=[example for example in self.phones.train if example.has_phone()],
            things=self.things,
        )


def gather(data: Path, rendered_folder: Path | None, rng: Random) -> Gathered:
    """Read every source; phones are split first and headphones second, so that the same originals are held back."""
    teacher = Teacher.load(data / "weights/yolov5n-coco.onnx")
    return Gathered(
        phones=roboflow_set(data, "phone", {1: 0}, teacher, rng),
        headphones=roboflow_set(data, "headphones", {0: 1}, teacher, rng),
        everyday=coco(data),
        frames=list(negatives(data, teacher)),
        scenes=list(rendered(rendered_folder, teacher)) if rendered_folder else [],
        things=coco_things(data),
    )


def train_examples(gathered: Gathered, rng: Random) -> Iterator[Example]:
    """All that the model learns from."""
    yield from gathered.phones.train
    yield from gathered.headphones.train[:HEADPHONE_PICTURES]
    yield from gathered.everyday.train
    yield from gathered.frames
    yield from gathered.scenes
    for index, example in enumerate(gathered.everyday.train):
        yield Example(f"again_{index}", worn(example.picture, rng), example.boxes)
    for index, example in enumerate(gathered.phones.train):
        if can_erase(example.boxes):
            others = [box for box in example.boxes if box.class_id != 0]
            yield Example(f"erased_{index}", without_phones(example.picture, example.boxes, rng), others)
    yield from pasted(gathered.pool(), COUNTS, rng)


def build(data: Path, out: Path, rendered_folder: Path | None) -> Counter[str]:
    """Write the whole dataset; gives the number of pictures and boxes by part and label."""
    shutil.rmtree(out, ignore_errors=True)
    writer, rng = Writer(out), Random(0)
    gathered = gather(data, rendered_folder, rng)
    for example in [*gathered.phones.val, *gathered.headphones.val, *gathered.everyday.val]:
        writer.put("val", example)
    for example in train_examples(gathered, rng):
        writer.put("train", example)
    write_manifest(out, data)
    return writer.counts


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
