"""Conditions of rendering: what each changes in the picture, and that the usual ones change nothing."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from ingest.exam.behaviour import Pose
from ingest.exam.camera import draw_camera, photograph
from ingest.exam.conditions import (
    LIGHTINGS,
    SKIN_STEPS,
    USUAL,
    Condition,
    Distance,
    Light,
    draw_conditions,
    dressed,
)
from ingest.exam.glasses import paint_glasses
from ingest.exam.lighting import exposed, lit_layer, lit_room
from ingest.exam.looks import HAIR_COLOURS, draw_two
from ingest.exam.person import Person, draw_person, paint_person
from ingest.exam.portrait import load_portrait
from ingest.exam.scene import Scene
from ingest.exam.schedule import Schedule

Picture = npt.NDArray[np.uint8]
FACE = (slice(150, 260), slice(280, 360))
"""Where the face of seed 7 is, in rows and columns."""
BY_THE_EYES = (slice(160, 250), slice(115, 270))
"""Of a painted head; dark there are rims and pupils alone."""


@pytest.fixture(scope="module")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One prepared portrait for all tests of this file."""
    return tmp_path_factory.mktemp("portrait")


def shown(portrait: Path, condition: Condition) -> Picture:
    return Scene(Schedule(7, 300, ()), portrait, condition).picture(0)


def luma(picture: Picture, where: tuple[slice, slice]) -> float:
    return float(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[where].mean())


def test_a_condition_reaches_the_picture(portrait: Path) -> None:
    """Catches a condition that is dealt and not painted."""
    usual = shown(portrait, USUAL)
    other = shown(portrait, Condition(skin=5, light=Light.BACKLIT, distance=Distance.FAR, glasses=True))
    assert luma(other, FACE) < 0.6 * luma(usual, FACE)
    assert luma(other, (slice(20, 60), slice(160, 220))) > luma(usual, (slice(20, 60), slice(160, 220))) + 20


def test_usual_light_leaves_every_layer_as_it_is() -> None:
    """Catches a condition that creeps into the demo's exam, on which recorded verdicts depend."""
    light, layer, room = LIGHTINGS[Light.USUAL], _layer(), np.full((4, 4, 3), 200, np.uint8)
    camera = draw_camera(np.random.default_rng(1))
    assert lit_layer(layer, light) is layer
    assert lit_room(room, light) is room
    assert exposed(camera, light) is camera
    assert USUAL.scale == 1.0
    looks, _ = draw_two(np.random.default_rng(1))
    assert dressed(looks, USUAL) is looks


def test_a_lit_layer_stays_premultiplied() -> None:
    """Catches colours above their alpha, which shine through everything."""
    for light in Light:
        lit = lit_layer(_layer(), LIGHTINGS[light])
        assert (lit[..., :3] <= lit[..., 3:]).all()
        assert (lit[..., 3] == _layer()[..., 3]).all()


def test_light_from_the_side_darkens_one_cheek_and_from_behind_both() -> None:
    usual, side, back = (
        lit_layer(_layer(), LIGHTINGS[one])[0, :, 0] for one in (Light.USUAL, Light.SIDE, Light.BACKLIT)
    )
    assert side[90] > usual[90] > 2 * side[300]
    assert back[90] == back[300] == pytest.approx(0.4 * usual[90], abs=1)


@pytest.mark.parametrize(("light", "factor"), [(Light.BRIGHT, 1.4), (Light.DIM, 0.37), (Light.USUAL, 1.0)])
def test_the_camera_is_exposed_as_the_light_says(light: Light, factor: float) -> None:
    camera, grey = draw_camera(np.random.default_rng(1)), np.full((480, 640, 3), 110, np.uint8)
    middle = (slice(200, 280), slice(280, 360))
    seen = luma(photograph(exposed(camera, LIGHTINGS[light]), grey, 0, 0.0), middle)
    assert seen == pytest.approx(factor * luma(photograph(camera, grey, 0, 0.0), middle), rel=0.06)


def test_coloured_light_is_blue() -> None:
    camera, grey = draw_camera(np.random.default_rng(1)), np.full((480, 640, 3), 110, np.uint8)
    blue, _, red = photograph(exposed(camera, LIGHTINGS[Light.COLOURED]), grey, 0, 0.0).reshape(-1, 3).mean(axis=0)
    assert blue > 1.5 * red


def test_skin_goes_from_light_to_dark_and_dark_skin_has_dark_hair() -> None:
    looks, _ = draw_two(np.random.default_rng(1))
    worn = [dressed(looks, Condition(skin=step)) for step in range(len(SKIN_STEPS))]
    assert all(one.skin_gain > other.skin_gain for one, other in pairwise(worn))
    assert worn[-1].hair_colour == HAIR_COLOURS[0]
    assert worn[0].hair_colour == looks.hair_colour


def test_glasses_are_painted_around_both_eyes(portrait: Path) -> None:
    """The rims leave the irises alone, and nothing is painted where the head is transparent."""
    points = load_portrait(portrait).points
    head = np.full((480, 384, 4), 255, np.uint8)
    head[:, 330:] = 0
    worn = paint_glasses(head, points)
    rims = worn[..., 3] > 200
    assert 800 < rims.sum() < 4000
    for iris in (468, 473):
        x, y = points[iris, :2].astype(int)
        assert not rims[y - 3 : y + 4, x - 3 : x + 4].any()
        assert rims[y - 30 : y + 30, x - 40 : x + 40].sum() > 200
    assert (worn[:, 330:] == 0).all()


def test_closing_the_eyes_moves_the_lids_and_not_the_glasses(portrait: Path) -> None:
    """Catches rims that are painted on the skin: the lids draw them along."""
    skin = np.random.default_rng(7)
    looks, _ = draw_two(skin)
    person = paint_person(load_portrait(portrait), looks, False, skin, Condition(glasses=True))
    opened, shut = _drawn(person, Pose()), _drawn(person, Pose(eyes_closed=1.0))
    changed = np.abs(opened - shut)[BY_THE_EYES].max(axis=2) > 0
    rims = opened[BY_THE_EYES].max(axis=2) <= 40
    assert rims.sum() > 1000
    assert changed.sum() > 200
    assert (changed & rims).sum() < 0.015 * rims.sum()


def _drawn(person: Person, pose: Pose) -> npt.NDArray[np.int16]:
    """The head at its own scale on grey, [480, 384, 3]."""
    canvas = np.full((480, 384, 3), 128, np.uint8)
    draw_person(canvas, person, pose, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    return canvas.astype(np.int16)


def test_conditions_are_dealt_evenly_and_repeat() -> None:
    drawn = draw_conditions(36, seed=4)
    assert drawn == draw_conditions(36, seed=4) != draw_conditions(36, seed=5)
    assert draw_conditions(50, seed=4)[:36] == drawn
    assert set(Counter(c.skin for c in drawn).values()) == {6}
    assert set(Counter(c.light for c in drawn).values()) == {6}
    assert set(Counter(c.distance for c in drawn).values()) == {12}
    assert set(Counter(c.glasses for c in drawn).values()) == {18}
    assert len(set(drawn)) > 25


def test_a_skin_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 6 steps"):
        Condition(skin=6)


def _layer() -> Picture:
    """A head's layer: grey, half of its lower rows half transparent."""
    layer = np.full((480, 384, 4), 200, np.uint8)
    layer[..., 3] = 255
    layer[300:] //= 2
    return layer
