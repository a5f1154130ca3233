"""Reading a policy from TOML: presets, inheritance by `extends`, errors with file, line, key and what is allowed.

`extends` names a preset or a file in the same folder; what the policy does not name is as there. `keep_rules` lists the
inherited rules that stay; without it all do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from ingest.errors import InputError
from scoring.rulebook.complaint import Complaint, Keys, allowed
from scoring.rulebook.field_complaints import misfits
from scoring.rulebook.inheritance import Layer, about_keeping, joined
from scoring.rulebook.policy_complaints import complaints, rule_complaints
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.rule_document import Label, Rule
from scoring.rulebook.toml_file import TomlFile, read_toml

DEFAULT = "default"
PRESETS = Path(__file__).parents[1] / "policies"
MOST_ANCESTORS = 8
FEW_MISSING = 2  # tables; a document that lacks more was not meant to be complete


class WrittenPolicy(PolicyDocument, frozen=True, kw_only=True):
    """A policy with what only its file says: whom it extends, which of the inherited rules it keeps."""

    extends: str = ""
    keep_rules: tuple[Label, ...] | None = None


_WRITTEN = inspect.type_info(WrittenPolicy)


@dataclass(frozen=True, slots=True)
class Examined:
    """A policy as far as it could be read: complete (`spec`), or everything that is wrong with it.

    `layers`: the files that make it, the one that all others rest on first.
    """

    spec: PolicyDocument | None
    errors: tuple[InputError, ...]
    layers: tuple[Layer, ...]


def presets() -> tuple[str, ...]:
    """The names of the policies that are shipped."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.toml")))


def read_policy(name_or_path: str) -> PolicyDocument:
    """The preset of that name, or the policy in that TOML file.

    Raises: InputError, the first of those that `examine_policy` finds.
    """
    examined = examine_policy(name_or_path)
    for error in examined.errors:
        raise error
    assert examined.spec is not None
    return examined.spec


def examine_policy(name_or_path: str) -> Examined:
    """The preset of that name, or the policy in that TOML file, with all that is wrong with it."""
    return _examine(_path_of(name_or_path), ())


def _path_of(name_or_path: str) -> Path:
    return PRESETS / f"{name_or_path}.toml" if name_or_path in presets() else Path(name_or_path)


def _examine(path: Path, heirs: tuple[Path, ...]) -> Examined:
    """`heirs`: the files that rest on this one."""
    mend = f"Give the path of a TOML file or a preset. {allowed(presets(), str(path))}"
    try:
        file = read_toml("policy", path, mend)
    except InputError as error:
        return Examined(None, (error,), ())
    wrong = tuple(_about_extends(file, (*heirs, path)))
    if wrong:
        return Examined(None, file.errors(wrong), ())
    base = _examine(_base_of(file), (*heirs, path)) if "extends" in file.raw else Examined(None, (), ())
    return base if base.errors else _complete(file, base.layers)


def _complete(file: TomlFile, under: tuple[Layer, ...]) -> Examined:
    """The policy of a file on top of what it extends, which is without fault."""
    inherited = under[-1].merged if under else {}
    own = {"name": file.path.stem} | file.raw if under else file.raw
    wrong = list(about_keeping(file.raw, inherited))
    merged = joined(inherited, own, None if wrong else own.get("keep_rules"))
    layer = Layer(str(merged.get("name", file.path.stem)), own, merged)
    wrong += _complaints_of(merged, bool(under))
    errors = file.errors(wrong)
    return Examined(None if errors else msgspec.convert(merged, PolicyDocument), errors, (*under, layer))


def _about_extends(file: TomlFile, line: tuple[Path, ...]) -> Iterator[Complaint]:
    """What is wrong with whom the file extends; `line`: the file and those that rest on it."""
    base = file.raw.get("extends", DEFAULT)
    if not isinstance(base, str):
        yield from misfits({"extends": base}, inspect.type_info(_Extending))
        return
    beside = _beside(file.path)
    if base not in (*presets(), *beside):
        mend = allowed((*presets(), *beside), base)
        yield Complaint(("extends",), f"{base!r} is no preset and no .toml file in the same folder", mend)
    elif "extends" in file.raw and _base_of(file).resolve() in [one.resolve() for one in line]:
        chain = " > ".join((*(one.name for one in line), _base_of(file).name))
        yield Complaint(("extends",), f"goes in a circle: {chain}", "Let one of them extend a preset or nothing.")
    elif len(line) > MOST_ANCESTORS:
        yield Complaint(("extends",), f"more than {MOST_ANCESTORS} policies rest on each other", "Join some of them.")


class _Extending(msgspec.Struct):
    extends: str


def _beside(path: Path) -> tuple[str, ...]:
    """The TOML files in the same folder, but for the presets' own, which go by their names."""
    if path.parent.resolve() == PRESETS.resolve():
        return ()
    return tuple(sorted(one.name for one in path.parent.glob("*.toml")))


def _base_of(file: TomlFile) -> Path:
    base: str = file.raw["extends"]
    return PRESETS / f"{base}.toml" if base in presets() else file.path.parent / base


def _complaints_of(merged: dict[str, Any], extends: bool) -> Iterator[Complaint]:
    """What is wrong with the fields, and what the fields that are right say about each other."""
    wrong = list(misfits(merged, _WRITTEN))
    missing = [complaint.keys[0] for complaint in wrong if len(complaint.keys) == 1 and complaint.keys[0] not in merged]
    if not extends and len(missing) > FEW_MISSING:
        mend = f'Begin with extends = "{DEFAULT}" and name only what differs.'
        wrong = [complaint for complaint in wrong if complaint.keys[0] not in missing]
        yield Complaint((), f"{', '.join(missing)} are missing", mend)
    if wrong or missing:
        yield from wrong
        yield from _about_sound_rules(merged.get("rules"), {complaint.keys[:2] for complaint in wrong})
        return
    try:
        yield from complaints(msgspec.convert(merged, PolicyDocument))
    except msgspec.ValidationError as error:  # the types have the last word
        yield Complaint((), str(error), "Give a value of that type and range.")


def _about_sound_rules(rules: object, unsound: set[Keys]) -> Iterator[Complaint]:
    """What the fields of those rules say about each other whose fields are right."""
    for name, rule in rules.items() if isinstance(rules, dict) and ("rules",) not in unsound else ():
        if ("rules", name) not in unsound:
            yield from rule_complaints(("rules", name), msgspec.convert(rule, Rule))
