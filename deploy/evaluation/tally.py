"""Figures over many clips: recall by label, how late, false events per candidate-hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from deploy.evaluation.certainty import Estimate, rate, share
from deploy.evaluation.judging import Finding, Judged, Level

SOON_MS = 1_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Recall:
    """What was found of one label on one level. `median_s`, `max_s`: of how far the onset was off, either way.

    `soon`: how many were found with an onset within a second.
    """

    level: Level
    label: str
    happened: int
    found: int
    blind: int
    recall: Estimate | None
    soon: int
    median_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """The events of one label of the policy; `per_hour`: of those that nothing explains."""

    label: str
    about: str
    events: int
    false: int
    per_hour: Estimate


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """For what share of the time without it a happening shows in the signals."""

    label: str
    shown_s: float
    of_s: float

    @property
    def share(self) -> float:
        """Of the time without it."""
        return self.shown_s / self.of_s if self.of_s else 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """All figures of one evaluation."""

    clips: int
    hours: float
    recalls: tuple[Recall, ...]
    alarms: tuple[FalseAlarms, ...]
    conduct: FalseAlarms
    elsewhere: tuple[Elsewhere, ...]


def tally(clips: Sequence[Judged]) -> Tally:
    """The figures of these clips together."""
    hours = sum(clip.duration_ms for clip in clips) / HOUR_MS
    findings = [finding for clip in clips for finding in clip.findings]
    events = [(told.label, told.about, false) for clip in clips for told, false in clip.events]
    kinds = sorted({(about, label) for label, about, _ in events})
    return Tally(
        len(clips),
        hours,
        tuple(_recalls(findings)),
        tuple(
            _alarms(label, about, [false for *kind, false in events if kind == [label, about]], hours)
            for about, label in kinds
        ),
        _alarms("all", "conduct", [false for _, about, false in events if about == "conduct"], hours),
        tuple(_elsewhere(clips)),
    )


def _recalls(findings: Sequence[Finding]) -> Iterable[Recall]:
    levels: tuple[Level, ...] = ("event", "signals")
    for level in levels:
        of_level = [finding for finding in findings if finding.level == level]
        for label in sorted({finding.label for finding in of_level}):
            yield recall_of(level, label, [finding for finding in of_level if finding.label == label])


def recall_of(level: Level, label: str, findings: Sequence[Finding]) -> Recall:
    """What was found of these; where no detector looks, nothing could be."""
    seen = [finding for finding in findings if finding.outcome != "no detector"]
    found = [finding for finding in seen if finding.outcome == "found"]
    off_ms = [abs(finding.late_ms) for finding in found if finding.late_ms is not None]
    return Recall(
        level,
        label,
        len(seen),
        len(found),
        len(findings) - len(seen),
        share(len(found), len(seen)),
        sum(ms <= SOON_MS for ms in off_ms),
        median(off_ms) / 1000 if off_ms else None,
        max(off_ms) / 1000 if off_ms else None,
    )


def _alarms(label: str, about: str, false: Sequence[bool], hours: float) -> FalseAlarms:
    return FalseAlarms(label, about, len(false), sum(false), rate(sum(false), hours))


def _elsewhere(clips: Sequence[Judged]) -> Iterable[Elsewhere]:
    for label in sorted({label for clip in clips for label in clip.elsewhere_ms}):
        times = [clip.elsewhere_ms[label] for clip in clips if label in clip.elsewhere_ms]
        yield Elsewhere(label, sum(shown for shown, _ in times) / 1000, sum(rest for _, rest in times) / 1000)
