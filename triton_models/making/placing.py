"""Where things go in a picture of a person: at the ear, before the chest, beside the head, on the desk, anywhere."""

import math
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from triton_models.annotations import LabelledBox
from triton_models.making.composites import Cutout, Picture, paste, turned
from triton_models.making.examples import Example

HEAD_SHARE = 0.4
"""Of a person's box a head is about so wide and so high: people before webcams are cut off below the chest."""
USUAL, SMALL = (0.12, 0.75), (0.085, 0.28)
"""Heights over the picture's. Below 0.085 of 256 input pixels a phone is 20 px high and 10 wide: no model reads it."""
INSIDE_SHARE = 0.6
"""What is further out of the picture could be anything."""


@dataclass(frozen=True, slots=True)
class Place:
    """The middle as shares of the sides, the height as a share of the picture's, the tilt."""

    x: float
    y: float
    height: float
    angle_deg: float


def place_in(host: Example, person_id: int | None, heights: tuple[float, float], rng: Random) -> Place:
    """A place by chance; half of them about a person's head, where there is one."""
    people = [box for box in host.boxes if box.class_id == person_id]
    if people and rng.random() < 0.5:
        return _about(rng.choice(people), heights, rng)
    height = math.exp(rng.uniform(*(math.log(bound) for bound in heights)))
    if rng.random() < 0.3:
        return Place(
            rng.uniform(0.1, 0.9), rng.uniform(0.75, 0.98), max(heights[0], height / 2), rng.uniform(-100, 100)
        )
    lying = rng.choice((90, -90)) if rng.random() < 0.2 else 0
    return Place(rng.uniform(0.05, 0.95), rng.uniform(0.2, 0.9), height, rng.gauss(lying, 20))


def _about(person: LabelledBox, heights: tuple[float, float], rng: Random) -> Place:
    wide, high = person.w * HEAD_SHARE, person.h * HEAD_SHARE
    top, side = person.cy - person.h / 2, rng.choice((-1, 1))
    x, y, scale, angle = rng.choice(
        (
            (side * rng.uniform(0.45, 0.7), rng.uniform(0.4, 0.75), rng.uniform(0.7, 1.15), side * rng.uniform(-5, 35)),
            (rng.uniform(-1.2, 1.2), rng.uniform(1.2, 2.0), rng.uniform(0.5, 1.1), rng.gauss(0, 20)),
            (side * rng.uniform(0.2, 1.4), rng.uniform(-0.1, 1.2), rng.uniform(0.6, 1.3), rng.gauss(0, 20)),
        )
    )
    height = min(max(high * scale, heights[0]), heights[1])
    return Place(person.cx + wide * x, top + high * y, height, angle)


def put(host: Picture, thing: Cutout, place: Place) -> tuple[Picture, LabelledBox] | None:
    """The thing at its place, and the box of what is seen of it (class 0); None where most of it lies outside."""
    height, width = host.shape[:2]
    ready = turned(thing, max(9, int(height * place.height)), place.angle_deg)
    h, w = ready.alpha.shape
    left, top = int(place.x * width - w / 2), int(place.y * height - h / 2)
    seen_w, seen_h = min(width, left + w) - max(0, left), min(height, top + h) - max(0, top)
    if min(seen_w, seen_h) <= 0 or seen_w * seen_h < INSIDE_SHARE * w * h:
        return None
    return paste(host, ready, left, top)


def lit(thing: Cutout, rng: Random) -> Cutout:
    """In another light, and in a third of the cases seen at an angle: narrower."""
    picture = np.clip(thing.picture * rng.uniform(0.55, 1.3), 0, 255).astype(np.uint8)
    if rng.random() >= 0.35:
        return Cutout(picture, thing.alpha)
    size = (max(10, int(thing.alpha.shape[1] * rng.uniform(0.45, 1.0))), thing.alpha.shape[0])
    narrow = (cv2.resize(side, size, interpolation=cv2.INTER_AREA) for side in (picture, thing.alpha))
    return Cutout(np.asarray(next(narrow), np.uint8), np.asarray(next(narrow), np.float32))
