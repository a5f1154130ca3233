"""The network that ships against dlib's own, layer file and graph included.

Without these, a row too few where a level halves the picture would cost likeness and nobody would see it.
"""

import cv2
import dlib
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from detectors.identity.dlib_file import read_parameters
from detectors.identity.dlib_graph import as_onnx
from detectors.identity.dlib_resnet import DlibEmbedder, weights_path
from detectors.identity.onnx_graph import Ends, Graph
from detectors.identity.onnx_session import open_network
from tests.webcam_frames import portrait

Picture = NDArray[np.uint8]
HEAD_BYTES = 400_000
"""Of the file: some layers of the first level."""


def chips() -> list[Picture]:
    """The portrait, strangers of scikit-image's subset of LFW, noise, black."""
    faces = [cv2.resize((one * 255).astype(np.uint8), (150, 150)) for one in skimage.data.lfw_subset()[:8]]  # type: ignore[no-untyped-call]
    noise = np.random.default_rng(3).integers(0, 256, (150, 150, 3), np.uint8)
    colours = [np.repeat(one[..., None], 3, axis=2) for one in faces]
    return [np.asarray(cv2.resize(portrait(), (150, 150)), np.uint8), noise, np.zeros_like(noise), *colours]


def test_it_says_what_dlib_says() -> None:
    dlibs = dlib.face_recognition_model_v1(str(weights_path()))
    ours = DlibEmbedder()
    for chip in chips():
        theirs = np.array(dlibs.compute_face_descriptor(np.ascontiguousarray(chip)))
        assert ours.vector(chip) == pytest.approx(theirs, abs=2e-6)


def test_every_parameter_of_the_file_is_used() -> None:
    parameters = read_parameters(weights_path().read_bytes())
    assert [len(one.filters) for one in parameters.convolutions] == [32] * 7 + [64] * 8 + [128] * 6 + [256] * 8
    assert parameters.matrix.shape == (256, 128)
    with pytest.raises(ValueError, match="convolutions too many"):
        as_onnx(type(parameters)((*parameters.convolutions, parameters.convolutions[-1]), parameters.matrix))


@pytest.mark.parametrize("what", ["empty", "text", "cut off", "cut in a name", "another size", "another version"])
def test_a_file_that_is_damaged_is_refused(what: str) -> None:
    """Never read past its end, never taken for a network."""
    head = weights_path().read_bytes()[:HEAD_BYTES]
    first = head.index(b"con_4") + len(b"con_4")
    damaged = {
        "empty": b"",
        "text": b"no network" * 1000,
        "cut off": head,
        "cut in a name": head[: first - 2],
        "another size": head[: first + 2] + b"\x08" + b"\xff" * 8 + head[first + 5 :],
        "another version": head[: first + 1] + b"\x03" + head[first + 2 :],
    }
    with pytest.raises(ValueError, match=r"no layer|no tensor|cannot reshape"):
        read_parameters(damaged[what])


def test_a_graph_is_what_onnxruntime_reads() -> None:
    """Names, shapes, whole-number attributes and both kinds of weights; numbers of more than seven bits."""
    graph = Graph()
    ends = graph.weights("ends", np.array([0, 0, 0, 150], np.int64))
    padded = graph.node("Pad", ["in", ends], "padded")
    graph.node("MatMul", [padded, graph.weights("all", np.full((152, 1), 2.0, np.float32))], "out")
    session = open_network(graph.document(Ends("in", (1, 2)), Ends("out", (1, 1))))
    (answer,) = session.run(None, {"in": np.array([[3.0, 4.0]], np.float32)})
    assert answer.tolist() == [[14.0]]
