"""What is wrong with the fields of a document read from TOML: every one that its types would refuse, with its place.

msgspec stops at the first mistake and does not name a field that is unknown within a choice of several kinds. Here
the same types are walked, so that all mistakes are found; msgspec's own reading comes after it and has the last word.
"""

import re
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

from msgspec import inspect

from scoring.rulebook.complaint import Complaint, Keys, allowed

_LARGEST_WHOLE = 2**53  # beyond it a float no longer holds a whole number as it was written
_SHOWN = 40  # letters of a value that is repeated to the person
_CALLED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


def misfits(value: object, kind: inspect.Type, keys: Keys = ()) -> Iterator[Complaint]:
    """Everything in `value`, as tomllib gives it, that does not fit the type."""
    match kind:
        case inspect.StructType():
            yield from _table(value, (kind,), keys)
        case inspect.UnionType():
            yield from _choice(value, kind, keys)
        case inspect.DictType():
            yield from _names(value, kind, keys)
        case inspect.VarTupleType():
            yield from _list(value, kind, keys)
        case _:
            yield from _plain(value, kind, keys)


def _plain(value: object, kind: inspect.Type, keys: Keys) -> Iterator[Complaint]:
    match kind:
        case inspect.LiteralType():
            if value not in kind.values or isinstance(value, bool):
                yield Complaint(keys, f"{_shown(value)} is not known", allowed(_words(kind), value))
        case inspect.BoolType():
            yield from _of_type(value, bool, keys)
        case inspect.StrType():
            yield from _text(value, kind, keys)
        case inspect.IntType() | inspect.FloatType():
            yield from _number(value, kind, keys)
        case _ if value is not None:
            yield Complaint(keys, f"{_shown(value)} cannot stand here", "Leave it out.")


def _choice(value: object, kind: inspect.UnionType, keys: Keys) -> Iterator[Complaint]:
    """A table of one of several kinds, or one of several plain values; the first kind speaks for the others."""
    tables = tuple(one for one in kind.types if isinstance(one, inspect.StructType))
    if tables:
        yield from _table(value, tables, keys)
    elif all(list(misfits(value, one, keys)) for one in kind.types):
        yield from misfits(value, kind.types[0], keys)


def _table(value: object, kinds: tuple[inspect.StructType, ...], keys: Keys) -> Iterator[Complaint]:
    if not isinstance(value, dict):
        yield from _of_type(value, dict, keys)
        return
    tag = kinds[0].tag_field
    if tag is not None and value.get(tag) not in (tags := [str(one.tag) for one in kinds]):
        why = f"{_shown(value[tag])} is not a kind" if tag in value else "is missing"
        yield Complaint((*keys, tag), why, allowed(tags, value.get(tag)))
        return
    kind = kinds[0] if tag is None else next(one for one in kinds if one.tag == value[tag])
    fields = {field.name: field for field in kind.fields}
    whose = "this table" if tag is None else f"{tag} {value[tag]!r}"
    for name in (name for name in value if name not in fields and name != tag):
        yield Complaint((*keys, name), f"is no field of {whose}", allowed(fields, name))
    for name, field in fields.items():
        if name in value:
            yield from misfits(value[name], field.type, (*keys, name))
        elif field.required:
            yield Complaint((*keys, name), "is missing", f"Needed by {whose}: {_expected(field.type)}.")


def _names(value: object, kind: inspect.DictType, keys: Keys) -> Iterator[Complaint]:
    if not isinstance(value, dict):
        yield from _of_type(value, dict, keys)
        return
    if kind.max_length is not None and len(value) > kind.max_length:
        yield Complaint(keys, f"has {len(value)} entries", f"At most {kind.max_length} are allowed.")
    if kind.min_length is not None and len(value) < kind.min_length:
        yield Complaint(keys, "is empty", f"At least {kind.min_length} is needed.")
    for name, one in value.items():
        yield from misfits(name, kind.key_type, (*keys, name))
        yield from misfits(one, kind.value_type, (*keys, name))


def _list(value: object, kind: inspect.VarTupleType, keys: Keys) -> Iterator[Complaint]:
    if not isinstance(value, list):
        yield from _of_type(value, list, keys)
        return
    least, most = kind.min_length or 0, kind.max_length
    if len(value) < least or (most is not None and len(value) > most):
        yield Complaint(keys, f"has {len(value)} elements", f"Needed: {least} to {most or 'any number'}.")
    for place, one in enumerate(value):
        yield from misfits(one, kind.item_type, (*keys, f"[{place}]"))


def _text(value: object, kind: inspect.StrType, keys: Keys) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield from _of_type(value, str, keys)
    elif kind.pattern is not None and not re.search(kind.pattern, value):
        mend = "Write small letters, digits and _, beginning with a letter, at most 40."
        yield Complaint(keys, f"{_shown(value)} is not a name", mend)
    elif not value.isprintable():
        yield Complaint(keys, "has characters that cannot be shown", "Write one line of plain text.")
    elif not (kind.min_length or 0) <= len(value) <= (kind.max_length or len(value)):
        mend = f"Needed: {kind.min_length or 0} to {kind.max_length} characters."
        yield Complaint(keys, f"has {len(value)} characters", mend)


def _number(value: object, kind: inspect.IntType | inspect.FloatType, keys: Keys) -> Iterator[Complaint]:
    whole = isinstance(kind, inspect.IntType)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield from _of_type(value, int if whole else float, keys)
    elif isinstance(value, float) and not isfinite(value):
        yield Complaint(keys, f"{value} is not a finite number", f"Needed: {_expected(kind)}.")
    elif not _is_within(value, kind) or abs(value) > _LARGEST_WHOLE:
        yield Complaint(keys, f"{_shown(value)} is out of range", f"Needed: {_expected(kind)}.")


def _is_within(value: float, kind: inspect.IntType | inspect.FloatType) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def _of_type(value: object, wanted: type, keys: Keys) -> Iterator[Complaint]:
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        given = _CALLED.get(type(value), "a date or time")
        yield Complaint(keys, f"is {given} ({_shown(value)})", f"Needed: {_CALLED[wanted]}.")


def _shown(value: Any) -> str:
    """A value as the document has it, shortened."""
    try:
        text = str(value).lower() if isinstance(value, bool) else repr(value)
    except ValueError:  # a whole number of thousands of digits
        text = "a huge number"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _words(kind: inspect.LiteralType) -> Iterable[str]:
    return (str(word) for word in kind.values if word != "")


def _expected(kind: inspect.Type) -> str:
    """What a field takes, in words."""
    match kind:
        case inspect.UnionType():
            return _expected(kind.types[0])
        case inspect.IntType() | inspect.FloatType():
            whole = _CALLED[int if isinstance(kind, inspect.IntType) else float]
            low = f" above {kind.gt:g}" if kind.gt is not None else f" from {kind.ge:g}" if kind.ge is not None else ""
            return f"{whole}{low}" + (f" to {kind.le:.12g}" if kind.le is not None else "")
        case inspect.LiteralType():
            return " or ".join(_words(kind))
        case inspect.StrType():
            return _CALLED[str]
        case inspect.BoolType():
            return _CALLED[bool]
        case inspect.VarTupleType():
            return _CALLED[list]
        case _:
            return _CALLED[dict]
