"""From a log's last lines to the reason and the way out."""

import os
from pathlib import Path

import pytest

from deploy.stack.diagnosis import diagnose, install_command
from deploy.stack.logs import last_start, open_log, rotate


@pytest.mark.parametrize(
    ("line", "why", "mend"),
    [
        ("ImportError: libGL.so.1: cannot open shared object file: No such file", "libGL.so.1 is missing", "libgl1"),
        (
            "error while loading shared libraries: libpython3.12.so.1.0: cannot open shared object file: No such",
            "libpython3.12.so.1.0 is missing",
            "libpython3.12",
        ),
        (
            "OSError: libnew.so.7: cannot open shared object file: no",
            "libnew.so.7 is missing",
            "apt-file search libnew.so.7",
        ),
        (
            "OSError: [Errno 98] error while attempting to bind: address already in use",
            "port is taken",
            "finds other ports",
        ),
        ("Caused by: java.net.BindException: Address already in use", "port is taken", "finds other ports"),
        ("OSError: [Errno 28] No space left on device", "disk is full", "Free some space"),
        ("java.lang.OutOfMemoryError: Java heap space", "not enough memory", "End other programs"),
        ("ModuleNotFoundError: No module named 'chdb'", "package is missing", "make clean"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "may not read or write", "PROCTOR_HOME"),
    ],
)
def test_known_troubles_are_told_in_plain_words(line: str, why: str, mend: str) -> None:
    found = diagnose(["starting", line, "bye"], "x.log")
    assert why in found.why
    assert mend in found.mend


def test_an_unknown_trouble_shows_the_last_lines_and_the_log() -> None:
    found = diagnose(["one", "two", "", "three", "four"], "/logs/kafka.log")
    assert found.why == "two | three | four"
    assert found.mend == "Read /logs/kafka.log"


def test_an_empty_log_says_so() -> None:
    assert diagnose([], "x.log").why == "it says nothing"


def test_the_install_command_is_complete() -> None:
    assert install_command("libGL.so.1").endswith("sudo apt-get install -y libgl1")


def write(path: Path, mark: str, text: str) -> None:
    with os.fdopen(open_log(path, mark), "wb") as log:
        log.write(text.encode())


def test_only_the_last_start_is_read(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "kafka.log"
    write(path, "kafka", "an old trouble\n")
    write(path, "kafka", "a new one\nand more\n")
    assert last_start(path) == ["a new one", "and more"]


def test_a_log_that_does_not_exist_has_no_lines(tmp_path: Path) -> None:
    assert last_start(tmp_path / "none.log") == []


def test_a_log_is_rotated_under_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "sinks.log"
    with os.fdopen(open_log(path, "sinks"), "wb", buffering=0) as log:
        log.write(b"x" * 1000)
        assert rotate(path, largest_bytes=1000)
        log.write(b"after\n")
    assert path.read_bytes() == b"after\n"
    assert (tmp_path / "sinks.log.1").read_bytes().endswith(b"x" * 1000)


@pytest.mark.parametrize("name", ["small.log", "none.log"])
def test_a_small_or_absent_log_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "small.log").write_bytes(b"x")
    assert not rotate(tmp_path / name, largest_bytes=1000)
    assert [path.name for path in tmp_path.iterdir()] == ["small.log"]
