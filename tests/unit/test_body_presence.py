"""Whether somebody is there, by the real networks and by the rule that takes them together."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.body.confidence import presence
from detectors.body.finder import BodyFinder
from detectors.hands.finder import HandFinder
from ingest.exam.room import paint_room

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def finder() -> BodyFinder:
    return BodyFinder()


def portrait() -> Picture:
    """A person to the waist, RGB uint8 [512, 512, 3] (NASA's portrait in scikit-image)."""
    picture: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return picture


def faceless() -> Picture:
    """The same person with her own hair all over the face, as seen from behind."""
    picture = portrait()
    hair = np.tile(picture[20:60, 190:260], (13, 8, 1))[:512, :512]
    where = cv2.ellipse(np.zeros((512, 512), np.float32), (223, 130), (58, 84), 0, 0, 360, (1.0,), -1)
    share = cv2.GaussianBlur(where, (0, 0), 4)[:, :, None]
    return np.asarray(picture * (1 - share) + hair * share, np.uint8)


def room(seed: int) -> Picture:
    """An empty room, RGB uint8 [480, 640, 3]."""
    return np.ascontiguousarray(paint_room(np.random.default_rng([seed, 4]))[:, :, ::-1])


@pytest.mark.parametrize(
    ("score", "share", "expected"),
    [
        (0.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),  # a segmented animal without a pose
        (0.55, 0.0, 0.367),  # a table that looks like somebody who sits
        (0.75, 0.0, 0.5),
        (0.2, 0.05, 0.5),
        (0.2, 0.5, 0.5),
        (0.9, 0.4, 1.0),
        (1.0, 0.0, 0.667),
    ],
)
def test_a_pose_needs_less_where_a_person_was_segmented(score: float, share: float, expected: float) -> None:
    assert presence(score, share) == pytest.approx(expected, abs=1e-3)


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_to_see_is_never_less_sure(score: float, share: float, more_score: float, more_share: float) -> None:
    said = presence(score, share)
    assert 0.0 <= said <= 1.0
    assert presence(max(score, more_score), share) >= said
    assert presence(score, max(share, more_share)) >= said


def test_a_person_is_seen_with_and_without_a_face(finder: BodyFinder) -> None:
    assert finder.presence(portrait()) > 0.9
    assert finder.presence(faceless()) > 0.5
    assert finder.presence(np.ascontiguousarray(faceless()[:, ::-1])) > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_in_an_empty_room(finder: BodyFinder, seed: int) -> None:
    assert finder.presence(room(seed)) < 0.5


@pytest.mark.parametrize("value", [0, 90, 255])
def test_nobody_is_in_a_plain_picture(finder: BodyFinder, value: int) -> None:
    assert finder.presence(np.full((480, 640, 3), value, np.uint8)) < 0.1


def test_what_was_looked_at_before_changes_nothing(finder: BodyFinder) -> None:
    """A tracked pose or a smoothed mask would carry over."""
    pictures = [portrait(), room(1), faceless(), room(2)]
    forwards = [finder.presence(picture) for picture in pictures]
    assert forwards == [finder.presence(picture) for picture in reversed(pictures)][::-1]
    assert [said >= 0.5 for said in forwards] == [True, False, True, False]


def test_another_process_says_the_same(finder: BodyFinder) -> None:
    code = (
        "import skimage.data; from detectors.body.finder import BodyFinder;"
        "print(BodyFinder().presence(skimage.data.astronaut()[:, 40:]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert float(said.stdout) == finder.presence(portrait()[:, 40:])


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_odd_sizes_show_nobody(finder: BodyFinder, shape: tuple[int, int]) -> None:
    assert finder.presence(np.full((*shape, 3), 90, np.uint8)) < 0.5


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 1), np.uint8),
        np.zeros((480, 640, 3), np.float64),
        np.zeros((480, 0, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused(finder: BodyFinder, picture: Picture) -> None:
    with pytest.raises(ValueError, match="not uint8"):
        finder.presence(picture)


def test_the_digest_names_these_networks(finder: BodyFinder) -> None:
    assert len(finder.digest) == 64
    assert finder.digest == BodyFinder().digest
    assert finder.digest != HandFinder().digest
