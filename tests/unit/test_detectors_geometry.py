"""Pose, gaze and openness of faces whose truth is known because they are projected here."""

import cv2
import numpy as np
import pytest

from detectors.face.geometry import (
    EYES,
    LANDMARKS,
    distinct,
    eye_openness,
    gaze_offset,
    mouth_openness,
    read_face,
    sight_yaw,
)
from detectors.face.pose import RIGID_CM, RIGID_IDS, Points, Pose, head_pose
from detectors.messages import Face

WIDTH, HEIGHT = 640, 480


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float, at_cm: tuple[float, float, float] = (0, 0, 60)) -> Points:
    """The canonical face's rigid points as a camera sees them: yaw to image-right, pitch up, roll clockwise."""
    yaw, pitch, roll = np.radians((yaw_deg, pitch_deg, roll_deg))
    about_y = cv2.Rodrigues(np.array((0.0, -yaw, 0.0)))[0]
    about_x = cv2.Rodrigues(np.array((-pitch, 0.0, 0.0)))[0]
    about_z = cv2.Rodrigues(np.array((0.0, 0.0, roll)))[0]
    placed = RIGID_CM @ (about_y @ about_x @ about_z).T + at_cm
    points = np.zeros((LANDMARKS, 3), np.float32)
    points[RIGID_IDS, :2] = placed[:, :2] / placed[:, 2:] * WIDTH + (WIDTH / 2, HEIGHT / 2)
    return points


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [(0, 0, 0), (30, 0, 0), (-45, 0, 0), (0, 20, 0), (0, -25, 0), (0, 0, 15), (0, 0, -30), (35, 15, 10), (-20, -30, 5)],
)
def test_head_pose_reads_the_rotation_back(yaw: float, pitch: float, roll: float) -> None:
    pose = head_pose(turned(yaw, pitch, roll), WIDTH, HEIGHT)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((yaw, pitch, roll), abs=0.2)


def test_a_turn_to_image_right_brings_the_nose_there() -> None:
    """Ties the sign to the picture, not to a convention of matrices."""
    points = turned(30, 0, 0)
    nose, bridge_of_ears = points[4, 0], points[[234, 454], 0].mean()
    assert nose > bridge_of_ears + 10


def test_looking_up_raises_the_nose_against_the_ears() -> None:
    def rise(pitch: float) -> float:
        points = turned(0, pitch, 0)
        return float(points[[234, 454], 1].mean() - points[4, 1])

    assert rise(20) > rise(0) > rise(-20)


def test_pose_does_not_depend_on_the_size_of_the_picture() -> None:
    points = turned(25, -10, 5)
    large = head_pose(points * 2, WIDTH * 2, HEIGHT * 2)
    assert (large.yaw_deg, large.pitch_deg) == pytest.approx((25, -10), abs=0.2)


@pytest.mark.parametrize("size", [(640, 480), (480, 848), (1920, 1080), (320, 240)])
def test_pose_is_read_back_in_any_format(size: tuple[int, int]) -> None:
    """A phone held upright has the same lens as one held across: the focal length is that of the longer side."""
    width, height = size
    points = turned(20, -10, 5)
    points[:, :2] = (points[:, :2] - (WIDTH / 2, HEIGHT / 2)) * (max(size) / WIDTH) + (width / 2, height / 2)
    pose = head_pose(points, width, height)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((20, -10, 5), abs=0.2)


@pytest.mark.parametrize("aside_cm", [-15.0, 0.0, 15.0])
def test_who_leans_aside_keeps_the_heads_angle_but_not_the_line_to_the_camera(aside_cm: float) -> None:
    pose = head_pose(turned(10, 0, 0, (aside_cm, 0, 60)), WIDTH, HEIGHT)
    assert pose.yaw_deg == pytest.approx(10, abs=0.3)
    assert pose.yaw_to_camera_deg == pytest.approx(10 + np.degrees(np.arctan2(aside_cm, 60)), abs=1.5)


def test_eyes_that_turn_back_keep_the_line_of_sight() -> None:
    """Head 20 degrees to image-right, irises a tenth of the eye to image-left: into the camera."""
    assert sight_yaw(Pose(20, 0, 0, 20), -0.1) == pytest.approx(0, abs=1e-6)
    assert sight_yaw(Pose(0, 0, 0, 0), -0.1) == pytest.approx(-20)


def eyes(shift: tuple[float, float] = (0, 0), height: float = 9.0, roll_deg: float = 0.0) -> Points:
    """Two eyes of 30 px width, irises shifted by a share of it, turned in the picture."""
    points = np.zeros((LANDMARKS, 3), np.float32)
    for eye, middle in zip(EYES, (-40.0, 40.0), strict=True):
        points[eye.left, :2], points[eye.right, :2] = (middle - 15, 0), (middle + 15, 0)
        points[eye.upper, :2], points[eye.lower, :2] = (middle, -height / 2), (middle, height / 2)
        points[eye.iris, :2] = (middle + 30 * shift[0], 30 * shift[1])
    angle = np.radians(roll_deg)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    points[:, :2] = points[:, :2] @ rotation + (320, 240)
    return points


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.2, 0.0), (-0.15, 0.05), (0.0, -0.1)])
@pytest.mark.parametrize("roll", [0.0, 20.0, -35.0])
def test_gaze_is_the_share_of_the_eye_and_no_tilt_changes_it(shift: tuple[float, float], roll: float) -> None:
    assert gaze_offset(eyes(shift, roll_deg=roll)) == pytest.approx(shift, abs=1e-4)


def test_openness_is_height_over_width() -> None:
    assert eye_openness(eyes(height=9.0)) == pytest.approx(0.3)
    assert eye_openness(eyes(height=0.0)) == 0.0
    mouth = np.zeros((LANDMARKS, 3), np.float32)
    mouth[78, 0], mouth[308, 0], mouth[14, 1] = -25, 25, 20
    assert mouth_openness(mouth) == pytest.approx(0.4)


def test_a_turned_eye_is_not_a_wider_open_one() -> None:
    """Half of the eye's width goes into depth: in 2-D the openness would double."""
    points = eyes(height=9.0)
    for eye in EYES:
        points[eye.right, 0] = points[eye.left, 0] + 15
        points[eye.right, 2] = 30 * np.sqrt(0.75)
    assert eye_openness(points) == pytest.approx(0.3, abs=1e-3)


def test_published_numbers_are_rounded_and_hold_no_negative_zero() -> None:
    points = turned(0, 0, 0)
    points[:, 0] -= 0.004
    face = read_face(points, WIDTH, HEIGHT)
    numbers = [*face.box_xyxy, face.yaw_deg, face.pitch_deg, face.roll_deg, face.gaze_x, face.gaze_y, face.eye_openness]
    assert all(round(value, 3) == value for value in numbers)
    assert not any(str(value).startswith("-0.0") and value == 0 for value in numbers)
    assert face.width_share == pytest.approx((face.box_xyxy[2] - face.box_xyxy[0]) / WIDTH, abs=1e-3)


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(468, 3\)"):
        read_face(np.zeros((468, 3), np.float32), WIDTH, HEIGHT)


def at(box: tuple[float, float, float, float]) -> Face:
    return Face(
        box_xyxy=box,
        yaw_deg=0,
        pitch_deg=0,
        roll_deg=0,
        gaze_x=0,
        gaze_y=0,
        eye_openness=0,
        mouth_openness=0,
        width_share=0,
    )


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        ([(0, 0, 10, 10), (100, 100, 200, 200)], [(100, 100, 200, 200), (0, 0, 10, 10)]),
        ([(0, 0, 100, 100), (5, 5, 100, 100)], [(0, 0, 100, 100)]),
        ([(0, 0, 100, 100), (60, 0, 160, 100)], [(0, 0, 100, 100), (60, 0, 160, 100)]),
        ([(640, 10, 640, 90)], []),
        ([], []),
    ],
)
def test_distinct_faces_largest_first(boxes: list[tuple[float, ...]], kept: list[tuple[float, ...]]) -> None:
    faces = [at((b[0], b[1], b[2], b[3])) for b in boxes]
    assert [face.box_xyxy for face in distinct(faces)] == kept
    assert [face.box_xyxy for face in distinct(faces[::-1])] == kept
