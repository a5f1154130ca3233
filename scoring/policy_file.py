"""Reading a policy from TOML: presets, inheritance by `extends`, errors with file, line, key and what is allowed."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ingest.errors import InputError
from scoring.policy_document import (
    CalibrationRules,
    Classes,
    Comparison,
    Evidence,
    Fallback,
    HeldRule,
    PolicyDocument,
    ScoreRules,
)
from scoring.signals import FACE_SIGNALS, OBJECT_PREFIX, QualityFloor, detector_of

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
    "rules.*": HeldRule,
    "rules.*.when": Comparison,
}
_HEADER = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")
_WHERE = re.compile(r"^(?P<why>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `([^`]+)`")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one key of a policy, and the way out."""

    keys: tuple[str, ...]
    why: str
    mend: str


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
        yield from _refused(rule, HeldRule, ("rules", name))
    refused = list(_refused(raw, PolicyDocument, ()))
    yield from refused or complaints(msgspec.convert(raw, PolicyDocument))


def _refused(raw: object, kind: type[msgspec.Struct], under: tuple[str, ...]) -> Iterator[Complaint]:
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
        return Complaint(keys, "not a kind of rule", "Allowed: held.")
    return Complaint(keys, why[:1].lower() + why[1:], "Give a value of that type and range.")


def complaints(spec: PolicyDocument) -> Iterator[Complaint]:
    """What is wrong with a policy whose fields are all of the right type."""
    levels = spec.classes
    if not levels.borderline < levels.suspicious < levels.high_risk:
        yield Complaint(("classes",), "the levels do not rise", "Needed: borderline < suspicious < high_risk.")
    if not any(rule.enabled for rule in spec.rules.values()):
        yield Complaint(("rules",), "no rule is enabled", "Enable at least one.")
    for name, rule in spec.rules.items():
        for comparison in rule.when:
            yield from _unfit(("rules", name, "when"), comparison)
        if len({detector_of(comparison.signal) for comparison in rule.when}) > 1:
            mend = "Make one rule for the face's signals and one for the objects'."
            yield Complaint(("rules", name, "when"), "mixes signals of several detectors", mend)


def _unfit(keys: tuple[str, ...], test: Comparison) -> Iterator[Complaint]:
    if detector_of(test.signal) is None:
        known = ", ".join((*FACE_SIGNALS, f"{OBJECT_PREFIX}<label>"))
        yield Complaint(keys, f"there is no signal {test.signal!r}", f"Allowed: {known}.")
    if (test.at_least is None) == (test.at_most is None):
        yield Complaint(keys, f"{test.signal} needs one threshold", "Give either at_least or at_most.")
    elif test.until is not None and not _releases(test, test.until):
        mend = "Under at_least it must lie in (0, at_least], over at_most at or above it; thresholds other than 0."
        yield Complaint(keys, f"until of {test.signal} is on the wrong side", mend)


def _releases(test: Comparison, until: float) -> bool:
    if test.at_least is not None:
        return 0.0 < until <= test.at_least
    return test.at_most is not None and 0.0 < test.at_most <= until


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
