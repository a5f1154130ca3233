"""Recipes equal to the published numbers, checkpoints that a kill cannot spoil, progress, errors without torch."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.progress import Progress, in_words, time_left
from triton_models.training.checkpoints import BEST, KEPT, LAST, is_whole, keep, to_resume
from triton_models.training.extra import load_checkpoint
from triton_models.training.recipe import Changes, changed, overrides, read_training_recipe
from triton_models.training.train import resume, train

PUBLISHED = {
    "optimizer": "SGD",
    "lr0": 0.01,
    "momentum": 0.9,
    "weight_decay": 0.0005,
    "cos_lr": True,
    "warmup_epochs": 3,
    "patience": 80,
    "epochs": 500,
    "batch": 128,
    "imgsz": 640,
    "hsv_h": 0.015,
    "hsv_s": 0.7,
    "hsv_v": 0.4,
    "degrees": 5,
    "translate": 0.1,
    "scale": 0.3,
    "fliplr": 0.5,
    "mosaic": 1.0,
    "mixup": 0.1,
}


def test_the_default_recipe_is_the_published_one_to_the_number() -> None:
    recipe = read_training_recipe("published")
    assert recipe.ultralytics == PUBLISHED
    assert recipe.class_weights
    assert recipe.network == "yolo11n"


def test_the_small_recipe_needs_no_gpu() -> None:
    recipe = read_training_recipe("small-cpu")
    assert (recipe.network, recipe.ultralytics["device"], recipe.ultralytics["imgsz"]) == ("slim", "cpu", 256)


@pytest.mark.parametrize("size", ["n", "s", "m", "l", "x"])
def test_every_size_is_one_letter_away(size: str) -> None:
    wanted = changed(read_training_recipe("published"), Changes(size=size))  # type: ignore[arg-type]
    assert wanted.network == f"yolo11{size}"


def test_changes_replace_settings_and_the_last_quarter_has_no_mosaic() -> None:
    wanted = changed(read_training_recipe("published"), Changes(epochs=8, batch=4, lr0=0.002, device="cpu"))
    assert wanted.ultralytics == PUBLISHED | {"epochs": 8, "batch": 4, "lr0": 0.002, "device": "cpu", "close_mosaic": 2}
    assert changed(read_training_recipe("published"), Changes()).ultralytics["close_mosaic"] == 10


def test_ultralytics_is_told_where_everything_is(tmp_path: Path) -> None:
    told = overrides(read_training_recipe("published"), tmp_path / "set", tmp_path / "runs/one", "yolo11n.yaml")
    assert told["data"] == str(tmp_path / "set/data.yaml")
    assert (told["project"], told["name"]) == (str(tmp_path / "runs"), "one")
    assert PUBLISHED.items() <= told.items()


def test_the_slim_network_has_one_size() -> None:
    with pytest.raises(InputError, match="one size"):
        changed(read_training_recipe("small-cpu"), Changes(size="x"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("network", "no training recipe"),
        ('network = "yolo11n"\n', "ultralytics"),
        ('network = "yolo11n"\nspeed = 3\n[ultralytics]\n', "speed"),
        ('network = "yolo11n"\n[ultralytics]\ndata = "x"\n', "sets data"),
        ('network = "yolo11n"\n[ultralytics]\nlr0 = [1]\n', "no training recipe"),
    ],
)
def test_what_is_no_training_recipe_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=reason):
        read_training_recipe(str(tmp_path / "r.toml"))


def test_an_unknown_recipe_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="There are published, small-cpu"):
        read_training_recipe("fast")


def checkpoint(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("data.pkl", content * 2000)


def test_a_checkpoint_cut_off_while_it_was_written_is_not_resumed_from(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    checkpoint(weights / LAST, "first epoch")
    keep(weights)
    checkpoint(weights / LAST, "second epoch")
    assert to_resume(tmp_path) == weights / LAST
    whole = (weights / LAST).read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        (weights / LAST).write_bytes(whole[:length])
        assert to_resume(tmp_path) == weights / KEPT
    assert not (weights / f"{KEPT}.unfinished").exists()
    assert not is_whole(weights / BEST)


def test_a_run_without_a_whole_checkpoint_cannot_go_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="before its first epoch"):
        to_resume(tmp_path)
    with pytest.raises(InputError, match="is no run"):
        resume(tmp_path)


def test_a_folder_with_a_run_is_not_trained_over(tmp_path: Path) -> None:
    checkpoint(tmp_path / "weights" / LAST, "x")
    with pytest.raises(InputError, match="--resume"):
        train(tmp_path, tmp_path, read_training_recipe("published"), None, 1)


def test_training_without_a_set_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dataset RECIPE\.toml OUT"):
        train(tmp_path, tmp_path / "run", read_training_recipe("published"), None, 1)


def test_weights_without_the_factory_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)  # as if it were not installed, should it be
    (tmp_path / "a.pt").write_bytes(b"x")
    with pytest.raises(InputError, match=r"needs the package ultralytics.*proctorstream\[factory\]"):
        load_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize(("name", "reason"), [("none.pt", "no such file"), ("a.zip", "unknown kind")])
def test_what_is_no_pt_file_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "a.zip").write_bytes(b"x")
    with pytest.raises(InputError, match=reason):
        load_checkpoint(tmp_path / name)


def test_the_command_needs_a_set_or_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(["train"]) == 2
    assert "--resume RUN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (90, "90 s"), (120, "2 min"), (3599, "1 h 0 min"), (12_000, "3 h 20 min")]
)
def test_times_are_said_as_a_person_says_them(seconds: float, text: str) -> None:
    assert in_words(seconds) == text


def test_the_time_left_follows_the_pace() -> None:
    assert time_left(0, 10, 5) == ""
    assert time_left(5, 10, 600) == "10 min left"


def test_progress_in_a_log_is_said_now_and_then_and_at_the_end() -> None:
    now = 0.0
    out = io.StringIO()
    progress = Progress("pictures", out, lambda: now)
    for done in range(1, 61):
        now += 1
        progress.at(done, 60)
    lines = out.getvalue().splitlines()
    assert lines[0] == "pictures 10/60, 50 s left"
    assert lines[-1] == "pictures 60/60, 0 s left"
    assert len(lines) == 6


def test_items_pass_through_unchanged() -> None:
    assert list(Progress("x", io.StringIO()).over("abc", 3)) == ["a", "b", "c"]
