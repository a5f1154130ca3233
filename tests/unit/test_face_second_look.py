"""Closer views and the faces that only they show, with the real networks."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.face.geometry import face_box
from detectors.face.landmarks import FaceMesh
from detectors.face.pose import Points
from detectors.face.second_look import VIEW_PX, bounds, closer, same_place
from tests.webcam_frames import HEIGHT, WIDTH, portrait, webcam

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh()


def placed(size: int, x: int, y: int, *others: tuple[int, int]) -> Picture:
    """A grey wall with the portrait at `size` px a side (its face is 0.46 of that) at x, y, perhaps cut off; RGB."""
    picture = webcam(*others)
    small = cv2.resize(portrait(), (size, size), interpolation=cv2.INTER_AREA)
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + size, WIDTH), min(y + size, HEIGHT)
    picture[y1:y2, x1:x2] = small[y1 - y : y2 - y, x1 - x : x2 - x]
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def found(mesh: FaceMesh, picture: Picture, company: bool = False) -> list[Points]:
    """In the picture's own pixels."""
    return mesh.find(picture, picture.shape[1], picture.shape[0], company)


@pytest.mark.parametrize("size", [100, 120, 140, 240])
def test_a_small_face_is_found_where_it_is(mesh: FaceMesh, size: int) -> None:
    """Faces of less than 65 px (a tenth of the picture) are missed by the short-range detector alone."""
    faces = found(mesh, placed(size, 300, 200))
    assert len(faces) == 1
    assert same_place(bounds(faces[0]), (300 + 0.3 * size, 200 + 0.25 * size, 300 + 0.75 * size, 200 + 0.8 * size))


@pytest.mark.parametrize("x", [-120, -110, 490, 500])
def test_a_face_cut_off_by_half_is_found(mesh: FaceMesh, x: int) -> None:
    faces = found(mesh, placed(240, x, 120))
    assert len(faces) == 1
    x1, _, x2, _ = face_box(faces[0], WIDTH, HEIGHT)
    assert x1 == 0 or x2 == WIDTH


def test_a_second_small_face_is_found_beside_a_large_one(mesh: FaceMesh) -> None:
    faces = found(mesh, placed(140, 500, 100, (120, 150)))
    assert sorted(float(np.ptp(face[:, 0])) for face in faces) == pytest.approx([64, 110], abs=8)


@pytest.mark.parametrize("size", [90, 100, 110])
def test_a_face_far_behind_the_candidate_is_found_where_company_is_looked_for(mesh: FaceMesh, size: int) -> None:
    picture = placed(size, 500, 100, (120, 150))
    assert len(found(mesh, picture)) == 1
    second = found(mesh, picture, company=True)[-1]
    assert same_place(bounds(second), (500 + 0.3 * size, 100 + 0.25 * size, 500 + 0.75 * size, 100 + 0.8 * size))


def test_who_is_alone_stays_alone_where_company_is_looked_for(mesh: FaceMesh) -> None:
    pictures = [placed(size, 300, 150) for size in (160, 240, 300)]
    assert [len(found(mesh, one, company=True)) for one in pictures] == [1, 1, 1]


def test_a_wall_shows_no_face_at_any_look(mesh: FaceMesh) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 9), np.uint8)
    flat = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    assert [found(mesh, one) for one in (noise, flat, smooth)] == [[], [], []]


@pytest.mark.parametrize("box", [(100.0, 80.0, 180.0, 190.0), (-40.0, -10.0, 60.0, 80.0), (600.0, 400.0, 700.0, 520.0)])
def test_points_of_a_view_return_to_their_place(box: tuple[float, float, float, float]) -> None:
    """A dot in the picture, found in the view by its brightness, comes back to where it was painted."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    x, y = round(min(max((box[0] + box[2]) / 2, 5), 634)), round(min(max((box[1] + box[3]) / 2, 5), 474))
    cv2.circle(picture, (x, y), 3, (255, 255, 255), -1)
    view = closer(picture, (box[0] / WIDTH, box[1] / HEIGHT, box[2] / WIDTH, box[3] / HEIGHT))
    rows, columns = np.nonzero(view.rgb[:, :, 0] > 128)
    seen = np.array([[columns.mean() / VIEW_PX, rows.mean() / VIEW_PX, 0.5]], np.float32)
    back = view.in_picture(seen, WIDTH, HEIGHT)[0] * (WIDTH, HEIGHT, WIDTH)
    assert back[:2] == pytest.approx((x, y), abs=1.0)
    assert back[2] == pytest.approx(0.5 * VIEW_PX / view.scale, rel=1e-4)


def test_boxes_of_one_face_lie_over_each_other() -> None:
    assert same_place((0, 0, 10, 10), (2, 2, 8, 8))
    assert same_place((0, 0, 10, 10), (3, 0, 13, 10))
    assert not same_place((0, 0, 10, 10), (6, 0, 16, 10))
    assert not same_place((0, 0, 10, 10), (20, 20, 30, 30))
