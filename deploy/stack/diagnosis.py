"""From the last lines of a part's log to what a person should know and do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# The packages of Debian and Ubuntu that carry the libraries which the wheels expect from the system.
APT_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libexpat.so.1": "libexpat1",
    "libresolv.so.2": "libc6",
}
_PYTHON_LIBRARY = re.compile(r"libpython(3\.\d+)\.so")
_MISSING = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_LINES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why, and what to do, each without a full stop."""

    why: str
    mend: str


def install_command(library: str) -> str:
    """How to get a missing system library, in words that end in a command."""
    python = _PYTHON_LIBRARY.match(library)
    if python:
        return (
            f"Install it with: sudo apt-get install -y libpython{python[1]}"
            " (or use a Python that was built with --enable-shared)"
        )
    package = APT_PACKAGES.get(library)
    if package:
        return f"Install it with: sudo apt-get install -y {package}"
    return f"Find its package with: apt-file search {library}"


def diagnose(lines: Sequence[str], log: str) -> Diagnosis:
    """The reason in a log's last lines: a known trouble in plain words, else the lines themselves."""
    text = "\n".join(lines)
    missing = _MISSING.search(text)
    if missing:
        return Diagnosis(f"the system library {missing[1]} is missing", install_command(missing[1]))
    for pattern, why, mend in _TROUBLES:
        if pattern.search(text):
            return Diagnosis(f"{why} ({_line_with(pattern, lines)})", mend)
    shown = [line.strip() for line in lines if line.strip()][-_LINES_SHOWN:]
    return Diagnosis(" | ".join(shown) or "it says nothing", f"Read {log}")


_TROUBLES = (
    (
        re.compile(r"Address (?:already )?in use|[Ff]ailed to start .* endpoint|errno 98", re.IGNORECASE),
        "its port is taken by another program",
        "Run `proctor up` again, it finds other ports; or end that program",
    ),
    (re.compile(r"No space left on device"), "the disk is full", "Free some space, then run `proctor up` again"),
    (
        re.compile(r"OutOfMemoryError|Cannot allocate memory|MemoryError|insufficient memory", re.IGNORECASE),
        "there is not enough memory",
        "End other programs; the stack needs about 2 GB",
    ),
    (
        re.compile(r"Permission denied"),
        "it may not read or write a file",
        "Give the state folder to your user, or set PROCTOR_HOME to another",
    ),
    (
        re.compile(r"ModuleNotFoundError|No module named"),
        "a Python package is missing",
        "Run `make clean` and `make demo`, which install the environment again",
    ),
    (
        re.compile(r"Cannot lock file|is already locked|another server instance|Failed to acquire lock", re.IGNORECASE),
        "another process uses its data folder",
        "Run `proctor down`, or set PROCTOR_HOME to another folder",
    ),
)


def _line_with(pattern: re.Pattern[str], lines: Sequence[str]) -> str:
    found = next((line for line in reversed(lines) if pattern.search(line)), lines[-1])
    return found.strip()[:200]
