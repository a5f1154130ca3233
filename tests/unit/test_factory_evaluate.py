"""A model measured from its file to the files that export reads; models that cannot be measured."""

import json
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.annotations import box_of_corners
from triton_models.boxes import Detections
from triton_models.dataset.files import Entry, Writer, write_lists
from triton_models.evaluation.evaluate import evaluate
from triton_models.evaluation.model_under_test import (
    best,
    check_labels,
    latency,
    name_of,
    open_model,
    relabelled,
)
from triton_models.evaluation.videos import folder_figures
from triton_models.evaluation.wish import Wish
from triton_models.use import digest_of

SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects/1/model.onnx"


class Oracle:
    """A model that sees red as a phone and green as a zebra, each as confident as it is bright."""

    name = "oracle"
    labels: tuple[str | None, ...] = ("phone", None)
    input_px = 32

    def look(self, picture: NDArray[np.uint8]) -> Detections:
        """One box a colour."""
        rows = []
        for class_id, channel in enumerate((2, 1)):
            ys, xs = np.nonzero((picture[..., channel] > 60) & (picture[..., 0] < 40))
            if len(xs):
                box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
                rows.append((*box, picture[ys[0], xs[0], channel] / 255, class_id))
        table = np.array(rows, np.float32).reshape(-1, 6)
        return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))

    def infer(self) -> None:
        """Nothing to run."""


def small_set(root: Path, labels: tuple[str, ...], count: int = 12) -> Path:
    """Held-back pictures of one dark patch each, and one to learn from."""
    writer, rng = Writer(root, labels, 64, False), Random(0)
    for number in range(count + 1):
        x, y = rng.randint(0, 30), rng.randint(0, 30)
        picture = np.full((64, 64, 3), 200, np.uint8)
        picture[y : y + 30, x : x + 20] = 20
        box = box_of_corners(0, x / 64, y / 64, (x + 20) / 64, (y + 30) / 64)
        part = "val" if number else "train"
        writer.put(Entry(f"p{number}", part, "drawn", f"p{number}", picture, [box], frozenset(labels)))  # type: ignore[arg-type]
    write_lists(writer, {"labels": list(labels), "counts": {}, "recipe": {"file": "r.toml"}, "class_weights": {}})
    return root


def test_a_model_is_measured_into_the_files_that_export_reads(tmp_path: Path) -> None:
    dataset = small_set(tmp_path / "set", ("phone", "earbuds"))
    figures = evaluate(SHIPPED, dataset, tmp_path / "out", Wish(choose="recall=0.5"))
    written = json.loads((tmp_path / "out/figures.json").read_text())
    assert written["sha256"] == digest_of(SHIPPED)
    assert (written["model"], written["pictures"], written["labels"]["phone"]["objects"]) == ("objects", 12, 12)
    assert written["labels_not_known"] == ["earbuds"]
    assert 0 <= figures["map50_95"] <= figures["map50"] <= 1
    assert figures["latency"]["p50_ms"] <= figures["latency"]["p95_ms"]
    thresholds = json.loads((tmp_path / "out/thresholds.json").read_text())
    assert thresholds["thresholds"] == {"phone": written["labels"]["phone"]["threshold"]}
    for name in ("precision", "recall", "f1", "precision-recall", "confusion"):
        assert cv2.imread(str(tmp_path / f"out/{name}.png")).std() > 1


def test_labels_of_the_set_are_told_from_the_model_s() -> None:
    model, labels = Oracle(), ["cup", "phone"]
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[4:12, 4:12, 2], picture[20:28, 20:28, 1] = 200, 250
    seen = model.look(picture)
    assert best(model, seen, "phone") == pytest.approx(200 / 255)
    assert best(model, seen, "cup") == 0
    named = relabelled(model, seen, labels)
    assert (named.class_id.tolist(), named.xyxy.tolist()) == ([1], [[4, 4, 12, 12]])
    assert latency(model)["rounds"] == 60


def test_a_model_of_other_labels_cannot_be_measured_on_a_set() -> None:
    check_labels(Oracle(), ["phone"])
    with pytest.raises(InputError, match="knows phone; the set has cup"):
        check_labels(Oracle(), ["cup"])


def test_frames_with_a_label_are_counted_in_videos(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for index in range(40):
        frame = np.zeros((64, 64, 3), np.uint8)
        if index in (5, 6, 7, 30):
            frame[16:48, 16:48, 2] = 230
        writer.write(frame)
    writer.release()
    figures = folder_figures(Oracle(), tmp_path, 1)
    assert figures["videos"]["a.avi"] == {"frames": 40, "frames_with": {"phone": [4, 4, 4]}}
    assert figures["events"] == {"phone": [2, 2, 2]}
    assert figures["events_per_hour"]["phone"][0] == pytest.approx(2 * 3600 / 4)
    (tmp_path / "b.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match="no video that can be read"):
        folder_figures(Oracle(), tmp_path, 1)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("run/best.pt", "best"),
        ("repository/objects/1/model.onnx", "objects"),
        ("exported/model.onnx", "exported"),
    ],
)
def test_a_model_is_called_by_its_file_or_folder(tmp_path: Path, path: str, name: str) -> None:
    assert name_of(tmp_path / path) == name


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.onnx", b"no model", "onnxruntime cannot load it"),
        ("a.engine", b"x", "unknown kind"),
        ("a.pt", None, "no such file"),
    ],
)
def test_what_is_no_model_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = small_set(tmp_path / "set", ("phone",), 2)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        open_model(tmp_path / name)
    assert exit_status(["evaluate", str(dataset), str(tmp_path / name), "--out", str(tmp_path / "o")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_folder_that_is_no_set_and_a_set_with_a_hole_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training set"):
        evaluate(SHIPPED, tmp_path, tmp_path / "out", Wish())
    dataset = small_set(tmp_path / "set", ("phone",), 2)
    next((dataset / "val/images").iterdir()).unlink()
    with pytest.raises(InputError, match="cannot be read"):
        evaluate(SHIPPED, dataset, tmp_path / "out", Wish())
