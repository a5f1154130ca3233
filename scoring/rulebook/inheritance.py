"""How a policy rests on another one: what it takes over, what it keeps, what it replaces.

Tables are joined key by key; lists and the names of attention's levels are replaced as a whole. A rule of another kind
than the inherited one takes from it only what every kind has. `keep_rules` lists the inherited rules that stay.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from scoring.rulebook.complaint import Complaint, Keys, allowed
from scoring.rulebook.field_complaints import misfits
from scoring.rulebook.rule_document import AnyRule, Label

_OF_EVERY_KIND = frozenset(AnyRule.__struct_fields__)
_WHOLE: frozenset[Keys] = frozenset({("attention", "levels")})
_ONLY_IN_FILES = ("extends", "keep_rules")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file of a line of inheritance says, and what the whole line up to it amounts to."""

    name: str
    own: dict[str, Any]
    merged: dict[str, Any]


def origin_of(layers: Iterable[Layer], keys: Keys) -> str:
    """The name of the policy that sets this value; empty: none does, it is built in."""
    return next((layer.name for layer in reversed(tuple(layers)) if _says(layer.own, keys)), "")


def _says(own: object, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(own, dict) or key not in own:
            return False
        own = own[key]
    return True


def joined(inherited: dict[str, Any], own: dict[str, Any], keep: Iterable[str] | None) -> dict[str, Any]:
    """What a file amounts to on top of what it inherits; `keep`: the inherited rules that stay (None: all)."""
    return _merge(_kept(inherited, keep), {key: value for key, value in own.items() if key not in _ONLY_IN_FILES})


def about_keeping(own: dict[str, Any], inherited: dict[str, Any]) -> Iterator[Complaint]:
    """What is wrong with the rules to be kept; that they are names is seen to with the other fields."""
    keep = own.get("keep_rules")
    if keep is None:
        return
    if not inherited:
        yield Complaint(("keep_rules",), "means nothing without extends", 'Add extends = "default", or leave it out.')
        return
    wrong = list(misfits({"keep_rules": keep}, inspect.type_info(_Keeping)))
    yield from wrong
    for place, name in enumerate(() if wrong else keep):
        if name not in inherited["rules"]:
            why = f"there is no inherited rule {name!r}"
            yield Complaint(("keep_rules", f"[{place}]"), why, allowed(inherited["rules"], name))


class _Keeping(msgspec.Struct):
    keep_rules: tuple[Label, ...]


def _kept(inherited: dict[str, Any], keep: Iterable[str] | None) -> dict[str, Any]:
    if keep is None or not inherited:
        return inherited
    return inherited | {"rules": {name: inherited["rules"][name] for name in keep}}


def _merge(under: dict[str, Any], over: dict[str, Any], keys: Keys = ()) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        here, old = (*keys, key), merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and here not in _WHOLE:
            merged[key] = _merge(_fit_for(value, old) if keys == ("rules",) else old, value, here)
        else:
            merged[key] = value
    return merged


def _fit_for(rule: dict[str, Any], inherited: dict[str, Any]) -> dict[str, Any]:
    """What a rule takes over."""
    if rule.get("kind", inherited.get("kind")) == inherited.get("kind"):
        return inherited
    return {field: value for field, value in inherited.items() if field in _OF_EVERY_KIND}
