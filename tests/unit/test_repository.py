"""Promises that the repository makes about itself."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from ingest.topics import KEPT_BY_KEY, TOPICS

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingest", "detectors", "scoring", "sinks", "deploy", "triton_models")
TRACKED_TEXT = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".toml", ".txt", ".yml", ".pbtxt"}]
OWN_TEXT = [p for p in TRACKED_TEXT if not {".venv", ".cache", ".state", "reports"} & set(p.relative_to(ROOT).parts)]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_a_stage_s_name(package: str) -> None:
    """Plain package names are safe only as long as nothing installed brings the same one."""
    assert importlib.metadata.packages_distributions().get(package, ["proctorstream"]) == ["proctorstream"]


def test_readme_has_the_declared_topics() -> None:
    """The README's table is the declared table, row by row."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", _readme(), re.MULTILINE)
    declared = [(t.name, t.key, t.value, t.written_by, t.read_by, _kept(t.retention_ms)) for t in TOPICS]
    assert rows == declared


def test_every_test_named_in_the_readme_exists() -> None:
    """The failure table points at tests; a renamed test must not leave it pointing nowhere."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", _readme())
    assert named
    for path, function in named:
        assert (ROOT / path).is_file(), path
        assert not function or f"def {function}(" in (ROOT / path).read_text(), f"{path}::{function}"


def test_installed_versions_are_pinned() -> None:
    """Everything that pyproject asks for stands in the constraints with one exact version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {
        line.split("==")[0] for line in (ROOT / "deploy/constraints.txt").read_text().splitlines() if "==" in line
    }
    names = {re.split(r"[\[<>=]", name)[0].replace(".", "-") for name in wanted}
    assert names <= pinned


@pytest.mark.parametrize("host", ["py" + "pi.org", "python" + "hosted.org", "maven" + ".org", "npm" + "js"])
def test_no_registry_is_named(host: str) -> None:
    """Who installs decides where from."""
    assert [p for p in OWN_TEXT if host in p.read_text(errors="replace")] == []


def _readme() -> str:
    return (ROOT / "README.md").read_text()


def _kept(retention_ms: int) -> str:
    if retention_ms == KEPT_BY_KEY:
        return "latest of each key"
    minutes = retention_ms // 60_000
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes <= 24 * 60 else f"{minutes // (24 * 60)} days"
