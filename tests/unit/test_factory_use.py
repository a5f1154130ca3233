"""Putting a model to use: right files are mapped, measured and installed whole; wrong ones change nothing and say why.

The small ONNX files are written here byte by byte (protobuf), so that no package of the factory is needed.
"""

import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.model_card import read_card
from triton_models.use import digest_of, replace_file, use_weights

Floats = NDArray[np.float32]
SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects/1/model.onnx"
NAMES = "{0: 'cell phone', 1: 'zebra'}"


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | str | bytes) -> bytes:
    """One protobuf field: an integer as a varint, text and messages with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor_info(name: str, dims: Sequence[int | str], kind: int) -> bytes:
    shape = b"".join(field(1, field(1, d) if isinstance(d, int) else field(2, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def onnx_file(
    path: Path,
    output: Floats,
    meta: Mapping[str, str],
    dims: Sequence[int | str] = (1, 3, 64, 64),
    input_name: str = "images",
    input_kind: int = 1,
) -> Path:
    """A network that answers every picture with one fixed float32 output."""
    constant = b"".join(field(1, d) for d in output.shape) + field(2, 1) + field(8, "fixed")
    constant += field(9, struct.pack(f"<{output.size}f", *output.ravel().tolist()))
    node = field(1, "fixed") + field(2, "output0") + field(4, "Identity")
    graph = field(1, node) + field(2, "g") + field(5, constant)
    graph += field(11, tensor_info(input_name, dims, input_kind)) + field(12, tensor_info("output0", output.shape, 1))
    extra = b"".join(field(14, field(1, key) + field(2, value)) for key, value in meta.items())
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(2, 17)) + extra)
    return path


def v8_output() -> Floats:
    return np.full((1, 6, 20), 0.5, np.float32)


def v5_output() -> Floats:
    return np.full((1, 20, 7), 0.5, np.float32)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("layout", "output"), [("v8", v8_output()), ("v5", v5_output())])
def test_both_layouts_are_told_apart_and_installed(tmp_path: Path, layout: str, output: Floats) -> None:
    weights = onnx_file(tmp_path / "theirs.onnx", output, {"names": NAMES, "license": "MIT", "author": "them"})
    card = use_weights(weights, tmp_path / "repository")
    assert (card.name, card.layout, card.input_px) == ("theirs", layout, 64)
    assert card.labels == ("phone", None)
    assert (card.license, card.credits) == ("MIT", ("them",))
    assert files_in(tmp_path / "repository") == ["objects/1/model.onnx", "objects/model.json"]
    assert read_card(tmp_path / "repository/objects/model.json") == card
    assert digest_of(tmp_path / "repository/objects/1/model.onnx") == card.sha256 == digest_of(weights)


def test_our_own_model_can_be_put_back(tmp_path: Path) -> None:
    card = use_weights(SHIPPED, tmp_path)
    assert {"phone", "headphones", "person"} <= set(card.labels)
    assert card.layout == "v8"


def test_a_map_names_the_classes_of_a_file_that_does_not(tmp_path: Path) -> None:
    weights = onnx_file(tmp_path / "bare.onnx", v8_output(), {}, dims=("b", 3, "h", "w"))
    labels = tmp_path / "map.toml"
    labels.write_text('names = ["telefono", "gatto"]\ninput_px = 96\n[labels]\ntelefono = "phone"\n')
    card = use_weights(weights, tmp_path / "repository", labels)
    assert (card.labels, card.input_px) == (("phone", None), 96)


def refused(weights: Path, reason: str, labels: Path | None = None) -> None:
    repository = weights.parent / "repository"
    use_weights(onnx_file(weights.parent / "first.onnx", v8_output(), {"names": NAMES}), repository)
    before = {name: (repository / name).read_bytes() for name in files_in(repository)}
    with pytest.raises(InputError, match=reason):
        use_weights(weights, repository, labels)
    assert {name: (repository / name).read_bytes() for name in files_in(repository)} == before


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08garbage" * 50, SHIPPED.read_bytes()[:100_000]])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, content: bytes) -> None:
    weights = tmp_path / "wrong.onnx"
    weights.write_bytes(content)
    refused(weights, "onnxruntime cannot load it")


@pytest.mark.parametrize("name", ["weights.engine", "weights", "weights.ONNX2"])
def test_an_unknown_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    refused(tmp_path / name, r"unknown kind .*\.pt or \.onnx")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.onnx", "no such file")
    refused(tmp_path, "no such file")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (np.full((1, 300, 6), 0.5, np.float32), "fits neither"),  # NMS inside: [n, 6] is no raw output of two classes
        (np.full((1, 6, 20), 7.0, np.float32), "fits neither"),  # scores that are no probabilities
        (np.full((1, 6, 20), np.nan, np.float32), "fits neither"),
        (np.full((6, 20), 0.5, np.float32), "not boxes"),
        (np.full((2, 6, 20), 0.5, np.float32), "not boxes"),
    ],
)
def test_an_output_that_cannot_be_read_is_refused(tmp_path: Path, output: Floats, reason: str) -> None:
    refused(onnx_file(tmp_path / "odd.onnx", output, {"names": NAMES}), reason)


def test_an_input_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    refused(onnx_file(tmp_path / "a.onnx", v8_output(), {"names": NAMES}, input_name="x"), "its inputs are")
    refused(onnx_file(tmp_path / "b.onnx", v8_output(), {"names": NAMES}, input_kind=10), "its inputs are")
    refused(onnx_file(tmp_path / "c.onnx", v8_output(), {"names": NAMES}, dims=(1, 3, 64, 96)), "not square")


def test_a_model_whose_classes_nobody_knows_asks_for_a_map(tmp_path: Path) -> None:
    weights = onnx_file(tmp_path / "zoo.onnx", v8_output(), {"names": "{0: 'lion', 1: 'zebra'}"})
    refused(weights, r"no class has a label.*--labels MAP\.toml.*lion")


@pytest.mark.parametrize(
    ("meta", "dims", "reason"),
    [
        ({}, (1, 3, 64, 64), "no class names"),
        ({"names": "{0: "}, (1, 3, 64, 64), "metadata 'names'"),
        ({"names": NAMES}, ("b", 3, "h", "w"), "does not say its input size"),
    ],
)
def test_what_a_file_does_not_say_is_asked_for(
    tmp_path: Path, meta: dict[str, str], dims: tuple[int | str, ...], reason: str
) -> None:
    refused(onnx_file(tmp_path / "mute.onnx", v8_output(), meta, dims=dims), reason)


def test_a_pt_file_without_the_factory_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "triton_models.exporting.onnx_file", raising=False)
    monkeypatch.setitem(sys.modules, "ultralytics", None)  # as if it were not installed, should it be
    weights = tmp_path / "theirs.pt"
    weights.write_bytes(b"x")
    refused(weights, r"needs the package \w+.*proctorstream\[factory\]")


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.mkdir()  # a folder in its place: the rename fails
    with pytest.raises(OSError, match="directory"):
        replace_file(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.json"]
