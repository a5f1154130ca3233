"""Confidence falls with what makes a reading wrong, and with nothing else."""

import numpy as np
import pytest

from detectors.face.confidence import ABOUT_EYES, FLOOR, gaze_confidence, openness_confidence, pose_confidence
from detectors.face.geometry import LANDMARKS, read_face
from detectors.face.pose import Points

WIDTH, HEIGHT = 640, 480


def face(width_px: float, at: tuple[float, float] = (320, 240)) -> Points:
    """A frontal mesh as an even grid of that width, its eyes a fifth of it and above the middle."""
    across, down = np.meshgrid(np.linspace(-0.5, 0.5, 26), np.linspace(-0.6, 0.6, 18))
    points = np.zeros((LANDMARKS, 3), np.float32)
    points[:468, :2] = np.stack([across.ravel(), down.ravel()], axis=1) * width_px + at
    points[list(ABOUT_EYES), 1] = at[1] - 0.25 * width_px
    for left, right, middle in ((33, 133, -0.2), (362, 263, 0.2)):
        points[left, :2] = (at[0] + (middle - 0.1) * width_px, at[1] - 0.2 * width_px)
        points[right, :2] = (at[0] + (middle + 0.1) * width_px, at[1] - 0.2 * width_px)
    return points


def confidences(points: Points, width: int = WIDTH, height: int = HEIGHT, yaw_deg: float = 0.0) -> tuple[float, ...]:
    """Pose, gaze, openness."""
    return (
        pose_confidence(points, width, height, yaw_deg),
        gaze_confidence(points, width, height, yaw_deg),
        openness_confidence(points, width, height, yaw_deg),
    )


def test_a_face_at_a_webcam_is_trusted() -> None:
    assert confidences(face(130)) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("smaller", [60.0, 40.0, 30.0, 20.0, 14.0])
def test_the_smaller_the_less_trusted(smaller: float) -> None:
    assert all(less <= more for less, more in zip(confidences(face(smaller)), confidences(face(130)), strict=True))
    assert all(less < more for less, more in zip(confidences(face(10)), confidences(face(smaller)), strict=True))


@pytest.mark.parametrize(("at", "hidden"), [((-20.0, 240.0), 0.65), ((660.0, 240.0), 0.65), ((320.0, 10.0), 0.45)])
def test_a_face_cut_off_is_not_trusted(at: tuple[float, float], hidden: float) -> None:
    points = face(130, at)
    outside = np.mean((points[:468, 0] < 0) | (points[:468, 0] >= WIDTH) | (points[:468, 1] < 0))
    assert outside == pytest.approx(hidden, abs=0.06)
    assert max(confidences(points)) < FLOOR


def test_eyes_are_trusted_when_only_the_chin_is_cut_off() -> None:
    pose, _, openness = confidences(face(130, (320, 440)))
    assert pose < 0.6
    assert openness == 1.0


def test_a_turned_head_is_trusted_less() -> None:
    straight, turned, far = (confidences(face(60), yaw_deg=yaw)[0] for yaw in (0.0, 70.0, -85.0))
    assert far < turned < straight


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_eyes_of_a_head_seen_from_the_side_say_nothing(side: float) -> None:
    """Before the head, whose turn counts by itself."""
    turned, aside, profile = (confidences(face(130), yaw_deg=side * yaw) for yaw in (35.0, 58.0, 68.0))
    assert turned[1:] == (1.0, 1.0)
    assert aside[1] < FLOOR < aside[2]
    assert max(profile[1:]) < FLOOR < profile[0]


def test_a_larger_source_is_not_seen_larger() -> None:
    """The networks see at most 640 px, whatever the camera sends."""
    points = face(160, (960, 540))
    assert confidences(points, 1920, 1080) == pytest.approx(confidences(points / 3, 640, 360), abs=1e-4)


def test_the_confidences_are_published_as_thousandths() -> None:
    read = read_face(face(25), WIDTH, HEIGHT)
    numbers = (read.pose_confidence, read.gaze_confidence, read.openness_confidence)
    assert all(0 < one < 1 and round(one, 3) == one for one in numbers)
