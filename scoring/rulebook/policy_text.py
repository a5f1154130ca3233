"""A policy written out: complete, as TOML that reads back as the same policy, and as fields that can be compared."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from scoring.rulebook.complaint import Keys
from scoring.rulebook.policy_document import PolicyDocument

Note = Callable[[Keys], str]
"""What is to be said beside a key; empty: nothing."""


def policy_toml(spec: PolicyDocument, note: Note) -> Iterator[str]:
    """The lines of the policy's complete text; a table that is noted as a whole says so once, in its header."""
    document: dict[str, Any] = msgspec.to_builtins(spec)
    yield from _table(document, (), note)


def _table(table: Mapping[str, Any], keys: Keys, note: Note) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) or _is_row((*keys, key))}
    notes = {key: note((*keys, key)) for key in plain}
    shared = set(notes.values()) if keys else {""}
    common = shared.pop() if len(shared) == 1 else ""
    if keys and plain:
        yield ""
        yield _noted(f"[{'.'.join(_key(key) for key in keys)}]", common)
    for key, value in plain.items():
        yield from _pair(_key(key), value, "" if common else notes[key])
    for key, value in table.items():
        if key not in plain:
            yield from _table(value, (*keys, key), note)


def _is_row(keys: Keys) -> bool:
    """Whether a table reads best in one line."""
    return keys == ("attention", "levels") or (keys[:2] == ("attention", "deviations") and len(keys) == 3)


def _pair(key: str, value: object, note: str) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not value or not isinstance(value[0], dict):
        yield _noted(f"{key} = {toml_value(value)}", note)
        return
    yield _noted(f"{key} = [", note)
    yield from (f"    {toml_value(one)}," for one in value)
    yield "]"


def _noted(line: str, note: str) -> str:
    return f"{line}  # {note}" if note else line


def toml_value(value: object) -> str:
    """A value as TOML writes it, in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(toml_value(one) for one in value)}]"
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {toml_value(one)}' for key, one in value.items())} }}"
        case _:
            return repr(value)


def _key(name: str) -> str:
    is_bare = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return name if is_bare else json.dumps(name, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two policies differ; None: the policy has no such rule, table or field."""

    table: str
    field: str
    first: str | None
    second: str | None


def differences(first: PolicyDocument, second: PolicyDocument) -> Iterator[Difference]:
    """Table by table, rule by rule, field by field; a rule or table that only one of them has is one difference."""
    tables, others = _tables_of(first), _tables_of(second)
    for name in sorted({*tables, *others}, key=lambda name: (name.startswith("rules."), name)):
        mine, theirs = tables.get(name), others.get(name)
        if mine is None or theirs is None:
            yield Difference(name, "", _summary(mine), _summary(theirs))
            continue
        for field in (*mine, *(field for field in theirs if field not in mine)):
            if mine.get(field) != theirs.get(field):
                yield Difference(name, field, mine.get(field), theirs.get(field))


def _summary(table: Mapping[str, str] | None) -> str | None:
    return None if table is None else table.get("says", "present")


def _tables_of(spec: PolicyDocument) -> dict[str, dict[str, str]]:
    """Every table with its fields as TOML values, those left to their defaults, too."""
    tables: dict[str, dict[str, str]] = {"policy": {}}
    for field in spec.__struct_fields__:
        value = getattr(spec, field)
        if field == "rules":
            tables |= {f"rules.{name}": _fields_of(rule) for name, rule in value.items()}
        elif isinstance(value, msgspec.Struct):
            tables[field] = _fields_of(value)
        elif value is not None:
            tables["policy"][field] = toml_value(value)
    return tables


def _fields_of(table: msgspec.Struct) -> dict[str, str]:
    tag = table.__struct_config__.tag
    fields = {} if tag is None else {"kind": toml_value(tag)}
    for field in table.__struct_fields__:
        value = getattr(table, field)
        if isinstance(value, msgspec.Struct):
            fields |= {f"{field}.{name}": one for name, one in _fields_of(value).items()}
        else:
            fields[field] = toml_value(msgspec.to_builtins(value))
    return fields
