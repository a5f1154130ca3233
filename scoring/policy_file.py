"""Reading a policy from TOML: presets, inheritance by `extends`, errors with file, line, key and what is allowed."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ingest.errors import InputError
from scoring.policy_complaints import Complaint, complaints
from scoring.policy_document import (
    ActivityRules,
    AttentionRules,
    CalibrationRules,
    Classes,
    Evidence,
    Fallback,
    Level,
    PolicyDocument,
    QualityFloor,
    ScoreRules,
)
from scoring.rule_document import KINDS, AnyRule, Comparison, Part, Rule

DEFAULT = "default"
PRESETS = Path(__file__).parent / "policies"
LARGEST_FILE = 1 << 18

_TABLES: dict[str, type[msgspec.Struct]] = {
    "": PolicyDocument,
    "evidence": Evidence,
    "quality": QualityFloor,
    "calibration": CalibrationRules,
    "calibration.fallback": Fallback,
    "score": ScoreRules,
    "classes": Classes,
    "rules.*": AnyRule,
    "rules.*.when": Comparison,
    "rules.*.only_if": Comparison,
    "rules.*.trust": Comparison,
    "rules.*.parts": Part,
    "rules.*.parts.when": Comparison,
    "attention": AttentionRules,
    "attention.deviations.*": Level,
    "activity": ActivityRules,
}
_HEADER = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")
_WHERE = re.compile(r"^(?P<why>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `([^`]+)`")


def presets() -> tuple[str, ...]:
    """The names of the policies that are shipped."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.toml")))


def read_policy(name_or_path: str) -> PolicyDocument:
    """The preset of that name, or the policy in that TOML file.

    Raises: InputError.
    """
    path = PRESETS / f"{name_or_path}.toml" if name_or_path in presets() else Path(name_or_path)
    text = _read(path, name_or_path)
    own = _parse(text, path)
    raw = _inherit(own, path, text)
    for complaint in _complaints_of(raw):
        raise _error(path, text, complaint)
    return msgspec.convert(raw, PolicyDocument)


def _read(path: Path, asked: str) -> str:
    mend = f"Give the path of a TOML file or one of the presets: {', '.join(presets())}."
    try:
        if not path.is_file():
            raise InputError(f"policy {asked!r}", "there is no such preset or file", mend)
        content = path.read_bytes()
        if len(content) > LARGEST_FILE:
            raise InputError(f"policy {asked!r}", f"the file has more than {LARGEST_FILE} bytes", mend)
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"policy {asked!r}", f"not UTF-8 text ({error.reason} at byte {error.start})", mend) from error
    except (OSError, ValueError) as error:
        raise InputError(f"policy {asked!r}", f"cannot be read ({error})", mend) from error


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            f"policy {path}", f"not valid TOML: {error}", "Mend the syntax; see https://toml.io."
        ) from error


def _inherit(own: dict[str, Any], path: Path, text: str) -> dict[str, Any]:
    """The document with everything that it inherits; a policy without a name is called after its file."""
    base = own.pop("extends", None)
    if base is None:
        return own
    if base not in presets():
        complaint = Complaint(("extends",), f"{base!r} is not a preset", f"Allowed: {', '.join(presets())}.")
        raise _error(path, text, complaint)
    inherited = msgspec.to_builtins(read_policy(base))
    return _merge(inherited, {"name": path.stem} | own)


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _complaints_of(raw: dict[str, Any]) -> Iterator[Complaint]:
    """What the types refuse first, then what the fields say about each other."""
    rules = raw.get("rules")
    for name, rule in rules.items() if isinstance(rules, dict) else ():
        yield from _refused(rule, Rule, ("rules", name))
    refused = list(_refused(raw, PolicyDocument, ()))
    yield from refused or complaints(msgspec.convert(raw, PolicyDocument))


def _refused(raw: object, kind: Any, under: tuple[str, ...]) -> Iterator[Complaint]:
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        found = _WHERE.match(str(error))
        why, path = (found["why"], found["path"] or "") if found else (str(error), "")
        keys = (*under, *re.findall(r"[A-Za-z0-9_]+", re.sub(r"\[[^\]]*\]", "", path)))
        yield _explain(keys, why)


def _explain(keys: tuple[str, ...], why: str) -> Complaint:
    """A complaint of msgspec's words, with the fields that the table may have."""
    field = _FIELD.search(why)
    place = ".".join("*" if keys[0] == "rules" and at == 1 else key for at, key in enumerate(keys))
    table = _TABLES.get(place)
    if field and table:
        allowed = f"Fields of this table: {', '.join(table.__struct_fields__)}."
        verb = "is not known" if "unknown" in why else "is missing"
        return Complaint((*keys, field[1]), verb, allowed)
    if keys[-1:] == ("kind",):
        return Complaint(keys, "not a kind of rule", f"Allowed: {', '.join(KINDS)}.")
    return Complaint(keys, why[:1].lower() + why[1:], "Give a value of that type and range.")


def _error(path: Path, text: str, complaint: Complaint) -> InputError:
    line = line_of(text, complaint.keys)
    place = f"policy {path}" + (f", line {line}" if line else "")
    return InputError(f"{place}: {'.'.join(complaint.keys) or 'document'}", complaint.why, complaint.mend)


def line_of(text: str, keys: tuple[str, ...]) -> int:
    """The line, from 1, that sets `keys` or the closest table above it; 0 when no line names any of them."""
    table: tuple[str, ...] = ()
    best, depth = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = named = _split(header[1])
        elif key := _KEY.match(line):
            named = (*table, *_split(key[1]))
        else:
            continue
        if len(named) > depth and keys[: len(named)] == named:
            best, depth = number, len(named)
    return best


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
