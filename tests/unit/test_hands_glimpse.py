"""Whether a hand is suspected at a glimpse: wherever one is found, in any shape of picture, and not without one."""

import numpy as np
import pytest
import skimage.data

from detectors import mediapipe
from detectors.hands.finder import HandFinder
from detectors.hands.glimpse import OWN_SIDE_PX, PALMS, Glimpse, resized
from tests.hands_shapes import SKINS, Picture, drawn, hand

PLACES = [(320, 400), (500, 430), (140, 300)]


@pytest.fixture(scope="module")
def glimpse() -> Glimpse:
    return Glimpse()


@pytest.fixture(scope="module")
def finder() -> HandFinder:
    return HandFinder()


def upright(picture: Picture) -> Picture:
    """The middle of a wide picture, 360 x 480."""
    return np.ascontiguousarray(picture[:, 140:500])


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("length", [50, 80])
def test_what_is_found_was_suspected(
    glimpse: Glimpse, finder: HandFinder, at: tuple[int, int], length: int, skin: tuple[int, int, int]
) -> None:
    """Without a glimpse at the right size, drawn hands would be lost that the whole detector finds."""
    picture = drawn(hand(at=at, length=length), skin)
    assert glimpse.suspects(picture)
    assert len(finder.find(picture)) == 1


def test_a_tall_picture_is_glimpsed_at_in_its_own_shape(glimpse: Glimpse) -> None:
    assert glimpse.suspects(upright(drawn(hand(at=(320, 400), length=80))))
    assert not glimpse.suspects(upright(np.full((480, 640, 3), 150, np.uint8)))


def test_nothing_is_suspected_in_an_even_picture_and_nothing_found_in_a_portrait(
    glimpse: Glimpse, finder: HandFinder
) -> None:
    assert not glimpse.suspects(np.full((480, 640, 3), 150, np.uint8))
    portrait: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    assert finder.find(portrait) == []


def test_a_glimpse_leaves_nothing_for_the_next(glimpse: Glimpse) -> None:
    shown, empty = drawn(hand(at=(320, 400), length=80)), np.full((480, 640, 3), 150, np.uint8)
    assert [glimpse.suspects(one) for one in (empty, shown, empty, shown, shown, empty)] == [
        False, True, False, True, True, False,
    ]  # fmt: skip


def test_a_resized_network_is_the_same_but_for_its_sizes() -> None:
    model = mediapipe.model_file(PALMS).read_bytes()
    assert resized(model, OWN_SIDE_PX, OWN_SIDE_PX) == model
    smaller = resized(model, 128, 96)
    changed = [at for at, (one, other) in enumerate(zip(model, smaller, strict=True)) if one != other]
    assert 2 <= len(changed) <= 6  # two sizes of the input, two of each layer that is scaled, one byte each
