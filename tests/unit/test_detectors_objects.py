"""The object model on the CPU: its contract with Triton, its card, and results that depend on the picture alone."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc import model_config_pb2

from detectors.objects import read_boxes
from ingest.errors import InputError, PoisonError
from tests.webcam_frames import frame, jpeg, webcam
from triton_models import contract
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector
from triton_models.taxonomy import TAXONOMY

REPOSITORY = Path(contract.__file__).parent / "repository" / contract.MODEL_NAME


@pytest.fixture(scope="module")
def detector() -> ObjectDetector:
    return ObjectDetector(REPOSITORY / "1" / "model.onnx", read_card(REPOSITORY / "model.json"))


def test_triton_is_configured_as_the_contract_says() -> None:
    config = text_format.Parse((REPOSITORY / "config.pbtxt").read_text(), model_config_pb2.ModelConfig())
    types = model_config_pb2.DataType
    declared = [
        contract.Tensor(tensor.name, types.Name(tensor.data_type), tuple(tensor.dims))
        for tensor in (*config.input, *config.output)
    ]
    assert config.name == contract.MODEL_NAME
    assert declared == [contract.JPEG, contract.BOXES, contract.DIGEST, contract.KNOWS]
    assert config.max_batch_size > 0, "the contract has a batch dimension"
    assert config.input[0].allow_ragged_batch
    assert not config.dynamic_batching.HasField("default_queue_policy")


def test_labels_keep_their_places_in_the_taxonomy() -> None:
    """Published servers answer with indexes: the taxonomy may only grow at its end."""
    first = (
        "phone earbuds headphones smartwatch notes book person laptop screen calculator pen remote cup keyboard mouse"
    )
    assert TAXONOMY[:15] == tuple(first.split())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"labels": ["phone", "dragon"]}, "dragon"),
        ({"layout": "v9"}, "v9"),
        ({"input_px": 8}, "8 px"),
        ({"sha256": None}, "sha256"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, object], why: str) -> None:
    card = {"name": "m", "labels": ["phone", None], "input_px": 256, "layout": "v8", "sha256": "0"} | change
    (tmp_path / "model.json").write_bytes(msgspec.json.encode(card))
    with pytest.raises(InputError, match=why):
        read_card(tmp_path / "model.json")


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.json"):
        read_card(tmp_path / "model.json")


def test_the_face_belongs_to_a_person_and_an_empty_wall_to_nobody(detector: ObjectDetector) -> None:
    found = read_boxes(detector.look(jpeg(webcam((200, 120))))[None])
    person = next(one for one in found if one.label == "person")
    x1, y1, x2, y2 = person.box_xyxy
    assert x1 < 320 < x2, person
    assert y1 < 240 < y2, person
    assert not any(one.label == "person" for one in read_boxes(detector.look(jpeg(webcam()))[None]))


def test_boxes_lie_in_the_picture_by_falling_confidence(detector: ObjectDetector) -> None:
    boxes = np.concatenate([detector.look(frame(seq)) for seq in range(4)])
    assert len(boxes) > 0
    assert (boxes[:, :4] >= 0).all()
    assert (boxes[:, [2, 3]] <= (640, 480)).all()
    for seq in range(4):
        confidence = detector.look(frame(seq))[:, 4]
        assert (np.diff(confidence) <= 0).all()


def test_what_was_looked_at_before_changes_nothing(detector: ObjectDetector) -> None:
    frames = [frame(seq) for seq in range(6)]
    forwards = [detector.look(one).tobytes() for one in frames]
    backwards = [detector.look(one).tobytes() for one in reversed(frames)]
    assert forwards == backwards[::-1]


def test_a_tiny_picture_is_looked_at_and_garbage_is_not(detector: ObjectDetector) -> None:
    assert detector.look(jpeg(np.zeros((1, 1, 3), np.uint8))).shape[1] == 6
    with pytest.raises(PoisonError):
        detector.look(b"garbage")


def test_boxes_become_rounded_objects() -> None:
    row = [10.04, 20.06, 30.0, 40.0, 0.87654, TAXONOMY.index("book")]
    (found,) = read_boxes(np.array([[row]], np.float32))
    assert (found.label, found.confidence, found.box_xyxy) == ("book", 0.877, (10.0, 20.1, 30.0, 40.0))
    assert read_boxes(np.empty((1, 0, 6), np.float32)) == ()
    assert len(read_boxes(np.array([[row] * 500], np.float32))) == contract.MOST_BOXES
    with pytest.raises(ValueError, match="shape"):
        read_boxes(np.empty((1, 3, 5), np.float32))
