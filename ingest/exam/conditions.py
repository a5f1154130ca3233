"""Under what an exam is rendered: skin, light, distance, glasses. The default is the exam as its seed alone has it.

A detector must be as good for everybody: `draw_conditions` deals each value of each condition equally often, so that
what one of them costs can be compared with the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ingest.exam.looks import DARK_SKINS, HAIR_COLOURS, SKIN_GAINS, Colour, Looks

SKIN_STEPS: tuple[Colour, ...] = (*SKIN_GAINS, (0.30, 0.39, 0.50))
"""From light to dark; the last is darker than any that a seed draws."""


class Light(StrEnum):
    """Where the light comes from and how much of it there is."""

    USUAL = "usual"
    BRIGHT = "bright"
    DIM = "dim"
    BACKLIT = "backlit"
    SIDE = "side"
    COLOURED = "coloured"


class Distance(StrEnum):
    """How far the candidate sits from the camera."""

    NEAR = "near"
    USUAL = "usual"
    FAR = "far"


DISTANCE_SCALES = {Distance.NEAR: 1.3, Distance.USUAL: 1.0, Distance.FAR: 0.68}
"""Of the seed's own size. Far: a face of 12 to 16 % of the picture's width, the smallest that is meant to be found."""


@dataclass(frozen=True, slots=True)
class Lighting:
    """Factors on what the camera sees. `side`: 0 is even light, 1 leaves the far cheek black."""

    exposure: float = 1.0
    balance: Colour = (1.0, 1.0, 1.0)
    noise: float = 1.0
    room: float = 1.0
    people: float = 1.0
    side: float = 0.0


LIGHTINGS = {
    Light.USUAL: Lighting(),
    Light.BRIGHT: Lighting(exposure=1.45),
    Light.DIM: Lighting(exposure=0.36, noise=1.7),
    Light.BACKLIT: Lighting(room=1.5, people=0.4),
    Light.SIDE: Lighting(side=0.7),
    Light.COLOURED: Lighting(exposure=0.8, balance=(1.25, 0.9, 0.6), noise=1.3),  # a screen in a dark room
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One combination; `skin` is a place in SKIN_STEPS, None: the seed's own."""

    skin: int | None = None
    light: Light = Light.USUAL
    distance: Distance = Distance.USUAL
    glasses: bool = False

    def __post_init__(self) -> None:
        """Refuse a skin that there is not."""
        if self.skin is not None and not 0 <= self.skin < len(SKIN_STEPS):
            raise ValueError(f"skin {self.skin}: there are {len(SKIN_STEPS)} steps, from 0 to {len(SKIN_STEPS) - 1}")

    @property
    def lighting(self) -> Lighting:
        """The light's factors."""
        return LIGHTINGS[self.light]

    @property
    def scale(self) -> float:
        """The factor on the size of the people."""
        return DISTANCE_SCALES[self.distance]


USUAL = Condition()


def dressed(looks: Looks, condition: Condition) -> Looks:
    """The person with the condition's skin, and hair as dark as comes with it."""
    if condition.skin is None:
        return looks
    hair = HAIR_COLOURS[0] if condition.skin >= DARK_SKINS else looks.hair_colour
    return replace(looks, skin_gain=SKIN_STEPS[condition.skin], hair_colour=hair)


def draw_conditions(count: int, seed: int) -> tuple[Condition, ...]:
    """`count` conditions in which every value of each kind comes equally often (give or take one), mixed at random.

    More of the same seed begin with the same ones.
    """
    values = (len(SKIN_STEPS), len(Light), len(Distance), 2)
    skins, lights, distances, glasses = (
        _dealt(np.random.default_rng([seed, 9, kind]), range(many), count) for kind, many in enumerate(values)
    )
    return tuple(
        Condition(skin, list(Light)[light], list(Distance)[distance], bool(worn))
        for skin, light, distance, worn in zip(skins, lights, distances, glasses, strict=True)
    )


def _dealt(rng: np.random.Generator, values: Iterable[int], count: int) -> list[int]:
    """Shuffled packs of all values, one after the other, until there are `count`."""
    pack = np.array(list(values))
    dealt: list[int] = []
    while len(dealt) < count:
        dealt += rng.permutation(pack).tolist()
    return dealt[:count]
