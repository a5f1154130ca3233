"""`proctor evaluate` as a person calls it: files out, what is kept, and a clip that is really looked at."""

import csv
import json
from pathlib import Path

import cv2
import pytest

from deploy.cli import exit_status
from deploy.evaluation import looking
from deploy.evaluation.observing import ClipJob, Shelf
from tests.evaluated_clips import FPS, shelve, write_clip
from tests.staged_exam import Run

HEADER = "clip,label,start_s,end_s\n"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The shelf that the command will use."""
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    return Shelf(tmp_path / "home" / "evaluation", looking.digest())


def test_clips_become_figures_files_and_timelines(
    shelf: Shelf, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    away, still = (write_clip(tmp_path / f"{name}.mp4", shade) for name, shade in (("away", 90), ("still", 120)))
    shelve(shelf, away, [Run("normal", 10), Run("away", 6), Run("normal", 4)])
    shelve(shelf, still, [Run("normal", 12)])
    annotations = tmp_path / "clips.csv"
    annotations.write_text(HEADER + "away.mp4,look_away,0.2,0.9\nstill.mp4,none,,\n")
    out = tmp_path / "out"
    assert exit_status(["evaluate", str(annotations), "--out", str(out), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told == json.loads((out / "evaluation.json").read_text())
    assert told["clips"] == 2
    assert [row["label"] for row in told["unexplained"]] == ["looking_away"]
    rows = list(csv.DictReader((out / "evaluation.csv").read_text().splitlines()))
    assert [(row["clip"], row["outcome"]) for row in rows] == [("away.mp4", "MISSED"), ("away.mp4", "FALSE")]
    for name in ("away", "still"):
        picture = cv2.imread(str(out / f"{name}.mp4.png"))
        assert picture is not None
        assert picture.shape[1] > 800


def test_what_was_seen_is_kept_under_content_rate_and_detectors(shelf: Shelf, tmp_path: Path) -> None:
    """Catches observations of one thing taken for those of another."""
    clip = write_clip(tmp_path / "one.mp4")
    observed = shelve(shelf, clip, [Run("normal", 2)])
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(clip.read_bytes())
    assert shelf.get(ClipJob(copy, FPS)) == observed
    assert shelf.get(ClipJob(clip, 5.0)) is None
    assert Shelf(shelf.folder, "others").get(ClipJob(clip, FPS)) is None
    assert shelf.get(ClipJob(write_clip(tmp_path / "two.mp4", shade=91), FPS)) is None
    shelf.path(ClipJob(clip, FPS)).write_bytes(b"half")
    assert shelf.get(ClipJob(clip, FPS)) is None


def test_a_clip_is_really_looked_at_and_only_once(
    shelf: Shelf, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody is in the clip: the detectors find no face, and the second call asks none of them."""
    clip = write_clip(tmp_path / "empty.mp4")
    annotations = tmp_path / "clips.csv"
    annotations.write_text(HEADER + "empty.mp4,absent,0,1\n")
    call = ["evaluate", str(annotations), "--out", str(tmp_path / "out"), "--json"]
    assert exit_status(call) == 0
    first = json.loads(capfd.readouterr().out)
    assert [(row["level"], row["outcome"]) for row in first["findings"]] == [("signals", "found")]
    kept = shelf.path(ClipJob(clip, FPS))
    written = kept.stat().st_mtime_ns
    assert exit_status(call) == 0
    assert json.loads(capfd.readouterr().out) == first
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "Name either an annotation file or --rendered N"),
        (["a.csv", "--rendered", "3"], 2, "Name either"),
        (["--rendered", "3", "--fps", "3"], 2, "1, 2, 5, 10 times a second"),
        (["--rendered", "0"], 2, "--rendered"),
        (["no-such.csv"], 1, "no-such.csv"),
        (["--labels"], 0, "look_away_left"),
    ],
)
def test_usage(
    arguments: list[str],
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exit_status(["evaluate", *arguments]) == status
    told = capfd.readouterr()
    assert said in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_a_file_that_is_no_video_is_a_mistake_of_its_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    annotations = tmp_path / "clips.csv"
    annotations.write_text(HEADER + "text.mp4,none,,\ngone.mp4,none,,\n")
    assert exit_status(["evaluate", str(annotations), "--out", str(tmp_path / "out")]) == 1
    err = capfd.readouterr().err
    assert "2 mistakes" in err
    assert "line 2" in err
    assert "line 3" in err
    assert "gone.mp4: there is no such file" in err


def test_an_object_model_is_measured_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Catches happenings of faces counted as missed where nothing looked for faces."""
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    write_clip(tmp_path / "grey.mp4")
    annotations = tmp_path / "clips.csv"
    rows = ("absent,0,0.9", "mouth_open,0,0.5", "peeking,0,0.9", "phone,0.1,0.9")
    annotations.write_text(HEADER + "".join(f"grey.mp4,{row}\n" for row in rows))
    out = tmp_path / "out"
    assert exit_status(["evaluate", str(annotations), "--objects-alone", "--out", str(out), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    outcomes = {(row["label"], row["level"]): row["outcome"] for row in told["findings"]}
    assert outcomes.pop(("phone", "signals")) == "MISSED"
    assert set(outcomes.values()) == {"no detector"}
    assert {label for label, _ in outcomes} == {"absent", "mouth_open", "peeking"}
    assert told["looking"] != looking.digest()
