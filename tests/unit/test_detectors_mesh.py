"""The real mesh on pictures with a known number of faces: every result is a function of its picture alone."""

import cv2
import numpy as np
import pytest

from detectors.face import landmarks
from detectors.face.landmarks import mesh_digest
from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked
from ingest.errors import PoisonError
from tests.webcam_frames import frame, jpeg, webcam


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return Eyes()


def test_faces_are_counted_and_placed(eyes: Eyes) -> None:
    nobody, one, two = (eyes.look(Asked(jpeg=jpeg(webcam(*at)))) for at in ((), ((200, 120),), ((20, 120), (380, 120))))
    assert [len(reading.faces) for reading in (nobody, one, two)] == [0, 1, 2]
    x1, y1, x2, y2 = one.faces[0].box_xyxy
    assert 200 < x1 < x2 < 440
    assert 120 < y1 < y2 < 360
    assert abs(one.faces[0].roll_deg) < 25
    assert 0.15 < one.faces[0].eye_openness < 0.5


def test_a_mirrored_face_turns_the_other_way(eyes: Eyes) -> None:
    picture = webcam((200, 120))
    seen, mirrored = (
        eyes.look(Asked(jpeg=jpeg(p))).faces[0] for p in (picture, np.ascontiguousarray(picture[:, ::-1]))
    )
    assert mirrored.yaw_deg == pytest.approx(-seen.yaw_deg, abs=4)
    assert mirrored.roll_deg == pytest.approx(-seen.roll_deg, abs=4)
    assert mirrored.pitch_deg == pytest.approx(seen.pitch_deg, abs=4)


def test_a_larger_picture_gives_the_same_face_in_its_own_pixels(eyes: Eyes) -> None:
    small = webcam((200, 120))
    large = np.asarray(cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    one, other = (eyes.look(Asked(jpeg=jpeg(p))).faces[0] for p in (small, large))
    assert other.box_xyxy == pytest.approx([2 * value for value in one.box_xyxy], abs=8)
    assert other.yaw_deg == pytest.approx(one.yaw_deg, abs=3)


def test_what_was_looked_at_before_changes_nothing(eyes: Eyes) -> None:
    """Tracking mode would carry a face's region over."""
    frames = [frame(seq) for seq in range(8)]
    forwards = [eyes.look(Asked(jpeg=one)) for one in frames]
    backwards = [eyes.look(Asked(jpeg=one)) for one in reversed(frames)]
    assert forwards == backwards[::-1]
    assert [len(reading.faces) for reading in forwards] == [1, 1, 1, 1, 0, 1, 2, 1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_odd_shapes_hold_no_face(eyes: Eyes, shape: tuple[int, int]) -> None:
    assert eyes.look(Asked(jpeg=jpeg(np.full((*shape, 3), 90, np.uint8)))).faces == ()


def test_garbage_is_poison(eyes: Eyes) -> None:
    with pytest.raises(PoisonError):
        eyes.look(Asked(jpeg=b"garbage"))


def test_the_digest_names_the_networks() -> None:
    assert len(mesh_digest()) == 64
    assert mesh_digest() == mesh_digest()


def test_the_digest_names_the_method_and_every_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other numbers from the same networks are another model, and so is a look without one of them."""
    before = mesh_digest()
    monkeypatch.setattr(landmarks, "METHOD", "another")
    method = mesh_digest()
    monkeypatch.undo()
    monkeypatch.setattr(landmarks, "MODEL_FILES", landmarks.MODEL_FILES[:-1])
    assert len({before, method, mesh_digest()}) == 3
