"""The product as a user meets it: the command, the whole stack behind it, and what it leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack.local import LocalStack, without_proctor

ROOT = Path(__file__).parents[2]
DEADLINE_S = 240


def proctor(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, with the stack of `home`."""
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        cwd=ROOT,
        env={**without_proctor(os.environ), "PROCTOR_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def test_demo_finds_exactly_what_is_known(whole_stack: LocalStack, tmp_path: Path) -> None:
    """Every scripted episode is found, nothing else is; the report stands alone. Catches nearly everything."""
    done = proctor(whole_stack.folder, "demo", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MISSED" not in done.stdout
    assert "FALSE" not in done.stdout
    (page,) = tmp_path.glob("*.html")
    assert "://" not in page.read_text().replace("http://www.w3.org/2000/svg", "")
    report = json.loads(next(tmp_path.glob("*.json")).read_text())
    rules = [event["rule"] for event in report["events"]]
    found = [
        "looking_away",
        "talking",
        "looking_away",
        "no_face",
        "multiple_faces",
        "another_person",
        "phone",
        "eyes_closed",
    ]
    assert sorted(rules) == sorted(found)
    assert report["frames"] == {"sent": 450, "observed": 450, "dropped": 0}
    assert len(report["timeline"]) == 90


def test_a_bad_video_fails_alone(whole_stack: LocalStack, tmp_path: Path) -> None:
    """One clear line for it, a verdict for its neighbour, JSON alone on standard output, exit status 1."""
    bad = tmp_path / "notes.mp4"
    bad.write_text("this is no video")
    done = proctor(whole_stack.folder, "run", str(bad), "exam:2", "--json", "--rate", "2", "--out", str(tmp_path))
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert report["source"] == "exam:2"
    assert {"session", "source", "duration_ms", "frames", "verdict", "events", "timeline"} <= set(report)
    assert all(
        {"event_id", "rule", "start_ms", "end_ms", "peak", "points", "permanent"} <= set(e) for e in report["events"]
    )
    (complaint,) = [text for text in done.stderr.splitlines() if text.startswith("proctor:")]
    assert "notes.mp4" in complaint
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("part", ["KAFKA", "TRITON", "CLICKHOUSE"])
def test_an_unreachable_part_is_named(tmp_path: Path, part: str) -> None:
    """One line that names the part, the address and what to do; no traceback, no waiting for minutes."""
    address = {"CLICKHOUSE": "http://127.0.0.1:9"}.get(part, "127.0.0.1:9")
    told = {f"PROCTOR_{part}": address, "PROCTOR_REACH_DEADLINE_S": "2"}
    done = proctor(tmp_path / "home", "run", "exam:2", **told)
    assert done.returncode == 1
    (complaint,) = [text for text in done.stderr.splitlines() if text.startswith("proctor:")]
    assert "127.0.0.1:9" in complaint
    assert "Traceback" not in done.stderr
