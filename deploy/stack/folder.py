"""The state folder of one local stack: where everything lies, and how its files are read and written.

plan.json    what is wanted: parts, ports, given addresses (written by `up`)
stack.json   what is: addresses, pids with their start times, health (written by the supervisor)
identity.key the secret that keys of registered faces are derived from, for this user alone
held/PART    while this file is there, the supervisor leaves PART down
logs/        one file a part, rotated
kafka/ clickhouse/ triton/ ingest/ detectors/ scoring/ sinks/    what each part keeps
"""

import base64
import fcntl
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

DEFAULT_NAME = ".state"
Record = TypeVar("Record", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths under one state folder."""

    path: Path

    @property
    def plan(self) -> Path:
        return self.path / "plan.json"

    @property
    def stack(self) -> Path:
        return self.path / "stack.json"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def supervisor_lock(self) -> Path:
        return self.path / "supervisor.lock"

    @property
    def up_lock(self) -> Path:
        return self.path / "up.lock"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def held(self, part: str) -> Path:
        return self.path / "held" / part

    def data(self, part: str) -> Path:
        return self.path / part

    def identity_key(self) -> str:
        """32 random bytes in base64, made when first asked for. Raises OSError."""
        path = self.path / "identity.key"
        if not path.exists():
            handle, part = tempfile.mkstemp(dir=self.path)  # readable by its owner only
            with os.fdopen(handle, "w") as file:
                file.write(base64.b64encode(os.urandom(32)).decode())
            with suppress(FileExistsError):  # whoever comes first has made it
                os.link(part, path)
            Path(part).unlink()
        return path.read_text()

    def make(self) -> None:
        """Create the folders that every part expects. Raises OSError."""
        for folder in (self.path, self.logs, self.path / "held"):
            folder.mkdir(parents=True, exist_ok=True)


def state_folder(environment: Mapping[str, str], chosen: Path | None = None) -> StateFolder:
    """The folder chosen, else $PROCTOR_HOME, else `.state` under the current directory."""
    path = chosen or Path(environment.get("PROCTOR_HOME") or DEFAULT_NAME)
    return StateFolder(path.expanduser().resolve())


def write_record(path: Path, record: msgspec.Struct) -> None:
    """Write JSON so that a reader, or a crash, never meets half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record), indent=1))
    Path(name).replace(path)


def read_record(path: Path, kind: type[Record]) -> Record | None:
    """The record, or None when there is none that can be read: a broken file is worth as much as no file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


class Lock:
    """A lock on a file that ends with its process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """True when the lock is now ours."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_locked(path: Path) -> bool:
    """True when a living process holds the lock."""
    if not path.exists():
        return False
    lock = Lock(path)
    taken = lock.take()
    lock.release()
    return not taken
