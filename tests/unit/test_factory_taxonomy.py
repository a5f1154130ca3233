"""Label maps and model cards: what a person writes by hand is checked where it enters, with a way out in the text."""

from pathlib import Path

import msgspec
import pytest

from ingest.errors import InputError
from triton_models.model_card import ModelCard, decode_card, encode_card, problems_of, read_card
from triton_models.taxonomy import COCO_MAP, TAXONOMY, TRAINED, LabelMap, load_label_map, map_names

SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects"
CARD = ModelCard(
    name="a", labels=("phone", None), input_px=256, layout="v8", sha256="0" * 64, thresholds={"phone": 0.4}
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(text)
    return path


def test_coco_names_become_labels_and_the_rest_is_ignored() -> None:
    labels = load_label_map(COCO_MAP).labels
    assert map_names(["cell phone", "zebra", "tv", "book"], labels) == ("phone", None, "screen", "book")


def test_a_name_that_is_a_label_already_needs_no_map() -> None:
    assert map_names(["earbuds", "giraffe"], {}) == ("earbuds", None)


def test_a_map_may_give_names_and_size(tmp_path: Path) -> None:
    path = written(tmp_path, 'names = ["telephone", "cat"]\ninput_px = 320\n[labels]\ntelephone = "phone"\n')
    assert load_label_map(path) == LabelMap({"telephone": "phone"}, ("telephone", "cat"), 320)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[labels]\nx = 'telephone'\n", "'x' maps to 'telephone'"),
        ("[labels]\nx = 3\n", "maps to 3"),
        ("[labels]\n", "no table"),
        ("labels = 3\n", "no table"),
        ("[classes]\nx = 'phone'\n", "unknown keys classes"),
        ("names = 'x'\n[labels]\nx = 'phone'\n", "names is no list"),
        ("input_px = 300\n[labels]\nx = 'phone'\n", "multiple of 32"),
        ("not toml", "not a TOML file"),
    ],
)
def test_a_bad_map_says_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        load_label_map(written(tmp_path, text))


def test_a_map_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load_label_map(tmp_path / "none.toml")


def test_our_classes_are_labels_of_the_taxonomy() -> None:
    assert set(TRAINED) < set(TAXONOMY)
    assert len(set(TAXONOMY)) == len(TAXONOMY)


def test_a_card_reads_back() -> None:
    assert decode_card(encode_card(CARD), "x") == CARD


def test_the_shipped_card_is_sound_and_speaks_of_the_shipped_weights() -> None:
    import hashlib

    card = read_card(SHIPPED / "model.json")
    assert card.sha256 == hashlib.sha256((SHIPPED / "1/model.onnx").read_bytes()).hexdigest()
    assert {"phone", "headphones", "person", "laptop", "book", "screen"} <= set(card.labels)
    assert card.license == "AGPL-3.0"
    assert set(card.thresholds) == {label for label in card.labels if label}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": ("phone", "telephone")}, "unknown label 'telephone'"),
        ({"labels": (None, None)}, "no class has a label"),
        ({"input_px": 250}, "multiple of 32"),
        ({"input_px": 0}, "multiple of 32"),
        ({"sha256": "ABC"}, "sha256"),
        ({"thresholds": {"phone": 1.5}}, "threshold of phone"),
        ({"thresholds": {"fon": 0.5}}, "unknown label 'fon'"),
    ],
)
def test_every_fault_of_a_card_is_named(change: dict[str, object], reason: str) -> None:
    card = msgspec.structs.replace(CARD, **change)
    assert any(reason in problem for problem in problems_of(card))
    with pytest.raises(InputError, match=reason):
        decode_card(encode_card(card), "x")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"name": "a"}', b"\xff\x00"])
def test_what_is_no_card_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a model card"):
        decode_card(data, "model.json")


def test_an_unknown_layout_is_refused() -> None:
    data = encode_card(CARD).replace(b'"v8"', b'"v99"')
    with pytest.raises(InputError, match="layout"):
        decode_card(data, "model.json")
