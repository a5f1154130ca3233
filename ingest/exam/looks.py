"""What makes one invented person differ from another, drawn from a seed."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

Colour = tuple[float, float, float]  # blue, green, red in 0..255

SKIN_GAINS: tuple[Colour, ...] = (
    (0.95, 0.97, 1.0),
    (0.80, 0.88, 0.96),
    (0.68, 0.79, 0.90),
    (0.56, 0.67, 0.79),
    (0.42, 0.52, 0.64),
)
HAIR_COLOURS: tuple[Colour, ...] = ((26, 28, 32), (32, 40, 52), (42, 58, 78), (44, 66, 98), (84, 116, 142))
DARK_SKINS = 3  # from this one on hair is one of the two darkest
CLOTHES: tuple[Colour, ...] = (
    (110, 78, 58),
    (66, 92, 70),
    (78, 70, 132),
    (120, 120, 124),
    (64, 58, 56),
    (168, 178, 186),
    (112, 108, 66),
)
IRIS_TINTS: tuple[Colour, ...] = ((1, 1, 1), (0.8, 0.8, 0.8), (1.0, 1.25, 1.1), (1.7, 1.4, 1.05))


class Cut(StrEnum):
    """How the hair is worn."""

    LONG = "long"
    BOB = "bob"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Proportions:
    """How a face departs from the photograph's: shares of its sizes, 0 is no change; `brow_px` in head pixels."""

    cheek: float
    jaw: float
    length: float
    nose_width: float
    nose_length: float
    eye_size: float
    eye_gap: float
    mouth_width: float
    lip: float
    brow_px: float


@dataclass(frozen=True, slots=True)
class Looks:
    """One invented person; colours as bgr, `skin_gain` and `iris_tint` multiply the photograph's."""

    proportions: Proportions
    skin_gain: Colour
    hair_colour: Colour
    cut: Cut
    parting: float
    fringe: bool
    wave: float
    volume: float
    iris_tint: Colour
    brow_weight: float
    beard: float
    clothes: Colour
    v_neck: bool


@dataclass(frozen=True, slots=True)
class Palette:
    """A person's colours."""

    skin_gain: Colour
    hair_colour: Colour
    clothes: Colour


def _shade(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """The colour a little lighter or darker."""
    factor = float(rng.uniform(1 - spread, 1 + spread))
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def _proportions(rng: np.random.Generator) -> Proportions:
    """Each size well away from the photograph's: by at least half of the range on either side."""

    def departure(largest: float) -> float:
        return float(rng.uniform(0.5, 1.0) * largest * rng.choice([-1, 1]))

    return Proportions(
        cheek=departure(0.06),
        jaw=departure(0.09),
        length=departure(0.06),
        nose_width=departure(0.16),
        nose_length=departure(0.10),
        eye_size=departure(0.09),
        eye_gap=departure(0.035),
        mouth_width=-0.06 + departure(0.06),
        lip=departure(0.16),
        brow_px=departure(3.0),
    )


def draw_looks(rng: np.random.Generator, cut: Cut, palette: Palette) -> Looks:
    """An invented person with the given cut and colours; short hair comes with heavier brows and often a beard."""
    short = cut is Cut.SHORT
    return Looks(
        proportions=_proportions(rng),
        skin_gain=palette.skin_gain,
        hair_colour=palette.hair_colour,
        cut=cut,
        parting=float(rng.uniform(-38, 38)),
        fringe=bool(rng.random() < 0.3) and not short,
        wave=float(rng.uniform(0.0, 0.5)),
        volume=float(rng.uniform(0, 14)),
        iris_tint=_shade(rng, IRIS_TINTS[int(rng.integers(len(IRIS_TINTS)))], 0.05),
        brow_weight=float(rng.uniform(0.55, 0.8) if short else rng.uniform(0.35, 0.6)),
        beard=float(rng.choice([0.0, 0.5, 0.8])) if short else 0.0,
        clothes=palette.clothes,
        v_neck=bool(rng.random() < 0.4),
    )


def draw_two(rng: np.random.Generator) -> tuple[Looks, Looks]:
    """The candidate, with hair to the chin or longer, and a second person who shares no colour with them."""
    mine, theirs = _two_palettes(rng)
    cut = Cut.LONG if rng.random() < 0.6 else Cut.BOB
    return draw_looks(rng, cut, mine), draw_looks(rng, Cut.SHORT, theirs)


def _two_palettes(rng: np.random.Generator) -> tuple[Palette, Palette]:
    skins, hairs, clothes = (rng.permutation(len(c)) for c in (SKIN_GAINS, HAIR_COLOURS, CLOTHES))
    first, second = (
        Palette(
            _shade(rng, SKIN_GAINS[int(skins[i])], 0.04),
            _shade(rng, HAIR_COLOURS[int(hairs[i]) if skins[i] < DARK_SKINS else i], 0.12),
            _shade(rng, CLOTHES[int(clothes[i])], 0.12),
        )
        for i in (0, 1)
    )
    return first, second
