"""Exported forms must find the same boxes; what goes onto a card must be about these weights."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.boxes import Detections, Letterboxed
from triton_models.exporting.agreement import EXACT, HALF, RUNNERS, differences, through_onnx, tolerance_of, unfitted
from triton_models.exporting.forms import FILES, SETTINGS, Form, missing
from triton_models.exporting.publish import Papers, publish
from triton_models.model_card import read_card
from triton_models.use import digest_of

SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects/1/model.onnx"


def found(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


ONE = (10.0, 10.0, 110.0, 110.0, 0.80, 0)


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        (ONE, True),
        ((10.4, 10.0, 110.4, 110.0, 0.805, 0), True),
        ((14.0, 10.0, 114.0, 110.0, 0.80, 0), False),  # moved by 4 %
        ((10.0, 10.0, 110.0, 110.0, 0.83, 0), False),
        ((10.0, 10.0, 110.0, 110.0, 0.80, 1), False),
    ],
)
def test_a_box_agrees_within_its_tolerance(other: tuple[float, float, float, float, float, int], agrees: bool) -> None:
    assert (differences(found(ONE), found(other), EXACT) == []) == agrees


def test_a_lost_box_and_an_added_one_are_both_named_and_faint_ones_are_not() -> None:
    assert differences(found(ONE), found(), EXACT)[0].startswith("lacks class 0 at (10.0, 10.0")
    assert differences(found(), found(ONE), EXACT)[0].startswith("has another class 0")
    assert differences(found((0, 0, 5, 5, 0.12, 0)), found(), EXACT) == []


def test_half_precision_is_allowed_more() -> None:
    assert tolerance_of(Form.ONNX, False) == tolerance_of(Form.TORCHSCRIPT, True) == EXACT
    assert tolerance_of(Form.ONNX, True) == tolerance_of(Form.TENSORRT, False) == HALF
    assert HALF.iou < EXACT.iou
    assert HALF.confidence > EXACT.confidence


def test_rows_of_a_form_with_suppression_inside_come_back_to_the_picture() -> None:
    fitted = Letterboxed(np.zeros((1, 3, 64, 64), np.float32), 0.5, 0, 8)
    rows = np.array([[10, 18, 20, 28, 0.9, 3], [0, 0, 0, 0, 0, 0]], np.float32)
    back = unfitted(rows, fitted)
    assert back.xyxy.tolist() == [[20, 20, 40, 40]]
    assert back.class_id.tolist() == [3]


def test_every_form_has_a_file_and_a_way_to_be_run() -> None:
    assert set(FILES) == set(RUNNERS) == set(Form)
    assert set(SETTINGS) == set(Form) - {Form.ONNX}
    assert SETTINGS[Form.TENSORRT]["half"]
    assert SETTINGS[Form.TENSORRT]["nms"]


def test_the_shipped_model_runs_as_the_form_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    assert through_onnx(SHIPPED, picture, 256).xyxy.shape[1] == 4


@pytest.mark.skipif(importlib.util.find_spec("coremltools") is not None, reason="CoreML can be made here")
def test_a_form_that_cannot_be_made_here_says_what_is_missing() -> None:
    assert missing(Form.COREML) in ("the package coremltools", "macOS or Linux")
    assert missing(Form.ONNX) == missing(Form.TORCHSCRIPT) == ""


def evaluation(folder: Path, sha256: str, thresholds: object) -> Path:
    folder.mkdir()
    (folder / "figures.json").write_text(json.dumps({"model": "m", "sha256": sha256, "map50": 0.5}))
    (folder / "thresholds.json").write_text(json.dumps({"thresholds": thresholds}))
    return folder


def manifest(folder: Path) -> Path:
    folder.mkdir()
    source = {"name": "a", "credit": "somebody", "licence": "CC BY 4.0"}
    text = {"labels": ["phone"], "sources": [source], "recipe": {"file": "r.toml"}, "counts": {}, "size_px": 640}
    (folder / "manifest.json").write_text(json.dumps(text))
    return folder


def test_a_card_gets_thresholds_figures_and_credits(tmp_path: Path) -> None:
    measured = evaluation(tmp_path / "e", digest_of(SHIPPED), {"phone": 0.37, "earbuds": 0.2})
    papers = Papers(None, measured, manifest(tmp_path / "d"), "mine", ("Start: COCO weights",))
    card = publish(SHIPPED, tmp_path / "repository", papers)
    assert read_card(tmp_path / "repository/objects/model.json") == card
    assert (card.name, card.thresholds["phone"]) == ("mine", 0.37)
    assert "earbuds" not in card.thresholds  # a label that these weights do not know
    assert card.credits[1:] == ("Start: COCO weights", "a: somebody (CC BY 4.0)")
    assert card.measured["map50"] == 0.5
    assert card.sha256 == digest_of(tmp_path / "repository/objects/1/model.onnx")


def test_figures_of_the_weights_it_was_exported_from_count_as_its_own(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(b"weights")
    measured = evaluation(tmp_path / "e", digest_of(tmp_path / "best.pt"), {"phone": 0.4})
    assert publish(SHIPPED, tmp_path / "r", Papers(tmp_path / "best.pt", measured)).thresholds["phone"] == 0.4


def test_figures_of_other_weights_and_broken_papers_change_nothing(tmp_path: Path) -> None:
    for name, sha256, thresholds, reason in (
        ("other", "0" * 64, {"phone": 0.4}, "measured 'm', which is not model.onnx"),
        ("text", digest_of(SHIPPED), {"phone": "high"}, "no thresholds"),
        ("beyond", digest_of(SHIPPED), {"phone": 4.0}, "threshold of phone"),
    ):
        papers = Papers(None, evaluation(tmp_path / name, sha256, thresholds))
        with pytest.raises(InputError, match=reason):
            publish(SHIPPED, tmp_path / "repository", papers)
    with pytest.raises(InputError, match="evaluate"):
        publish(SHIPPED, tmp_path / "repository", Papers(None, tmp_path / "nothing"))
    assert not (tmp_path / "repository").exists()


def test_the_command_without_the_extra_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    (tmp_path / "a.pt").write_bytes(b"x")
    from PIL import Image

    Image.new("RGB", (20, 20)).save(tmp_path / "p.png")
    given = ["export", str(tmp_path / "a.pt"), "--out", str(tmp_path / "o"), "--picture", str(tmp_path / "p.png")]
    assert exit_status(given) == 1
    assert "proctorstream[factory]" in capsys.readouterr().err
    assert exit_status([*given, "--form", "torchscript", "--repository", str(tmp_path)]) == 1
    assert "--form onnx" in capsys.readouterr().err
    assert exit_status([*given[:-1], str(tmp_path / "a.pt")]) == 1
    assert "not a picture" in capsys.readouterr().err
