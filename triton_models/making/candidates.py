"""Pictures of which only those are kept that a model gets wrong: phones in hands, and things in hands that are none."""

from collections.abc import Callable, Mapping
from random import Random

from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.making.composites import Cutout, bare_hand, cut, with_fingers, worn
from triton_models.making.erasing import can_erase, painted_over
from triton_models.making.examples import OTHER, Example
from triton_models.making.lookalikes import DRAWN, piece_of
from triton_models.making.pasting import FINGERS_SHARE, Pool, with_panels
from triton_models.making.placing import SMALL, USUAL, Place, lit, place_in, put

LEAST_SIDES_PX = (9, 20)
"""Shorter and longer side of the least phone that is labelled: of fewer pixels nobody could tell."""
CROP_SHARE = 0.25
CROPPED_AWAY = 0.15
"""A box of which less than this share is left in a crop is not labelled any more."""
OTHERS = (*DRAWN, "plate", "plate", "piece", "thing", "thing", "hand", "hand")
IN_HANDS = ("plate", "plate", "plate", "calculator", "remote", "badge", "sheet", "thing", "thing", "nothing")
"""What lookalikes are, drawn from with equal chance."""


def phone(pool: Pool, heights: tuple[float, float], rng: Random) -> Example | None:
    """A phone cut out of one picture and put into another; its box is the last."""
    donor, host = rng.choice(pool.phones), rng.choice(pool.hosts)
    thing = cut(donor.picture, rng.choice([box for box in donor.boxes if box.class_id == 0]), rng)
    if thing is None:
        return None
    held = with_fingers(thing, rng) if rng.random() < FINGERS_SHARE else thing
    laid = put(worn(host.picture, rng), lit(held, rng), place_in(host, pool.person_id, heights, rng))
    if laid is None or not _is_legible(laid[1], host):
        return None
    return Example("", laid[0], [*host.boxes, laid[1]])


def lookalike(pool: Pool, heights: tuple[float, float], rng: Random) -> Example | None:
    """Something that is no phone, put into a picture; or a part of a picture blown up."""
    host = rng.choice(pool.hosts)
    if rng.random() < CROP_SHARE:
        return cropped(host, rng)
    thing, label = other_thing(rng.choice(OTHERS), pool, rng)
    if thing is None:
        return None
    laid = put(worn(host.picture, rng), lit(thing, rng), place_in(host, pool.person_id, heights, rng))
    return None if laid is None else Example("", laid[0], [*host.boxes, *_labelled(laid[1], label)])


def in_hand(pool: Pool, rng: Random) -> Example | None:
    """A real hand whose phone is painted over, with something else in its place, or nothing."""
    donor = rng.choice(pool.phones)
    if not can_erase(donor.boxes):
        return None
    picture, boxes = painted_over(donor.picture, donor.boxes), [box for box in donor.boxes if box.class_id]
    for box in (box for box in donor.boxes if not box.class_id):
        thing, label = other_thing(rng.choice(IN_HANDS), pool, rng)
        place = Place(box.cx, box.cy, box.h * rng.uniform(0.5, 0.95), rng.gauss(0, 12))
        laid = None if thing is None else put(picture, lit(thing, rng), place)
        if laid is not None:
            picture = laid[0]
            boxes += _labelled(laid[1], label)
    return Example("", picture, boxes)


def panels(pool: Pool, rng: Random) -> Example | None:
    """Screens, boards and things of other pictures at a picture's sides."""
    return with_panels("", rng.choice(pool.hosts), rng.choice(pool.things), pool.screen_id, rng)


def other_thing(kind: str, pool: Pool, rng: Random) -> tuple[Cutout | None, int | None]:
    """A thing that is no phone, and its class where it has one; None where there is none to be had."""
    if kind == "nothing":
        return None, None
    if kind == "hand":
        return bare_hand(rng), None
    if kind == "piece":
        return piece_of(rng.choice(pool.hosts).picture, rng), None
    if kind != "thing":
        thing = DRAWN[kind](rng)
        return (with_fingers(thing, rng) if rng.random() < FINGERS_SHARE else thing), (
            pool.remote_id if kind == "remote" else None
        )
    donor = rng.choice(pool.things)
    box = rng.choice(donor.boxes)
    return cut(donor.picture, box, rng), None if box.class_id == OTHER else box.class_id


def cropped(host: Example, rng: Random) -> Example:
    """A part of a picture, whose edges cut through what it shows."""
    share, (height, width) = rng.uniform(0.3, 0.8), host.picture.shape[:2]
    x, y = rng.uniform(0, 1 - share), rng.uniform(0, 1 - share)
    rows, columns = slice(int(y * height), int((y + share) * height)), slice(int(x * width), int((x + share) * width))
    boxes = []
    for box in host.boxes:
        x1, y1, x2, y2 = box.xyxy()
        corners = ((x1 - x) / share, (y1 - y) / share, (x2 - x) / share, (y2 - y) / share)
        left = box_of_corners(box.class_id, *corners)
        boxes += [left] if left.w * left.h * share * share > CROPPED_AWAY * box.w * box.h else []
    return Example("", worn(host.picture[rows, columns], rng), boxes)


def _labelled(box: LabelledBox, label: int | None) -> list[LabelledBox]:
    return [] if label is None else [LabelledBox(label, box.cx, box.cy, box.w, box.h)]


def _is_legible(box: LabelledBox, host: Example) -> bool:
    height, width = host.picture.shape[:2]
    shorter, longer = sorted((box.w * width, box.h * height))
    return shorter >= LEAST_SIDES_PX[0] and longer >= LEAST_SIDES_PX[1]


MAKERS: Mapping[str, Callable[[Pool, Random], Example | None]] = {
    "phone": lambda pool, rng: phone(pool, USUAL, rng),
    "small_phone": lambda pool, rng: phone(pool, SMALL, rng),
    "lookalike": lambda pool, rng: lookalike(pool, USUAL, rng),
    "small_lookalike": lambda pool, rng: lookalike(pool, SMALL, rng),
    "in_hand": in_hand,
    "panel": panels,
}
"""How a candidate of each kind is made; None where chance gave one that cannot be used."""
