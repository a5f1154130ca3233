"""Events of a model on clips: what is staged, what the product is asked, and what is read off its answer."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from random import Random

import cv2
import msgspec
import numpy as np
import pytest

from deploy.evaluation.annotations import read_annotations
from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.annotations import LabelledBox
from triton_models.dataset.files import Entry, Writer, write_lists
from triton_models.evaluation.command import event_lines, staged_lines
from triton_models.evaluation.events import Clips, event_figures, group_figures, served_card, told_of
from triton_models.evaluation.staged import (
    FRAMES,
    HEADER,
    SIZES,
    Held,
    carried,
    held_back,
    is_tight,
    restless,
    room_of,
    stage,
    thing_of,
)
from triton_models.evaluation.wish import Wish, check_clips
from triton_models.model_card import encode_card, read_card

SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects/1/model.onnx"
LYING_PHONE = LabelledBox(1, 0.5, 0.5, 0.6, 0.4)


def phone_set(root: Path, box: LabelledBox = LYING_PHONE) -> Path:
    """A set that holds back one picture with a phone, which is its second class, and one without."""
    writer = Writer(root, ("person", "phone"), 320, False)
    picture = np.full((240, 320, 3), 200, np.uint8)
    picture[72:168, 64:256] = 30
    for name, boxes in (("with", [box]), ("without", [])):
        writer.put(Entry(name, "val", "drawn", name, picture, boxes, frozenset({"phone"})))
    write_lists(writer, {"labels": ["person", "phone"], "counts": {}, "recipe": {"file": "r.toml"}})
    return root


def clip(path: Path, seconds: float = 1.0, side: int = 480) -> Path:
    """A video of plain grey that grows lighter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (side, side * 3 // 4))
    for index in range(round(seconds * 10)):
        writer.write(np.full((side * 3 // 4, side, 3), 60 + index, np.uint8))
    writer.release()
    return path


def test_the_same_set_clips_and_seed_stage_the_same_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triton_models.evaluation.staged.SIZES", (0.12, 0.3))
    dataset, room = phone_set(tmp_path / "set"), clip(tmp_path / "room.avi")
    first, second = (stage(dataset, [room], 4, 7, tmp_path / name) for name in ("a", "b"))
    names = [name for group in first.groups.values() for name in group]
    assert len(names) == len(set(names)) == 1 + 2 * (4 + 2 + 1)
    assert all((first.folder / name).read_bytes() == (second.folder / name).read_bytes() for name in names)
    assert first.annotations.read_text() == second.annotations.read_text()
    other = stage(dataset, [room], 4, 8, tmp_path / "c")
    assert any((first.folder / name).read_bytes() != (other.folder / name).read_bytes() for name in names)


def test_what_is_staged_is_annotated_as_the_product_reads_it(tmp_path: Path) -> None:
    staged = stage(phone_set(tmp_path / "set"), [clip(tmp_path / "room.avi")], 2, 0, tmp_path / "out")
    known = read_annotations(staged.annotations, {"phone"})
    shown = {name for group, names in staged.groups.items() if group.split()[0] in ("shown", "phone") for name in names}
    assert {name for name, truths in known.clips.items() if truths} == shown
    lengths = {cv2.VideoCapture(str(staged.folder / name)).get(cv2.CAP_PROP_FRAME_COUNT) for name in known.clips}
    assert lengths == {FRAMES}


@pytest.mark.parametrize("size", SIZES)
def test_a_thing_has_the_height_that_its_group_names(tmp_path: Path, size: float) -> None:
    """Catches figures of small phones that were measured on large ones."""
    room = room_of(clip(tmp_path / "room.avi"))
    (held,) = held_back(phone_set(tmp_path / "set"))
    thing = thing_of("phone", [(held, held.phones[0])], Random(1))
    last = list(carried(room, thing, size, Random(3)))[-1]
    changed = np.abs(last.astype(int) - room[-1]).max(axis=2) > 12
    rows = np.nonzero(changed.any(axis=1))[0]
    height = (rows[-1] - rows[0] + 1) / room[-1].shape[0]
    assert size * 0.85 < height < size * 1.5 + 0.03  # the tilt adds a part of the width


def test_a_phone_rises_and_a_picture_is_moved(tmp_path: Path) -> None:
    room = room_of(clip(tmp_path / "room.avi"))
    (held,) = held_back(phone_set(tmp_path / "set"))
    frames = list(carried(room, thing_of("wallet", [], Random(2)), 0.3, Random(5)))
    tops = [np.nonzero(np.abs(f.astype(int) - r).max(axis=(1, 2)) > 30)[0] for f, r in zip(frames, room, strict=True)]
    assert tops[0].size == 0 or tops[0][0] > tops[10][0]
    moved = list(restless(held.picture, Random(0)))
    assert len(moved) == FRAMES
    assert all((one != other).any() for one, other in pairwise(moved))


def test_short_clips_go_to_and_fro_and_large_ones_are_shrunk(tmp_path: Path) -> None:
    room = room_of(clip(tmp_path / "room.avi", 1.0, 640))
    assert len(room) == FRAMES
    assert room[0].shape == (270, 360, 3)
    assert (room[0] == room[9]).all()
    assert not (room[0] == room[4]).all()
    (tmp_path / "no.avi").write_bytes(b"no video")
    with pytest.raises(InputError, match="no video that can be read"):
        room_of(tmp_path / "no.avi")


@pytest.mark.parametrize(
    ("box", "tight"),
    [
        (LYING_PHONE, True),
        (LabelledBox(1, 0.5, 0.5, 0.3, 0.8), True),
        (LabelledBox(1, 0.5, 0.5, 0.6, 0.8), False),
        (LabelledBox(1, 0.5, 0.5, 0.1, 0.2), False),
    ],
)
def test_only_boxes_that_hold_a_phone_and_little_else_are_cut_out(box: LabelledBox, tight: bool) -> None:
    assert is_tight(Held(np.zeros((240, 320, 3), np.uint8), [box]).picture, box) is tight


def test_a_set_without_a_phone_to_cut_out_is_named(tmp_path: Path) -> None:
    dataset = phone_set(tmp_path / "set", LabelledBox(1, 0.5, 0.5, 0.05, 0.05))
    with pytest.raises(InputError, match="holds back no phone that can be cut out"):
        stage(dataset, [clip(tmp_path / "room.avi")], 1, 0, tmp_path / "out")


def test_the_product_judges_a_model_s_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The served model, asked through a copy of itself that no card stands beside."""
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    weights = tmp_path / "candidate.onnx"
    weights.write_bytes(SHIPPED.read_bytes())
    clip(tmp_path / "still.avi", 7)
    annotations = tmp_path / "clips.csv"
    annotations.write_text(HEADER + "still.avi,phone,0,6.5\n")
    told = told_of(weights, {"phone": 0.3, "zebra": 0.9}, None, Clips(tmp_path, annotations), tmp_path / "out")
    assert told == json.loads((tmp_path / "out/evaluation.json").read_text())
    figures = event_figures(told)
    assert (figures["policy"], figures["fps"], figures["clips"]) == ("default", 5.0, 1)
    assert figures["recall"]["phone"]["happened"] == 1
    assert figures["recall"]["phone"]["found"] == 0
    assert figures["false_conduct_events"]["false"] == 0
    assert group_figures(told, {"g": ["still.avi"]}, "phone") == {"g": {"clips": 1, "with_event": 0, "shown": 0.0}}
    with (tmp_path / "out/evaluation.csv").open() as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"phone"}
    annotations.write_text(HEADER + "still.avi,phne,0,6.5\n")
    with pytest.raises(InputError, match="line 2: unknown label 'phne'; did you mean 'phone'"):
        told_of(weights, {}, None, Clips(tmp_path, annotations), tmp_path / "out")


def test_a_model_is_judged_with_the_thresholds_that_it_is_served_with(tmp_path: Path) -> None:
    own = read_card(SHIPPED.parents[1] / "model.json")
    assert served_card(SHIPPED, SHIPPED, {"phone": 0.9}, None) == own
    copy = tmp_path / "1" / "copy.onnx"
    copy.parent.mkdir()
    copy.write_bytes(SHIPPED.read_bytes())
    assert served_card(copy, copy, {"phone": 0.9}, None).thresholds["phone"] == 0.9
    other = msgspec.structs.replace(own, sha256="0" * 64)
    (tmp_path / "model.json").write_bytes(encode_card(other))
    assert served_card(copy, copy, {"phone": 0.8}, None).thresholds["phone"] == 0.8


TOLD = {
    "policy": "default",
    "fps": 5.0,
    "clips": 3,
    "hours": 0.5,
    "recall": [
        {"level": "event", "label": "phone", "happened": 4, "found": 3, "median_s": 0.4,
         "recall": {"value": 0.75, "low": 0.3, "high": 0.9}},
        {"level": "event", "label": "talking", "happened": 0, "found": 0, "recall": None, "median_s": None},
        {"level": "signals", "label": "phone", "happened": 9, "found": 9, "recall": None, "median_s": None},
    ],
    "false_events": [
        {"label": "notes", "about": "conduct", "events": 2, "false": 1,
         "per_hour": {"value": 2.0, "low": 0.1, "high": None}}
    ],
    "false_conduct_events": {"false": 1, "per_hour": {"value": 2.0, "low": 0.1, "high": 11.0}},
    "unexplained": [{"clip": "c", "label": "phone"}, {"clip": "d", "label": "notes"}],
    "findings": [
        {"clip": "a", "level": "event", "label": "phone", "outcome": "found", "share": 0.9},
        {"clip": "a", "level": "signals", "label": "phone", "outcome": "found", "share": 0.8},
        {"clip": "b", "level": "signals", "label": "phone", "outcome": "MISSED", "share": 0.2},
    ],
}  # fmt: skip


def test_what_the_product_told_becomes_figures_and_lines() -> None:
    figures = event_figures(TOLD)
    assert list(figures["recall"]) == ["phone"]
    assert figures["minutes"] == 30
    text = "\n".join(event_lines(figures))
    assert "3 of 4 told 0.750 (0.300 to 0.900)" in text
    assert "1 false, an hour 2.000 (0.100 to -)" in text
    groups = group_figures(TOLD, {"phone 0.16": ["a", "b"], "wallet 0.16": ["c", "d"]}, "phone")
    assert groups["phone 0.16"] == {"clips": 2, "with_event": 1, "shown": 0.5}
    assert groups["wallet 0.16"] == {"clips": 2, "with_event": 1, "shown": None}
    assert "wallet 0.16         1 of    2    -" in "\n".join(staged_lines({"seed": 3, "phone": groups}))
    assert event_lines(None) == staged_lines(None) == []


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(annotations=Path("a.csv")), "need clips"),
        (Wish(staged=3), "need clips"),
        (Wish(clips=Path()), "says nothing of what they show"),
        (Wish(clips=Path(), staged=1, backgrounds=("none.avi",)), "has no none.avi"),
    ],
)
def test_clips_are_asked_for_whole(wish: Wish, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        check_clips(wish)


def test_the_command_stages_and_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("triton_models.evaluation.staged.SIZES", (0.3,))
    dataset = phone_set(tmp_path / "set")
    (tmp_path / "clips").mkdir()
    clip(tmp_path / "clips/room.avi")
    given = ["--clips", str(tmp_path / "clips"), "--staged", "1", "--background", "room.avi", "--seed", "5"]
    assert exit_status(["evaluate", str(dataset), str(SHIPPED), "--out", str(tmp_path / "out"), *given]) == 0
    figures = json.loads((tmp_path / "out/objects/figures.json").read_text())
    assert figures["staged"]["backgrounds"] == ["room.avi"]
    assert {group: one["clips"] for group, one in figures["staged"]["phone"].items()} == {"shown": 1, "phone 0.3": 1}
    assert figures["videos"]["share_of_frames"]["phone"] == [0, 0, 0]
    assert not list((tmp_path / "out/objects/staged").glob("*.png"))
    assert "phone 0.3" in capsys.readouterr().out
