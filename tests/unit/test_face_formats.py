"""One moment of a rendered exam as cameras of every format would send it: the same face within tolerances.

Every look is a function of its picture alone, so rates from 2 to 30 frames/s need no tests of their own.
"""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked
from detectors.messages import Face
from ingest.exam.scene import Scene
from ingest.exam.schedule import Episode, Kind, Schedule
from tests.webcam_frames import jpeg

Picture = NDArray[np.uint8]
EXAM = Schedule(
    seed=12,
    duration_ms=32_000,
    episodes=(
        Episode(Kind.LOOKING_AWAY, 12_000, 14_000, side=-1),
        Episode(Kind.EYES_ASIDE, 18_000, 20_000),
        Episode(Kind.EYES_CLOSED, 24_000, 26_000),
    ),
)
MOMENTS = {"quiet": 60, "away": 130, "aside": 190, "closed": 250}
LANDSCAPE = [(320, 240), (1280, 720), (1920, 1080)]
PORTRAIT = [(240, 320), (480, 848), (1080, 1920)]


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return Eyes()


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Picture]:
    """BGR [480, 640, 3] by name."""
    scene = Scene(EXAM, tmp_path_factory.mktemp("portrait"))
    return {name: scene.picture(index) for name, index in MOMENTS.items()}


def sent(picture: Picture, width: int, height: int) -> bytes:
    """The picture's middle in that format, enlarged or reduced to that size."""
    tall, wide = picture.shape[:2]
    share = min(wide / width, tall / height)
    part_wide, part_tall = int(width * share), int(height * share)
    left, top = (wide - part_wide) // 2, (tall - part_tall) // 2
    part = picture[top : top + part_tall, left : left + part_wide]
    how = cv2.INTER_AREA if width < part_wide else cv2.INTER_CUBIC
    return jpeg(np.asarray(cv2.resize(part, (width, height), interpolation=how), np.uint8))


def only_face(eyes: Eyes, picture: bytes) -> Face:
    """The one that there is."""
    (face,) = eyes.look(Asked(jpeg=picture)).faces
    return face


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("size", LANDSCAPE + PORTRAIT)
def test_the_same_moment_is_read_alike_in_every_format(
    eyes: Eyes, moments: dict[str, Picture], moment: str, size: tuple[int, int]
) -> None:
    """A focal length of the picture's width alone would turn the head by 7 degrees and more in an upright picture."""
    seen, known = only_face(eyes, sent(moments[moment], *size)), only_face(eyes, sent(moments[moment], 640, 480))
    upright = size[1] > size[0]
    assert seen.yaw_deg == pytest.approx(known.yaw_deg, abs=5.0 if upright else 2.0)
    assert seen.pitch_deg == pytest.approx(known.pitch_deg, abs=4.0 if upright else 2.0)
    assert seen.roll_deg == pytest.approx(known.roll_deg, abs=1.5)
    gaze = 0.08 if moment == "away" else 0.035  # the far eye of a head that is turned by 38 degrees is 15 px wide
    assert (seen.gaze_x, seen.gaze_y) == pytest.approx((known.gaze_x, known.gaze_y), abs=gaze)
    assert seen.eye_openness == pytest.approx(known.eye_openness, abs=0.05)
    assert seen.sight_yaw_deg == pytest.approx(known.sight_yaw_deg, abs=16.0 if moment == "away" else 8.0)


def test_the_moments_are_told_apart(eyes: Eyes, moments: dict[str, Picture]) -> None:
    """Otherwise readings that never change would pass."""
    quiet, away, aside, closed = (only_face(eyes, sent(moments[name], 640, 480)) for name in MOMENTS)
    assert quiet.yaw_deg - away.yaw_deg > 25
    assert aside.gaze_x - quiet.gaze_x > 0.07
    assert closed.eye_openness < 0.6 * quiet.eye_openness
    assert quiet.sight_yaw_deg is not None
    assert away.sight_yaw_deg is not None
    assert aside.sight_yaw_deg is not None
    assert away.sight_yaw_deg < quiet.sight_yaw_deg - 20
    assert aside.sight_yaw_deg > quiet.sight_yaw_deg + 15
