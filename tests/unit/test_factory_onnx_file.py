"""What an exported ONNX file says of itself: what a reader needs, and nothing of the machine that trained it."""

import onnx
import onnxruntime

from triton_models.exporting.onnx_file import forget_circumstances
from triton_models.gpu.__main__ import SHIPPED


def test_place_and_time_of_the_training_are_forgotten_and_the_rest_kept() -> None:
    graph = onnx.ModelProto()
    for key, value in (
        ("description", "trained on /home/somebody/data.yaml"),
        ("names", "{0: 'phone'}"),
        ("date", "2026-01-01T00:00:00"),
        ("stride", "32"),
    ):
        graph.metadata_props.add(key=key, value=value)
    forget_circumstances(graph)
    assert [(entry.key, entry.value) for entry in graph.metadata_props] == [("names", "{0: 'phone'}"), ("stride", "32")]


def test_the_shipped_model_names_no_place() -> None:
    told = onnxruntime.InferenceSession(str(SHIPPED / "objects" / "1" / "model.onnx")).get_modelmeta()
    assert "names" in told.custom_metadata_map
    assert not [value for value in told.custom_metadata_map.values() if ".yaml" in value]
