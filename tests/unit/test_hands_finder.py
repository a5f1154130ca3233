"""The real networks on drawn hands: found, read, the same in any order and in any process."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from detectors.hands.finder import HandFinder
from detectors.hands.reading import HandsReading, read_hands
from tests.hands_shapes import SKINS, Picture, drawn, hand, thumb_up

FACE_ABOVE = (250.0, 20.0, 370.0, 170.0)
NUMBERS = {"one": (0.8, 0, 1, 1, 1), "two": (0.8, 0, 0, 1, 1), "five": (0, 0, 0, 0, 0)}


@pytest.fixture(scope="module")
def finder() -> HandFinder:
    return HandFinder()


def portrait() -> Picture:
    """A person who shows no hand (NASA's portrait in scikit-image), RGB uint8 [512, 512, 3]."""
    picture: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return picture


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_shown_are_signals_in_every_skin(finder: HandFinder, number: str, skin: tuple[int, int, int]) -> None:
    points = hand(NUMBERS[number], at=(480, 420), length=80)
    seen = finder.look(drawn(points, skin), [FACE_ABOVE])
    assert seen.signalling > 0.6
    assert seen.at_face == 0.0
    assert len(seen.boxes) == 1
    (found,) = finder.find(drawn(points, skin))
    assert np.abs(found[:, :2] - points[:, :2]).mean() < 20


def test_the_same_hand_at_the_face_rests_there(finder: HandFinder) -> None:
    picture = drawn(hand(at=(480, 420), length=80))
    seen = finder.look(picture, [(430.0, 180.0, 550.0, 330.0)])
    assert (seen.at_face, seen.signalling) == (1.0, 0.0)


def test_a_hand_that_hangs_signals_nothing(finder: HandFinder) -> None:
    picture = np.ascontiguousarray(drawn(hand(at=(480, 420), length=80))[::-1])
    seen = finder.look(picture, [FACE_ABOVE])
    assert seen.boxes
    assert seen.signalling == 0.0


def test_a_mirrored_hand_says_the_same(finder: HandFinder) -> None:
    picture = drawn(hand(NUMBERS["two"], at=(480, 420), length=80), SKINS[1])
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    seen, other = finder.look(picture, [FACE_ABOVE]), finder.look(mirrored, [FACE_ABOVE])
    assert other.signalling == pytest.approx(seen.signalling, abs=0.3)
    assert 640 - other.boxes[0][2] == pytest.approx(seen.boxes[0][0], abs=12)


def test_two_hands_are_found_and_the_clearer_one_counts(finder: HandFinder) -> None:
    left, right = hand(at=(150, 420), length=80), hand(NUMBERS["one"], at=(480, 420), length=80)
    picture = np.concatenate([drawn(left)[:, :320], drawn(right)[:, 320:]], axis=1)
    seen = finder.look(np.asarray(picture, np.uint8), [FACE_ABOVE])
    assert len(seen.boxes) == 2
    assert seen.signalling > 0.6


def test_a_person_without_hands_in_view_and_a_wall_show_none(finder: HandFinder) -> None:
    assert finder.look(portrait(), [(180.0, 60.0, 270.0, 190.0)]) == HandsReading()
    assert finder.look(np.full((480, 640, 3), 150, np.uint8), []) == HandsReading()


def test_what_was_looked_at_before_changes_nothing(finder: HandFinder) -> None:
    """Tracking mode would carry a hand's region over."""
    pictures = [drawn(hand(at=(100 + 60 * n, 420), length=70)) for n in range(4)]
    pictures.insert(2, np.full((480, 640, 3), 150, np.uint8))
    forwards = [finder.look(picture, [FACE_ABOVE]) for picture in pictures]
    assert forwards == [finder.look(picture, [FACE_ABOVE]) for picture in reversed(pictures)][::-1]
    assert [len(seen.boxes) for seen in forwards] == [1, 1, 0, 1, 1]


def test_another_process_says_the_same(finder: HandFinder) -> None:
    code = (
        "from detectors.hands.finder import HandFinder; from tests.hands_shapes import drawn, hand;"
        f"print(HandFinder().look(drawn(hand(at=(480, 420), length=80)), [{FACE_ABOVE}]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.strip() == str(finder.look(drawn(hand(at=(480, 420), length=80)), [FACE_ABOVE]))


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_odd_sizes_hold_no_hand(finder: HandFinder, shape: tuple[int, int]) -> None:
    assert finder.look(np.full((*shape, 3), 90, np.uint8), []) == HandsReading()


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros((0, 640, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused(finder: HandFinder, picture: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="not uint8"):
        finder.look(picture, [])


def test_a_view_into_a_larger_picture_is_read_as_it_looks(finder: HandFinder) -> None:
    picture = drawn(hand(at=(480, 420), length=80))
    wide = np.concatenate([picture, picture[:, :64]], axis=1)
    assert finder.look(np.asarray(wide[:, :640], np.uint8), [FACE_ABOVE]) == finder.look(picture, [FACE_ABOVE])


def test_without_a_face_a_hand_in_the_middle_may_hide_it_and_no_more() -> None:
    wall = np.full((480, 640, 3), 150, np.uint8)
    assert read_hands(wall, [hand(at=(320, 300))], []).at_face == 0.5
    assert read_hands(wall, [hand(at=(320, 300))], [FACE_ABOVE]).at_face > 0.9


def test_a_thumb_up_signals() -> None:
    wall = np.full((480, 640, 3), 150, np.uint8)
    assert read_hands(wall, [thumb_up((480, 400))], [FACE_ABOVE]).signalling > 0.9


def test_landmarks_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="landmarks of shape"):
        read_hands(np.zeros((9, 9, 3), np.uint8), [np.zeros((20, 3), np.float32)], [])


def test_the_digest_names_the_networks(finder: HandFinder) -> None:
    assert len(finder.digest) == 64
    assert finder.digest == HandFinder().digest
