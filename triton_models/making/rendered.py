"""Frames of rendered exams with their labels, for training: what our own renderer calls a phone in the hand.

Never the demo's seed: what is measured on the demo would mean nothing.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np

from ingest.exam.behaviour import moment
from ingest.exam.phone import BODY, HEIGHT, WIDTH, place_phone
from ingest.exam.scene import USUAL_SCALE, Scene
from ingest.exam.schedule import FRAME_MS, Episode, Kind, Schedule, demo_schedule
from ingest.exam.truth import HEIGHT_PX, WIDTH_PX
from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.making.composites import Picture
from triton_models.progress import Progress

FRAMES_EACH = 8
"""Frames of one seed with a phone, and as many without."""
MIN_BOX_PX = 30
"""Less of a phone in the picture is neither labelled nor used."""


class LabelledScene(Scene):
    """A scene that also knows where its phone is."""

    def phone_box(self, index: int) -> LabelledBox | None:
        """Box of the phone (class 0, without the hand) in picture number `index`; None when it is not to be seen."""
        now = moment(self._schedule, self._habits, index * FRAME_MS / 1000)
        if now.phone_up <= 0:
            return None
        marker = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        left, top, right, bottom = (round(side) for side in BODY)
        marker[top:bottom, left:right] = 255
        size = 0.70 * self._scale / USUAL_SCALE
        t_s, canvas = index * FRAME_MS / 1000, (WIDTH_PX, HEIGHT_PX)
        layer = place_phone(marker, now.phone_up, now.phone_speed, now.phone_side, t_s, size, canvas)
        ys, xs = np.nonzero(layer[..., 3] > 127)
        if not len(xs) or np.ptp(xs) < MIN_BOX_PX or np.ptp(ys) < MIN_BOX_PX:
            return None
        w, h = WIDTH_PX, HEIGHT_PX
        return box_of_corners(0, xs.min() / w, ys.min() / h, (xs.max() + 1) / w, (ys.max() + 1) / h)


def training_schedule(seed: int) -> Schedule:
    """A phone on either side, and what else happens in an exam, in 60 s."""
    kinds = (Kind.PHONE, Kind.LOOKING_AWAY, Kind.PHONE, Kind.SECOND_FACE, Kind.ABSENT, Kind.TALKING)
    sides = (1, -1, -1, 1, -1, 1)
    episodes = tuple(
        Episode(kind, 10_000 + 8_000 * place, 14_500 + 8_000 * place, side)
        for place, (kind, side) in enumerate(zip(kinds, sides, strict=True))
    )
    return Schedule(seed, 60_000, episodes)


def frames_of(seed: int, cache_dir: Path) -> Iterator[tuple[str, Picture, list[LabelledBox]]]:
    """Named frames of one seed: FRAMES_EACH with a labelled phone and as many with none in sight."""
    schedule = training_schedule(seed)
    scene, rng = LabelledScene(schedule, cache_dir), Random(seed)
    raised = [i for i in range(schedule.frames) if scene.phone_box(i) is not None]
    bare = [i for i in range(schedule.frames) if not _near_phone(schedule, i * FRAME_MS)]
    for index in sorted(rng.sample(raised, FRAMES_EACH) + rng.sample(bare, FRAMES_EACH)):
        box = scene.phone_box(index)
        yield f"seed{seed}.rf.{index}", scene.picture(index), [box] if box else []


def _near_phone(schedule: Schedule, time_ms: int) -> bool:
    phones = [episode for episode in schedule.episodes if episode.kind == Kind.PHONE]
    return any(episode.start_ms - 2_000 <= time_ms < episode.end_ms + 2_000 for episode in phones)


def render(out: Path, first_seed: int, seeds: int) -> None:
    """Write frames of so many seeds as a YOLO folder (`images`, `labels`)."""
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    wanted = sorted(set(range(first_seed, first_seed + seeds)) - {demo_schedule().seed})
    with tempfile.TemporaryDirectory() as cache:
        for seed in Progress("rendered exams: seeds").over(wanted, len(wanted)):
            for name, picture, boxes in frames_of(seed, Path(cache)):
                cv2.imwrite(str(out / "images" / f"{name}.jpg"), picture)
                (out / "labels" / f"{name}.txt").write_text("\n".join(box.line() for box in boxes))
