"""Training examples made by pasting: what is taken, where it goes, and which label it keeps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from triton_models.annotations import LabelledBox
from triton_models.making.composites import Cutout, bare_hand, cut, paste_somewhere, plate, with_fingers, worn
from triton_models.making.examples import OTHER, Example
from triton_models.making.panels import board, screen, stand_at_side

KINDS = ("phone", "plate", "piece", "hand", "panel")
"""What is pasted; a `piece` is a thing from another picture, a `panel` stands behind people."""
FINGERS_SHARE = 0.6
PANELS = ("screen", "screen", "board", "thing")
"""What stands at the side, drawn from with equal chance."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What pasting draws from: pictures without a phone, pictures with one, pictures with other things.

    `screen_id`, `remote_id` and `person_id` are the classes of drawn screens and remotes and of people, None where they
    have none.
    """

    hosts: Sequence[Example]
    phones: Sequence[Example]
    things: Sequence[Example]
    screen_id: int | None = None
    remote_id: int | None = None
    person_id: int | None = None

    def donors(self, kind: str) -> Sequence[Example]:
        """Where a kind's things are cut out of."""
        return self.phones if kind == "phone" else self.things

    def lacks(self, kind: str) -> str:
        """Which part of the pool this kind needs and does not find; empty when it has all."""
        if not self.hosts:
            return "host"
        needed = "" if kind in ("plate", "hand") else ("phone" if kind == "phone" else "piece")
        return needed if needed and not self.donors(kind) else ""


def pasted(pool: Pool, counts: Mapping[str, int], rng: Random) -> Iterator[Example]:
    """Phones (labelled) and look-alikes (unlabelled, or with their own label) pasted on pictures without a phone."""
    for kind, count in counts.items():
        for index in range(count):
            donor, host = rng.choice(pool.donors(kind) or pool.hosts), rng.choice(pool.hosts)
            made = made_of(kind, f"pasted_{kind}_{index}", host, donor, pool.screen_id, rng)
            if made is not None:
                yield made


def made_of(kind: str, name: str, host: Example, donor: Example, screen_id: int | None, rng: Random) -> Example | None:
    """One pasted picture; None when its donor's thing is too small to paste."""
    if kind == "panel":
        return with_panels(name, host, donor, screen_id, rng)
    return with_thing(kind, name, host, donor, rng)


def with_thing(kind: str, name: str, host: Example, donor: Example, rng: Random) -> Example | None:
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
    return (None if cutout is None else held(cutout, rng)), None if box.class_id == OTHER else box.class_id


def held(thing: Cutout, rng: Random) -> Cutout:
    """The thing, in most cases with fingers round it."""
    return with_fingers(thing, rng) if rng.random() < FINGERS_SHARE else thing


def with_panels(name: str, host: Example, donor: Example, screen_id: int | None, rng: Random) -> Example:
    """A host with one or two large things at its sides: screens, boards and windows, things from other pictures."""
    picture, boxes = worn(host.picture, rng), list(host.boxes)
    for side in rng.sample((-1, 1), rng.randint(1, 2)):
        panel, label = panel_of(rng.choice(PANELS), donor, screen_id, rng)
        if panel is None:
            continue
        picture, seen = stand_at_side(picture, panel, side, rng)
        if label is not None:
            boxes.append(LabelledBox(label, seen.cx, seen.cy, seen.w, seen.h))
    return Example(name, picture, boxes)


def panel_of(kind: str, donor: Example, screen_id: int | None, rng: Random) -> tuple[Cutout | None, int | None]:
    """What to stand at the side and its class, None where it has none; the cutout is None when it is too small."""
    if kind == "board":
        return board(rng), None
    if kind == "screen":
        return screen(rng), screen_id
    box = rng.choice(donor.boxes)
    return cut(donor.picture, box, rng), None if box.class_id == OTHER else box.class_id
