"""What is wrong in an exam, and what it costs: policies as data.

A policy is a TOML file or a preset; its canonical form is JSON with sorted keys and everything inherited written out,
so that the text alone decides. `Policy` is that text read, checked and prepared for the fold.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import msgspec

from ingest.errors import PoisonError
from scoring.policy_document import Comparison, HeldRule, PolicyDocument
from scoring.policy_file import DEFAULT, complaints, read_policy
from scoring.signals import DEVIATIONS, RATIOS, Detector, detector_of


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A test ready to run. `measure`: place in MEASURES of its baseline (-1: none); `keep` = until / threshold."""

    signal: str
    measure: int
    adapts: bool
    upward: bool
    threshold: float
    keep: float


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule ready to run; `place` is its place among the policy's rules, points are in thousandths."""

    place: int
    name: str
    rule: HeldRule
    tests: tuple[PlannedTest, ...]
    detector: Detector
    millipoints: int


@dataclass(frozen=True, slots=True)
class Policy:
    """One checked policy; `document` is its canonical JSON text and `digest` the 16 hexadecimal digits that name it."""

    name: str
    silence_ms: int
    document: str
    digest: str
    spec: PolicyDocument
    rules: tuple[PlannedRule, ...]
    face_rules: tuple[PlannedRule, ...]
    object_rules: tuple[PlannedRule, ...]
    object_signals: tuple[str, ...]


def plan(spec: PolicyDocument) -> Policy:
    """The policy of a checked document; rules stand in the order of their names."""
    document = msgspec.json.encode(spec, order="sorted").decode()
    enabled = sorted((name, rule) for name, rule in spec.rules.items() if rule.enabled)
    rules = tuple(_plan_rule(place, name, rule) for place, (name, rule) in enumerate(enabled))
    faces, objects = (tuple(rule for rule in rules if rule.detector == name) for name in ("faces", "objects"))
    signals = tuple(sorted({test.signal for rule in objects for test in rule.tests}))
    digest = blake2b(document.encode(), digest_size=8).hexdigest()
    return Policy(spec.name, spec.silence_ms, document, digest, spec, rules, faces, objects, signals)


def _plan_rule(place: int, name: str, rule: HeldRule) -> PlannedRule:
    tests = tuple(_plan_test(test) for test in rule.when)
    detector = detector_of(tests[0].signal) or "faces"
    return PlannedRule(place, name, rule, tests, detector, round(rule.points * 1000))


def _plan_test(test: Comparison) -> PlannedTest:
    upward = test.at_least is not None
    threshold = test.at_least if test.at_least is not None else test.at_most or 0.0
    keep = 1.0 if test.until is None or threshold == 0.0 else test.until / threshold
    measure = DEVIATIONS.get(test.signal, RATIOS.get(test.signal, -1))
    return PlannedTest(test.signal, measure, test.signal in DEVIATIONS, upward, threshold, keep)


def load_policy(name_or_path: str) -> Policy:
    """The preset of that name, or the policy in that TOML file.

    Raises: InputError naming the file, the key, the line where it can be known, and what is allowed.
    """
    return plan(read_policy(name_or_path))


@lru_cache(maxsize=256)
def parse_document(text: str) -> Policy:
    """The policy that a session's start carries: canonical JSON text; empty: the default preset.

    Raises: PoisonError when the text is not a complete, valid policy.
    """
    if not text:
        return load_policy(DEFAULT)
    try:
        spec = msgspec.json.decode(text.encode(), type=PolicyDocument)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise PoisonError(f"unreadable policy: {error}") from error
    for complaint in complaints(spec):
        raise PoisonError(f"unusable policy: {'.'.join(complaint.keys)}: {complaint.why}")
    return plan(spec)
