"""Training examples made by pasting: what is taken, where it goes, and which label it keeps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from triton_models.annotations import LabelledBox
from triton_models.composites import Cutout, bare_hand, cut, paste_somewhere, plate, with_fingers, worn
from triton_models.panels import board, screen, stand_at_side
from triton_models.sources import Example
from triton_models.taxonomy import TRAINED

COUNTS = {"phone": 620, "plate": 300, "piece": 160, "hand": 60, "panel": 340}
"""Pasted pictures by kind; a `piece` is part of another picture and keeps its label, a `panel` stands behind people."""
FINGERS_SHARE = 0.6
SCREEN_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Pool:
    """What pasting draws from: pictures without a phone, pictures with one, pictures with other things."""

    hosts: Sequence[Example]
    phones: Sequence[Example]
    things: Sequence[Example]


def pasted(pool: Pool, counts: Mapping[str, int], rng: Random) -> Iterator[Example]:
    """Phones (labelled) and look-alikes (unlabelled, or with their own label) pasted on pictures without a phone."""
    for kind, count in counts.items():
        for index in range(count):
            donor, host = rng.choice(pool.phones if kind == "phone" else pool.things), rng.choice(pool.hosts)
            name = f"pasted_{kind}_{index}"
            made = with_panels(name, host, rng) if kind == "panel" else with_thing(name, kind, host, donor, rng)
            if made is not None:
                yield made


def with_thing(name: str, kind: str, host: Example, donor: Example, rng: Random) -> Example | None:
    """A host with one thing on it, and its box where the thing has a class; None when it is too small to paste."""
    thing, label = thing_of(kind, donor, rng)
    if thing is None:
        return None
    picture, seen = paste_somewhere(worn(host.picture, rng), thing, rng)
    own = [] if label is None else [LabelledBox(label, seen.cx, seen.cy, seen.w, seen.h)]
    return Example(name, picture, [*host.boxes, *own])


def thing_of(kind: str, donor: Example, rng: Random) -> tuple[Cutout | None, int | None]:
    """What to paste and its class; a drawn thing has none, a cutout too small to paste is None."""
    if kind == "plate":
        return held(plate(rng), rng), None
    if kind == "hand":
        return bare_hand(rng), None
    wanted = [box for box in donor.boxes if kind != "phone" or box.class_id == 0]
    box = rng.choice(wanted)
    cutout = cut(donor.picture, box, rng)
    return (None if cutout is None else held(cutout, rng)), box.class_id


def held(thing: Cutout, rng: Random) -> Cutout:
    """The thing, in most cases with fingers round it."""
    return with_fingers(thing, rng) if rng.random() < FINGERS_SHARE else thing


def with_panels(name: str, host: Example, rng: Random) -> Example:
    """A host with one or two panels at its sides: screens with their label, boards and windows without."""
    picture, boxes = worn(host.picture, rng), list(host.boxes)
    for side in rng.sample((-1, 1), rng.randint(1, 2)):
        is_screen = rng.random() < SCREEN_SHARE
        picture, seen = stand_at_side(picture, screen(rng) if is_screen else board(rng), side, rng)
        if is_screen:
            boxes.append(LabelledBox(TRAINED.index("screen"), seen.cx, seen.cy, seen.w, seen.h))
    return Example(name, picture, boxes)
