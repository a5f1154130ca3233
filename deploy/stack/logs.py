"""Logs of the parts: each writes to its own file itself, so that it outlives its supervisor; rotated by size."""

import os
import shutil
from pathlib import Path

LARGEST_BYTES = 20 << 20
TAIL_BYTES = 64 << 10
MARK = "=== started "


def open_log(path: Path, mark: str) -> int:
    """A descriptor for a child's output, after a line that marks this start. Appends, so that truncating is safe."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.write(handle, f"{MARK}{mark}\n".encode())
    return handle


def rotate(path: Path, largest_bytes: int = LARGEST_BYTES) -> bool:
    """Copy a log that has grown too large to `.1` and empty it; its writer keeps its descriptor. True when it was."""
    try:
        if path.stat().st_size < largest_bytes:
            return False
    except FileNotFoundError:
        return False
    shutil.copyfile(path, path.with_name(path.name + ".1"))
    os.truncate(path, 0)
    return True


def last_start(path: Path) -> list[str]:
    """The lines since the part's last start, the youngest 64 KB of them."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.rpartition(MARK)[2].splitlines()[1:] if MARK in text else text.splitlines()
