"""Recognisers: one contract for the network that ships and for one that a user brings.

Without these, a chip that is turned or scaled otherwise than in training would halve every similarity unnoticed.
"""

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from detectors.identity.alignment import ARCFACE_CHIP, DLIB_CHIP, chip_of, similarity
from detectors.identity.arcface import ArcFaceEmbedder
from detectors.identity.dlib_resnet import DlibEmbedder
from detectors.identity.embedder import Embedder
from detectors.identity.fitness import Fitness, fit_to_compare, fit_to_register
from detectors.identity.recogniser import Recogniser, open_recogniser
from ingest.errors import InputError
from tests.identity_material import faces_of, mesh, one_face, tiny_arcface, two_faces
from tests.webcam_frames import webcam

Picture = NDArray[np.uint8]
FIT = {"eyes_px": 60.0, "yaw_deg": 0.0, "pitch_deg": 0.0, "inside": 1.0, "sharpness": 0.06}


@pytest.fixture(scope="module", params=["ships", "brought"])
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """Both pass every test that takes this."""
    if request.param == "ships":
        return DlibEmbedder()
    return ArcFaceEmbedder(tiny_arcface(tmp_path_factory.mktemp("model") / "tiny.onnx"))


def test_an_embedding_is_a_unit_vector_and_a_function_of_the_picture(embedder: Embedder) -> None:
    rgb, points = one_face()
    recogniser = Recogniser(embedder)
    first, second = (recogniser.embed(rgb.copy(), points, 640, 480) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.dtype == np.float32
    assert first.ndim == 1
    assert float(np.linalg.norm(first)) == pytest.approx(1.0, abs=1e-5)
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda rgb: np.clip(rgb * 0.7, 0, 255).astype(np.uint8),
        lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 1.0),
        lambda rgb: cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1),
    ],
    ids=["darker", "blurred", "jpeg"],
)
def test_the_same_face_in_another_picture_stays_alike(embedder: Embedder, change: Callable[[Picture], Picture]) -> None:
    rgb, points = one_face()
    recogniser = Recogniser(embedder)
    one, other = recogniser.embed(rgb, points, 640, 480), recogniser.embed(change(rgb), points, 640, 480)
    assert one is not None
    assert other is not None
    assert float(one @ other) > 0.8


def test_a_reduced_picture_with_landmarks_of_its_source_gives_the_same_face(embedder: Embedder) -> None:
    """The pool decodes large JPEGs smaller; landmarks stay in the source's pixels."""
    rgb, points = one_face()
    large = np.asarray(cv2.resize(rgb, (1280, 960), interpolation=cv2.INTER_CUBIC), np.uint8)
    recogniser = Recogniser(embedder)
    from_large = recogniser.embed(large, points * 2, 1280, 960)
    from_reduced = recogniser.embed(rgb, points * 2, 1280, 960)
    assert from_large is not None
    assert from_reduced is not None
    assert float(from_large @ from_reduced) > 0.95


def test_another_shape_is_refused(embedder: Embedder) -> None:
    side = embedder.chip.side_px
    for wrong in (np.zeros((side, side), np.uint8), np.zeros((side - 1, side, 3), np.uint8), np.zeros((side, side, 3))):
        with pytest.raises(ValueError, match="a chip of"):
            embedder.embed(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="landmarks of shape"):
        Recogniser(embedder).embed(one_face()[0], np.zeros((68, 3), np.float32), 640, 480)


def test_digests_tell_networks_apart(embedder: Embedder, tmp_path: Path) -> None:
    other = ArcFaceEmbedder(tiny_arcface(tmp_path / "other.onnx", size=32))
    assert len(embedder.digest) == 64
    assert embedder.digest != other.digest


def test_our_chip_is_the_one_that_dlib_would_cut() -> None:
    """Against dlib's own landmarks and alignment: without it, similarities would not be those that were measured."""
    models = Path(next(iter(find_spec("face_recognition_models").submodule_search_locations))) / "models"  # type: ignore[union-attr,arg-type]
    rgb: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    (points,) = mesh().find(rgb, 512, 512)
    box = max(dlib.get_frontal_face_detector()(rgb, 1), key=lambda found: found.area())
    theirs = dlib.get_face_chip(
        rgb, dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))(rgb, box)
    )
    ours = chip_of(rgb, points, 512, DLIB_CHIP)
    embedder = DlibEmbedder()
    assert ours.shape == theirs.shape
    assert float(embedder.embed(ours) @ embedder.embed(theirs)) > 0.97


def test_a_turned_scaled_and_shifted_template_is_brought_back() -> None:
    places = np.array(list(ARCFACE_CHIP.places.values()))
    angle = np.radians(25.0)
    turn = 3.0 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    seen = places @ turn.T + (200.0, 90.0)
    back = similarity(seen, places)
    assert seen @ back[:, :2].T + back[:, 2] == pytest.approx(places)


def test_other_people_are_not_alike() -> None:
    """Small pictures of strangers that scikit-image carries (a subset of LFW) against the portrait."""
    recogniser = Recogniser(DlibEmbedder())
    itself = recogniser.embed(*one_face(), 640, 480)
    assert itself is not None
    alike = []
    for stranger in skimage.data.lfw_subset()[:100:16]:  # type: ignore[no-untyped-call]
        picture = webcam()
        large = cv2.resize((stranger * 255).astype(np.uint8), (200, 200), interpolation=cv2.INTER_CUBIC)
        picture[140:340, 220:420] = large[:, :, None]
        rgb, faces = faces_of(picture)
        if faces and (embedding := recogniser.embed(rgb, faces[0], 640, 480)) is not None:
            alike.append(float(itself @ embedding))
    assert len(alike) >= 5
    assert max(alike) < 0.3


@pytest.mark.parametrize(
    "change",
    [{"eyes_px": 15.0}, {"yaw_deg": -36.0}, {"pitch_deg": 31.0}, {"inside": 0.9}],
    ids=["small", "turned", "bowed", "cut off"],
)
def test_unfit_faces_are_not_compared(change: dict[str, float]) -> None:
    assert fit_to_compare(Fitness(**FIT))
    assert not fit_to_compare(Fitness(**FIT | change))


@pytest.mark.parametrize(
    "change",
    [{"eyes_px": 20.0}, {"yaw_deg": 16.0}, {"pitch_deg": -26.0}, {"inside": 0.99}, {"sharpness": 0.01}],
    ids=["smallish", "half turned", "bowed", "touching the edge", "blurred"],
)
def test_registration_asks_for_more_than_comparison(change: dict[str, float]) -> None:
    assert fit_to_register(Fitness(**FIT))
    assert fit_to_compare(Fitness(**FIT | change))
    assert not fit_to_register(Fitness(**FIT | change))


def test_small_and_cut_off_faces_give_none() -> None:
    rgb, points = one_face()
    recogniser = Recogniser(DlibEmbedder())
    tiny = np.asarray(cv2.resize(rgb, (80, 60), interpolation=cv2.INTER_AREA), np.uint8)
    assert recogniser.embed(tiny, points / 8, 80, 60) is None
    assert recogniser.embed(np.ascontiguousarray(rgb[:, :310]), points, 310, 480) is None


def test_the_largest_face_is_looked_at_and_company_is_not_registered() -> None:
    recogniser = Recogniser(DlibEmbedder())
    rgb, points = one_face()
    alone = recogniser.look(rgb, [points], 640, 480)
    assert alone is not None
    assert alone.registrable
    together, faces = two_faces()
    assert len(faces) == 2
    for order in (faces, faces[::-1]):
        seen = recogniser.look(together, order, 640, 480)
        assert seen is not None
        assert not seen.registrable
        assert float(np.frombuffer(seen.embedding, "<f4") @ np.frombuffer(alone.embedding, "<f4")) > 0.9
    assert recogniser.look(*faces_of(webcam()), 640, 480) is None


def test_the_text_form_of_a_look_shows_no_embedding(caplog: pytest.LogCaptureFixture) -> None:
    rgb, points = one_face()
    seen = Recogniser(DlibEmbedder()).look(rgb, [points], 640, 480)
    with caplog.at_level(logging.INFO):
        logging.getLogger("t").info("%s %r", seen, [seen])
    assert caplog.messages == ["FaceLook(registrable=True) [FaceLook(registrable=True)]"]


@pytest.mark.parametrize("what", ["missing", "text", "side"])
def test_a_file_that_is_no_such_network_is_refused(what: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    if what == "text":
        path.write_text("not a network")
    elif what == "side":
        tiny_arcface(path, side=64)
    with pytest.raises(InputError, match="PROCTOR_IDENTITY_MODEL"):
        open_recogniser(path)


def test_without_a_file_the_network_that_ships_is_opened() -> None:
    assert open_recogniser(None).digest == DlibEmbedder().digest
