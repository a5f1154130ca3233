"""Policies for tests: a few rules of another one, with some of their fields changed."""

from collections.abc import Mapping, Sequence

import msgspec

from scoring.rulebook.accommodations import Accommodation
from scoring.rulebook.policy import Policy, plan
from scoring.rulebook.policy_complaints import complaints
from scoring.rulebook.policy_document import PolicyDocument


def narrowed(
    policy: Policy,
    rules: Mapping[str, Mapping[str, object]],
    accommodations: Sequence[Accommodation] = (),
    **tables: Mapping[str, object],
) -> Policy:
    """The policy with the named rules alone, these of their fields and of other tables changed."""
    document = msgspec.to_builtins(policy.spec)
    document["rules"] = {name: document["rules"][name] | dict(fields) for name, fields in rules.items()}
    for name, fields in tables.items():
        document[name] = document[name] | dict(fields)
    spec = msgspec.convert(document, PolicyDocument)
    assert not list(complaints(spec))
    return plan(spec, accommodations)


def accommodating(policy: Policy, *accommodations: Accommodation) -> Policy:
    """The policy for somebody who is allowed this."""
    return plan(policy.spec, accommodations)
