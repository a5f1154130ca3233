"""The command line as a person or a script meets it before anything is started."""

from pathlib import Path

import pytest

from deploy.cli import exit_status
from deploy.display import clock
from deploy.reports import file_stem, report_folder
from ingest.errors import InputError
from scoring.rulebook.policy import load_policy
from scoring.rulebook.policy_file import presets


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
        (["policy"], 2, "Usage"),
        (["policy", "check"], 2, "Missing argument 'FILE...'"),
        (["policy", "show", "nobody-has-this"], 2, "attention, calibrated, default, interview, risk-engine"),
        (["policy", "diff", "default"], 2, "Missing argument 'B'"),
        (["policy", "diff", "default", "defualt"], 2, "Did you mean 'default'?"),
        (["policy", "explain", "default", "phone", "fone"], 2, "has no rule 'fone'"),
        (["policy", "explain", "default", "--allow", "no-such.toml"], 2, "no such file"),
        (["run", "a.mp4", "--allow", "no-such.toml"], 2, "no such file"),
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


def test_check_lists_every_mistake_and_names_what_is_right(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Mistakes go to standard error, a line each; what was checked to standard output."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('extends = "default"\n[rules.phone]\nhold = 3\npoints = "x"\n')
    assert exit_status(["policy", "check", "risk-engine", str(wrong)]) == 1
    out, err = capfd.readouterr()
    assert f"ok  risk-engine: policy 'risk-engine', digest {load_policy('risk-engine').digest}, 5 rules" in out
    assert f"BAD {wrong}: 2 mistakes" in out
    assert [line.split(": ")[2] for line in err.splitlines()] == ["rules.phone.hold", "rules.phone.points"]
    assert exit_status(["policy", "check", "default", "interview"]) == 0


def test_show_prints_a_policy_that_reads_back(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With what is inherited marked; --json is the document that the digest is made of."""
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "risk-engine"\n[rules.phone]\nhold_ms = 4000\n')
    assert exit_status(["policy", "show", str(mine)]) == 0
    shown = capfd.readouterr().out
    assert "gap_ms = 1500  # from risk-engine" in shown
    assert "hold_ms = 4000\n" in shown
    copy = tmp_path / "copy.toml"
    copy.write_text(shown)
    assert load_policy(str(copy)).digest == load_policy(str(mine)).digest
    assert exit_status(["policy", "show", str(mine), "--json"]) == 0
    assert capfd.readouterr().out == load_policy(str(mine)).document + "\n"


def test_diff_has_the_exit_status_of_diff(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """0 alike, whatever they are called; 1 different; 2 is bad usage."""
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "default"')
    assert exit_status(["policy", "diff", "default", str(mine)]) == 0
    assert "judge alike" in capfd.readouterr().out
    mine.write_text('extends = "default"\n[rules.phone]\nsays = "[red]Phone[/red]"')
    assert exit_status(["policy", "diff", "default", str(mine)]) == 1
    assert "[red]Phone[/red]" in capfd.readouterr().out


def test_explain_tells_rules_and_what_somebody_is_allowed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All rules, or those that are asked for; accommodations behind them."""
    assert exit_status(["policy", "explain", "risk-engine"]) == 0
    everything = capfd.readouterr().out
    assert all(f"({rule.name})" in everything for rule in load_policy("risk-engine").rules)
    allow = tmp_path / "allow.toml"
    allow.write_text('[[allow]]\nkind = "helper"\nreason = "Signs [for] her"\n')
    assert exit_status(["policy", "explain", "risk-engine", "phone", "--allow", str(allow)]) == 0
    out = capfd.readouterr().out
    assert "Phone in view (phone)" in out
    assert "(no_face)" not in out
    assert "Somebody else may be in the room (Signs [for] her)." in out


def test_presets_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    """With the digests that verdicts name."""
    assert exit_status(["policy", "list"]) == 0
    out = capfd.readouterr().out
    assert all(name in out and load_policy(name).digest in out for name in presets())


def test_accommodations_that_do_not_fit_the_policy_are_bad_usage(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before anything is started; all of them at once."""
    allow = tmp_path / "allow.toml"
    allow.write_text(
        '[[allow]]\nkind = "rules_off"\nreason = "x"\nrules = ["nobody", "talking"]\n'
        '[[allow]]\nkind = "looser"\nreason = "x"\nrule = "phone"\nhold_ms = 1\n'
    )
    assert exit_status(["run", "a.mp4", "--policy", "risk-engine", "--allow", str(allow)]) == 2
    err = capfd.readouterr().err
    assert "line 4: allow[0].rules[0]: policy 'risk-engine' has no rule or label 'nobody'" in err
    assert "line 4: allow[0].rules[1]: policy 'risk-engine' has no rule or label 'talking'" in err
    assert "line 9: allow[1].hold_ms: 1 is narrower than the policy's 5000" in err


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
