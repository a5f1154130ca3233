"""The command line as a person or a script meets it before anything is started."""

from pathlib import Path

import pytest

from deploy.cli import exit_status
from deploy.display import clock
from deploy.reports import file_stem, report_folder
from ingest.errors import InputError


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "Usage"),
        (["run"], 2, "Missing argument 'VIDEO...'"),
        (["nonsense"], 2, "No such command"),
        (["run", "a.mp4", "--policy", "nobody-has-this"], 2, "nobody-has-this"),
        (["run", "a.mp4", "--rate", "0"], 2, "--rate"),
        (["run", "a.mp4", "--rate", "1000"], 2, "--rate"),
        (["run", "a.mp4", "--speed", "2x"], 2, "--speed"),
        (["model", "use", "no-such-weights.onnx"], 2, "does not exist"),
        (["--help"], 0, "proctor"),
    ],
)
def test_usage(arguments: list[str], status: int, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    """2 is for bad usage alone, and it says which."""
    assert exit_status(arguments) == status
    out, err = capfd.readouterr()
    assert said in out + err
    assert "Traceback" not in out + err


def test_a_policy_with_a_wrong_key_is_bad_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The file and the key are named."""
    policy = tmp_path / "mine.toml"
    policy.write_text('name = "mine"\nhold_seconds = 3\n')
    assert exit_status(["run", "a.mp4", "--policy", str(policy)]) == 2
    err = capfd.readouterr().err
    assert "mine.toml" in err
    assert "hold_seconds" in err


def test_a_report_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before anything runs, not after an hour of it."""
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(InputError, match="file"):
        report_folder(taken / "reports")
    assert report_folder(tmp_path / "new") == tmp_path / "new"


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("a/b/exam 1.mp4", "exam-1"),
        ("rtsp://cam/1", "rtsp-cam-1"),
        ("exam:7", "exam-7"),
        ("///", "session"),
        ("x" * 99, "x" * 60),
    ],
)
def test_report_names_are_safe(source: str, stem: str) -> None:
    """Whatever a source is called, its report is one file in the folder."""
    assert file_stem(source) == stem


def test_clock_shows_minutes_and_tenths() -> None:
    """Minutes do not wrap; a negative time is the start."""
    assert [clock(ms) for ms in (0, 65_430, 3_600_000, -5)] == ["0:00.0", "1:05.4", "60:00.0", "0:00.0"]
