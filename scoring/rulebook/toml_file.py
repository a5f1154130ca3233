"""A TOML file that a person wrote: read within limits, and complaints about it said with file, line and key."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from scoring.rulebook.complaint import Complaint, Keys, dotted
from scoring.rulebook.toml_lines import line_of, lines_of

LARGEST_FILE = 1 << 18
_PLACE = re.compile(r" ?\(at line (\d+), column \d+\)$")
_TWICE = ("Cannot overwrite", "twice", "Duplicate", "Cannot redefine", "Cannot mutate")
_HEADER = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What `path`, called a `what`, says, and where it says it."""

    what: str
    path: Path
    raw: dict[str, Any]
    lines: dict[Keys, int]

    def errors(self, complaints: Iterable[Complaint]) -> tuple[InputError, ...]:
        """The complaints as a person reads them, line by line; those without a line last."""
        ordered = sorted(complaints, key=lambda one: line_of(self.lines, one.keys) or inf)
        return tuple(self._error(complaint) for complaint in ordered)

    def _error(self, complaint: Complaint) -> InputError:
        line = line_of(self.lines, complaint.keys)
        place = f"{self.what} {self.path}" + (f", line {line}" if line else "")
        return InputError(f"{place}: {dotted(complaint.keys) or 'document'}", complaint.why, complaint.mend)


def read_toml(what: str, path: Path, mend: str) -> TomlFile:
    """The file at `path`.

    Raises: InputError, with `mend` as the way out when there is no such text.
    """
    text = _read(what, path, mend)
    try:
        raw = tomllib.loads(text)
        return TomlFile(what, path, raw, lines_of(text))
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(what, path, text, str(error)) from error
    except RecursionError as error:
        raise InputError(f"{what} {path}", "nested too deeply", mend) from error
    except ValueError as error:
        raise InputError(f"{what} {path}", "a whole number has thousands of digits", mend) from error


def _read(what: str, path: Path, mend: str) -> str:
    try:
        if not path.is_file():
            why = "is a folder" if path.is_dir() else "there is no such file"
            raise InputError(f"{what} {str(path)!r}", why, mend)
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise InputError(f"{what} {path}", f"the file has more than {LARGEST_FILE} bytes", mend)
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"not UTF-8 text ({error.reason} at byte {error.start})"
        raise InputError(f"{what} {path}", why, mend) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{what} {str(path)!r}", f"cannot be read ({reason})", mend) from error


def _not_toml(what: str, path: Path, text: str, said: str) -> InputError:
    """The parser's words with the line first; of what stands there twice, which key and where it stood before."""
    found = _PLACE.search(said)
    number, why = (int(found[1]), said[: found.start()]) if found else (text.count("\n") + 1, said)
    place = f"{what} {path}, line {number}"
    if any(word in why for word in _TWICE):
        key, before = _key_at(text.split("\n"), number)
        earlier = f", first in line {before}" if before else ""
        return InputError(f"{place}: {key}", f"is there twice{earlier} ({why})", "Keep one of them.")
    why = f"not valid TOML: {why[:1].lower()}{why[1:].removesuffix(' (at end of document)')}"
    return InputError(place, why, "Mend the syntax; see https://toml.io.")


def _key_at(lines: list[str], number: int) -> tuple[str, int]:
    """The key or table that the line sets, and the first line that sets the same one; 0: no other does."""
    table = key = ""
    first: dict[str, int] = {}
    for at, line in enumerate(lines[:number], 1):
        if header := _HEADER.match(line):
            table = key = header[1].replace(" ", "")
        elif pair := _KEY.match(line):
            key = f"{table}.{pair[1]}" if table else pair[1]
        else:
            continue
        first.setdefault(key, at)
    return key, first.get(key, 0) if first.get(key, number) != number else 0
