"""Pictures of a batch are seen as they are alone, and a broken one fails alone."""

import importlib.util

import numpy as np
import pytest

from ingest.errors import InputError, PoisonError
from tests.detector_pipeline import object_detector
from triton_models.contract import MODEL_NAME
from triton_models.gpu.__main__ import SHIPPED
from triton_models.gpu.batched import BatchedDetector, Device, open_network
from triton_models.gpu.check import Reply, agrees, form_of, is_confident, pairs_of
from triton_models.gpu.pictures import bad_pictures, good_pictures
from triton_models.model_card import ModelCard, read_card

FOLDER = SHIPPED / MODEL_NAME
MODEL = FOLDER / "1" / "model.onnx"


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return read_card(FOLDER / "model.json")


@pytest.fixture(scope="module")
def batched(card: ModelCard) -> BatchedDetector:
    return BatchedDetector(MODEL, card, Device.CPU)


def test_a_batch_of_every_shape_is_seen_as_one_by_one(batched: BatchedDetector) -> None:
    pictures = list(dict(good_pictures()).values())
    seen = 0
    for found, jpeg in zip(batched.look(pictures), pictures, strict=True):
        expected = object_detector().look(jpeg)
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-2)
        seen += len(expected)
    assert seen >= 10


def test_broken_pictures_fail_alone_whatever_their_place(batched: BatchedDetector) -> None:
    good, bad = dict(good_pictures())["640x480"], list(dict(bad_pictures()).values())
    alone = batched.look([good])[0]
    mixed = batched.look([bad[0], good, *bad[1:], good])
    assert [isinstance(one, PoisonError) for one in mixed] == [True, False, *[True] * (len(bad) - 1), False]
    for one in (mixed[1], mixed[-1]):
        np.testing.assert_allclose(np.asarray(one), np.asarray(alone), rtol=1e-4, atol=1e-2)
    assert all(isinstance(one, PoisonError) for one in batched.look(bad))
    assert batched.look([]) == []


def test_digest_and_knowledge_are_the_cpu_model_s(batched: BatchedDetector) -> None:
    digest, knows = batched.answers.digest.item().decode(), batched.answers.knows.item()
    assert form_of(Reply(np.zeros((1, 0, 6), np.float32), digest, knows), object_detector()) == []
    assert form_of(Reply(np.zeros((1, 0, 6), np.float32), "0" * 64, 0), object_detector()) != []


@pytest.mark.skipif(importlib.util.find_spec("onnxruntime_gpu") is not None, reason="a GPU build is installed")
def test_a_device_that_is_not_there_is_an_error_not_a_silent_fall_back() -> None:
    with pytest.raises(InputError, match="no CUDAExecutionProvider"):
        open_network(MODEL, Device.GPU)


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ((10, 10, 110, 110, 0.80, 6), 0),
        ((14, 10, 114, 110, 0.84, 6), 0),  # overlap 0.92
        ((20, 10, 120, 110, 0.80, 6), 2),  # overlap 0.82: missed here, added there
        ((10, 10, 110, 110, 0.74, 6), 2),
        ((10, 10, 110, 110, 0.80, 0), 2),
        ((10, 10, 110, 110, 0.42, 6), 1),  # too faint to be asked for itself
    ],
)
def test_boxes_agree_within_the_stated_tolerance(card: ModelCard, other: tuple[float, ...], count: int) -> None:
    ours, theirs = np.array([[10, 10, 110, 110, 0.80, 6]], np.float32), np.array([other], np.float32)
    assert sum(not agrees(pair) for pair in pairs_of(ours, theirs, card)) == count
    assert is_confident(ours[0], card)


def test_an_answer_of_another_form_is_named() -> None:
    shapeless = Reply(np.zeros((2, 6), np.float32), object_detector().digest, object_detector().knows)
    unsorted = np.array([[[0, 0, 1, 1, 0.5, 6], [0, 0, 1, 1, 0.9, 6]]], np.float32)
    assert "shape (2, 6)" in form_of(shapeless, object_detector())[0]
    assert form_of(Reply(unsorted, object_detector().digest, object_detector().knows), object_detector())
    assert form_of(Reply(None, refusal="INTERNAL"), object_detector()) == ["was refused with INTERNAL"]
