"""What is wrong in an exam, and what it costs: policies as data, read, checked and prepared for the fold.

A policy is a TOML file or a preset; its canonical form is JSON with sorted keys and everything inherited written out,
so that the text alone decides. What one person is allowed follows it in the terms of that person's session.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import msgspec

from ingest.errors import PoisonError
from scoring.rulebook.accommodations import Accommodation, accommodations_document, parse_accommodations
from scoring.rulebook.attention_scale import Scale, scale_of
from scoring.rulebook.plan import Band, Group, PlannedRule, bands_of, groups_of, object_slots, plan_rules
from scoring.rulebook.policy_complaints import complaints
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.policy_file import DEFAULT, read_policy
from scoring.rulebook.signals import STREAMS, Stream
from scoring.rulebook.variants import Variants, breaks_of, variants_of

_BETWEEN = "\n"  # canonical JSON has no line breaks


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One checked policy and what somebody is allowed under it.

    `document`: its canonical JSON text, `digest`: the 16 hexadecimal digits that name it. `terms`: document and
    accommodations, `key`: their digest, equal to `digest` when there are none. `watched`: the places of the rules that
    speak of a stream; `waiting`: of those that wait for the person's baseline.
    """

    spec: PolicyDocument
    document: str
    digest: str
    terms: str
    key: str
    rules: tuple[PlannedRule, ...]
    groups: dict[Stream, tuple[Group, ...]]
    bands: dict[Stream, tuple[Band, ...]]
    watched: dict[Stream, frozenset[int]]
    waiting: frozenset[int]
    object_slots: dict[str, int]
    accommodations: tuple[Accommodation, ...]
    variants: Variants
    breaks: tuple[tuple[int, int], ...]
    attention: Scale | None

    @property
    def name(self) -> str:
        """What its author calls it."""
        return self.spec.name

    @property
    def silence_ms(self) -> int:
        """How long a session may be silent before it is closed."""
        return self.spec.silence_ms


def plan(spec: PolicyDocument, accommodations: Sequence[Accommodation] = ()) -> Policy:
    """The policy of a checked document; rules stand in the order of their names."""
    document = msgspec.json.encode(spec, order="sorted").decode()
    allowed = accommodations_document(tuple(accommodations))
    terms = _terms(document, allowed)
    rules = plan_rules(spec)
    return Policy(
        spec=spec,
        document=document,
        digest=_digest(document),
        terms=terms,
        key=_digest(terms),
        rules=rules,
        groups={stream: groups_of(rules, stream) for stream in STREAMS},
        bands={stream: bands_of(rules, stream) for stream in STREAMS},
        watched={stream: frozenset(r.place for r in rules if stream in r.streams) for stream in STREAMS},
        waiting=frozenset(rule.place for rule in rules if rule.waits),
        object_slots=object_slots(spec),
        accommodations=tuple(accommodations),
        variants=variants_of(rules, accommodations),
        breaks=breaks_of(accommodations),
        attention=scale_of(spec),
    )


def _terms(document: str, accommodations: str) -> str:
    return document + _BETWEEN + accommodations if accommodations else document


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def load_policy(name_or_path: str) -> Policy:
    """The preset of that name, or the policy in that TOML file.

    Raises: InputError naming the file, the key, the line where it can be known, and what is allowed.
    """
    return plan(read_policy(name_or_path))


def announced_policy(document: str, accommodations: str) -> Policy:
    """The policy of a session that begins with these two texts; empty: the default preset, nothing allowed.

    Raises: PoisonError when one of them is not complete and valid.
    """
    return parse_terms(_terms(document, accommodations))


def accommodated(policy: Policy, accommodations: str) -> Policy:
    """The policy for somebody who is allowed what the text says.

    Raises: PoisonError when the text is not valid.
    """
    return announced_policy(policy.document, accommodations) if accommodations else policy


@lru_cache(maxsize=256)
def parse_terms(text: str) -> Policy:
    """The policy and the accommodations of one text; an empty policy is the default preset.

    Raises: PoisonError when the text is not a complete, valid policy with valid accommodations.
    """
    document, _, accommodations = text.partition(_BETWEEN)
    return plan(_spec(document), parse_accommodations(accommodations))


def _spec(document: str) -> PolicyDocument:
    if not document:
        return read_policy(DEFAULT)
    try:
        spec = msgspec.json.decode(document.encode(), type=PolicyDocument)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise PoisonError(f"unreadable policy: {error}") from error
    for complaint in complaints(spec):
        raise PoisonError(f"unusable policy: {'.'.join(complaint.keys)}: {complaint.why}")
    return spec
