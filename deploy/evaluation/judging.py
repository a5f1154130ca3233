"""What was found of what is known, and what was said that nothing explains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.evaluation.annotations import Truth
from deploy.evaluation.folding import Folded, Told
from deploy.evaluation.spans import Span, common_ms, total_ms
from deploy.evaluation.vocabulary import Happening, hold_ms, rules_called
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy import Policy

FLOOR = 0.5
"""Found when at least this share of it is covered; false when less than this share of an event is explained."""
LEEWAY_MS = 600
"""Times are annotated to about 0.3 s at either end: a happening that is longer than a hold by less may be shorter."""
AROUND_MS = 1_000
"""An event may begin and end this much outside of what explains it: movements lead there and back."""

Level = Literal["event", "signals"]
Outcome = Literal["found", "MISSED", "no detector"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One happening judged on one level. `late_ms`: from its start to when it first shows (negative: before)."""

    truth: Truth
    level: Level
    label: str
    outcome: Outcome
    share: float
    late_ms: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A clip's findings, its events with whether nothing explains them, and where what is annotated shows besides."""

    clip: str
    duration_ms: int
    findings: tuple[Finding, ...]
    events: tuple[tuple[Told, bool], ...]
    elsewhere_ms: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Judge:
    """A policy and the words for what it judges."""

    policy: Policy
    words: Mapping[str, Happening]

    def judge(
        self, clip: str, duration_ms: int, truths: Sequence[Truth], folded: Folded, shows: Mapping[str, Sequence[Span]]
    ) -> Judged:
        """Everything about one clip."""
        findings = [self._in_signals(truth, shows) for truth in truths if self._has_signals(truth)]
        findings += [self._as_event(truth, folded, rules) for truth in truths if (rules := self._telling(truth))]
        return Judged(
            clip,
            duration_ms,
            tuple(findings),
            tuple((event, not self._explained(event, truths)) for event in folded.events),
            {label: self._elsewhere(label, spans, truths, duration_ms) for label, spans in shows.items()},
        )

    def _has_signals(self, truth: Truth) -> bool:
        word = self.words[truth.label]
        return bool(word.when) or word.measure is not None

    def _in_signals(self, truth: Truth, shows: Mapping[str, Sequence[Span]]) -> Finding:
        if truth.label not in shows:
            return Finding(truth, "signals", truth.label, "no detector", 0.0, None)
        return _finding(truth, span_of(truth), "signals", truth.label, shows[truth.label])

    def _telling(self, truth: Truth) -> tuple[PlannedRule, ...]:
        """The rules that have to tell of it: those whose hold it outlasts."""
        called = rules_called(self.policy, self.words[truth.label].told_by)
        return tuple(rule for rule in called if _must_tell(rule, truth))

    def _as_event(self, truth: Truth, folded: Folded, rules: Sequence[PlannedRule]) -> Finding:
        if not any(folded.streams & set(rule.streams) for rule in rules):
            return Finding(truth, "event", rules[0].label, "no detector", 0.0, None)
        names = {rule.name for rule in rules}
        told = [event.span for event in folded.events if event.rule in names]
        return _finding(truth, span_of(truth), "event", rules[0].label, told)

    def _explained(self, event: Told, truths: Sequence[Truth]) -> bool:
        reasons = [
            span_of(truth).widened(AROUND_MS)
            for truth in truths
            if {event.rule, event.label} & {truth.label, *self._explaining(truth.label)}
        ]
        length_ms = max(event.span.length_ms, 1)
        return common_ms([Span(event.span.start_ms, event.span.start_ms + length_ms)], reasons) >= FLOOR * length_ms

    def _explaining(self, label: str) -> tuple[str, ...]:
        return (*self.words[label].told_by, *self.words[label].explains)

    def _elsewhere(
        self, label: str, spans: Sequence[Span], truths: Sequence[Truth], duration_ms: int
    ) -> tuple[int, int]:
        """For how long it shows where nothing of its kind is, and how long that is."""
        own = {label, *self.words[label].told_by}
        known = [
            span_of(truth).widened(AROUND_MS)
            for truth in truths
            if own & {truth.label, *self.words[truth.label].told_by}
        ]
        whole = [Span(0, duration_ms)]
        rest_ms = duration_ms - common_ms(whole, known)
        return total_ms(spans) - common_ms(spans, known), rest_ms


def span_of(truth: Truth) -> Span:
    """When it happens."""
    return Span(truth.start_ms, truth.end_ms)


def _must_tell(rule: PlannedRule, truth: Truth) -> bool:
    held_ms = hold_ms(rule)
    if held_ms is None:  # nothing follows from how long it lasts: the rule must tell of what is annotated by its name
        return truth.label in (rule.name, rule.label)
    return span_of(truth).length_ms >= held_ms + LEEWAY_MS


def _finding(truth: Truth, span: Span, level: Level, label: str, spans: Iterable[Span]) -> Finding:
    spans = list(spans)
    part = common_ms(spans, [span]) / max(span.length_ms, 1)
    late_ms = min((one.start_ms - span.start_ms for one in spans if common_ms([one], [span])), default=None)
    return Finding(truth, level, label, "found" if part >= FLOOR else "MISSED", part, late_ms)
