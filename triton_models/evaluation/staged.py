"""Clips that nobody filmed, with a thing whose size is known: what held-back phones, wallets and bare hands do.

Held-back pictures stand still before the camera; here each becomes seconds of restless video, and its phone, cut out,
rises in a hand over frames of real clips at given heights, so that small phones have a number. A drawn wallet or bare
hand does the same, and is none. The same set, clips and seed give the same clips.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, read_labels
from triton_models.dataset.files import read_manifest, read_rows
from triton_models.evaluation.videos import timed_frames
from triton_models.making.composites import Cutout, Picture, bare_hand, cut, paste, plate, turned, with_fingers

FPS = 5
FRAME_MS = 1000 // FPS
FRAMES = 8 * FPS
"""8 s: longer than the 5 s that a policy commonly wants a thing held for, by a gap and a rise."""
SIZES = (0.12, 0.16, 0.24, 0.34, 0.48)
"""Heights of a thing over its picture's: at 0.12 a phone is 3 % of a 16:9 picture wide, at 0.48 it is held close."""
SIDE_PX = 360
"""Backgrounds are shrunk to it: held-back pictures are stored small, and a phone must not be sharper than its room."""
LEAST_PX = 60
UPRIGHT, LYING = (0.4, 0.72), (1.4, 2.4)
"""Width over height of boxes that hold a phone seen from the front; a tilted one's box holds its surroundings, too."""
SHOWN, PHONE, WALLET, HAND = "shown", "phone", "wallet", "hand"
RISEN_FRAMES = 4
HEADER = "clip,label,start_s,end_s\n"


@dataclass(frozen=True, slots=True)
class Held:
    """One held-back picture, BGR, with its phones."""

    picture: Picture
    phones: Sequence[LabelledBox]


@dataclass(frozen=True, slots=True)
class Staged:
    """Clips on disk: their folder, their annotations, and by group ("phone 0.16") the clips' names."""

    folder: Path
    annotations: Path
    groups: dict[str, list[str]]


def stage(dataset: Path, backgrounds: Sequence[Path], count: int, seed: int, out: Path) -> Staged:
    """Write the clips: each held-back picture, `count` phones a size, half as many wallets, a quarter of bare hands.

    Raises: InputError when the set holds no phone to cut out, or a background cannot be read.
    """
    held, rooms = held_back(dataset), [room_of(path) for path in backgrounds]
    tight = [(one, box) for one in held for box in one.phones if is_tight(one.picture, box)]
    if not tight:
        raise InputError(str(dataset), "holds back no phone that can be cut out", "Build it with more phones")
    out.mkdir(parents=True, exist_ok=True)
    staged = Staged(out, out / "clips.csv", {})
    rows = [put(staged, SHOWN, n, restless(one.picture, Random(seed + n)), True) for n, one in enumerate(held)]
    for size in SIZES:
        for kind, number in ((PHONE, count), (WALLET, count // 2), (HAND, count // 4)):
            for index in range(number):
                rng = Random(f"{seed} {kind} {size} {index}")
                thing = thing_of(kind, tight, rng)
                frames = carried(rooms[index % len(rooms)], thing, size, rng)
                rows.append(put(staged, f"{kind} {size:g}", index, frames, kind == PHONE))
    staged.annotations.write_text(HEADER + "".join(rows), encoding="utf-8")
    return staged


def held_back(dataset: Path) -> list[Held]:
    """Every held-back picture that shows a phone."""
    labels: list[str] = read_manifest(dataset)["labels"]
    number = labels.index("phone") if "phone" in labels else None
    found = []
    for row in sorted((row for row in read_rows(dataset) if row["part"] == "val"), key=lambda row: row["file"]):
        place = dataset / row["file"]
        boxes = [b for b in read_labels(place.parent.parent / "labels" / f"{place.stem}.txt") if b.class_id == number]
        picture = cv2.imread(str(place)) if boxes else None
        found += [Held(np.asarray(picture, np.uint8), boxes)] if picture is not None else []
    return found


def is_tight(picture: Picture, box: LabelledBox) -> bool:
    """Whether a box is large and holds a phone and little else."""
    height, width = box.h * picture.shape[0], box.w * picture.shape[1]
    shape = width / max(height, 1.0)
    return min(height, width) >= LEAST_PX and any(low < shape < high for low, high in (UPRIGHT, LYING))


def room_of(path: Path) -> list[Picture]:
    """FRAMES frames of a clip at FPS, to and fro where it is shorter."""
    frames: list[Picture] = []
    for time_ms, picture in timed_frames(path, 1):
        if time_ms >= len(frames) * FRAME_MS:
            scale = min(1.0, SIDE_PX / max(picture.shape[:2]))
            frames.append(np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)))
        if len(frames) == FRAMES:
            break
    if not frames:
        raise InputError(str(path), "no video that can be read", "Remove or replace it")
    to_and_fro = [*frames, *frames[::-1]]
    return [to_and_fro[index % len(to_and_fro)] for index in range(FRAMES)]


def thing_of(kind: str, tight: Sequence[tuple[Held, LabelledBox]], rng: Random) -> Cutout:
    """A phone cut out of a held-back picture and turned upright, or a drawn wallet, in fingers; or a bare hand."""
    if kind == HAND:
        return bare_hand(rng)
    if kind == WALLET:
        return with_fingers(plate(rng), rng)
    one, box = rng.choice(tight)
    thing = cut(one.picture, box, rng)
    assert thing is not None, "LEAST_PX is more than a cutout needs"
    if thing.alpha.shape[1] > thing.alpha.shape[0]:
        thing = Cutout(np.ascontiguousarray(np.rot90(thing.picture)), np.ascontiguousarray(np.rot90(thing.alpha)))
    return with_fingers(thing, rng)


def carried(room: Sequence[Picture], thing: Cutout, size: float, rng: Random) -> Iterator[Picture]:
    """The thing rises into the picture, stays and sways."""
    height, width = room[0].shape[:2]
    x, y, tilt = rng.uniform(0.15, 0.85), rng.uniform(0.45, 0.75), rng.gauss(0, 15)
    for index, frame in enumerate(room):
        sway, below = index * FRAME_MS / 1000, 0.5 * (1 - min(1.0, index / RISEN_FRAMES))
        ready = turned(thing, max(12, int(height * size)), tilt + 6 * math.sin(1.75 * sway))
        h, w = ready.alpha.shape
        left = (x + 0.04 * math.sin(1.25 * sway)) * width - w / 2
        top = (y + below + 0.03 * math.cos(1.5 * sway)) * height - h / 2
        inside = (int(np.clip(left, 12 - w, width - 12)), int(np.clip(top, 12 - h, height - 12)))
        yield paste(frame, ready, *inside)[0]


def restless(picture: Picture, rng: Random) -> Iterator[Picture]:
    """A picture as a restless webcam sees it: it pans, zooms and tilts a little, the light changes, there is noise."""
    height, width = picture.shape[:2]
    start, noise = [rng.uniform(0, math.tau) for _ in range(5)], np.random.default_rng(rng.getrandbits(32))
    for index in range(FRAMES):
        at = index / FRAMES * math.tau
        zoom = 0.9 + 0.08 * math.sin(2 * at + start[1])
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 4 * math.sin(at + start[0]), zoom)
        move = np.asarray(turn, np.float64)
        move[:, 2] += [0.03 * width * math.sin(at + start[2]), 0.03 * height * math.cos(1.7 * at + start[3])]
        moved = cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        lit = moved * (1 + 0.12 * math.sin(1.3 * at + start[4]))
        yield np.clip(lit + noise.normal(0, 3, lit.shape), 0, 255).astype(np.uint8)


def put(staged: Staged, group: str, index: int, frames: Iterator[Picture], is_phone: bool) -> str:
    """Write a clip; gives its line of the annotations."""
    name = f"{group.replace(' ', '-')}-{index:03d}.avi"
    first = next(frames)
    size = (first.shape[1], first.shape[0])
    writer = cv2.VideoWriter(str(staged.folder / name), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    for frame in (first, *frames):
        writer.write(frame)
    writer.release()
    staged.groups.setdefault(group, []).append(name)
    start_s = 0.0 if group == SHOWN else RISEN_FRAMES * FRAME_MS / 1000
    return f"{name},phone,{start_s:g},{FRAMES * FRAME_MS / 1000:g}\n" if is_phone else f"{name},none,,\n"
