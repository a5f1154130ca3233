"""The report for people: one page that stands alone. No script, nothing fetched, every text escaped."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from scoring.messages import RuleTotal
from sinks.report import explanation, wording
from sinks.report.chart import Curve, Mark, attention_line, percent_of, risk_curve, time_marks
from sinks.report.model import BlindSpan, BusyPeriod, Report, ReportEvent, TruthEpisode

MOST_REASONS = 8  # that are shown at once; the rest folds out
WELL_SEEN = 0.9  # coverage from which a rule that found nothing folds away
COLOURS = 6  # of the page's palette, told apart by people with any colour vision; names stand beside them anyway


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a track: place and width in percent, and what it says when read out."""

    left: float
    width: float
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One row under the curve: a rule's events, a known behaviour, or what could not be seen."""

    name: str
    colour: int
    bars: tuple[Bar, ...]

    @property
    def spoken(self) -> str:
        """The row for a screen reader."""
        return f"{self.name}: {'; '.join(bar.text for bar in self.bars) or 'none'}"


@dataclass(frozen=True, slots=True)
class Picture:
    """The curves with the rows that share their time axis; `attention`: a path, empty when it was never known."""

    curve: Curve
    attention: str
    moments: tuple[Mark, ...]
    rules: tuple[Track, ...]
    truth: tuple[Track, ...]
    sight: Track
    busy: Track


@dataclass(frozen=True, slots=True)
class Rules:
    """What found something or was partly blind, and what found nothing and saw well."""

    telling: tuple[RuleTotal, ...]
    quiet: tuple[RuleTotal, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """How often a label was found, beside the share of the session in which its rules could have found it."""

    name: str
    events: int
    coverage: float


def report_html(report: Report, source: str, truth: Sequence[TruthEpisode] = ()) -> str:
    """The page. With `truth`, what is known to be in a synthetic exam stands under the curve, and the page says so."""
    return _template().render(
        report=report,
        verdict=report.verdict,
        source=source,
        picture=picture_of(report, truth),
        alerts=alerts_of(report),
        rules=rules_of(report),
        most_reasons=MOST_REASONS,
        words=wording,
        why=explanation,
    )


def rules_of(report: Report) -> Rules:
    """The verdict's rules, by whether they say something of this session."""
    rules = report.verdict.rules
    telling = tuple(r for r in rules if r.events or r.suppressed or not r.coverage >= WELL_SEEN)
    return Rules(telling, tuple(r for r in rules if r not in telling))


def alerts_of(report: Report) -> tuple[Alert, ...]:
    """The labels that were found; of several rules with one label the one that could see least tells the coverage."""
    rules = report.verdict.rules
    seen = {label: [r.coverage for r in rules if r.label == label] for label in report.verdict.alerts}
    counted = report.verdict.alerts.items()
    return tuple(Alert(wording.named(label), n, min(seen[label], default=math.nan)) for label, n in counted)


def picture_of(report: Report, truth: Sequence[TruthEpisode] = ()) -> Picture:
    """Places of everything on the time axis."""
    length = report.duration_ms
    rules = _in_order([*(r.rule for r in report.verdict.rules), *(e.rule for e in report.events)])
    shown = [rule for rule in rules if rule in _eventful(report)]
    return Picture(
        curve=risk_curve(report.timeline, length),
        moments=time_marks(length),
        attention=attention_line(report.timeline, length),
        rules=tuple(_rule_track(rule, i, report) for i, rule in enumerate(shown)),
        truth=tuple(_truth_track(kind, truth, length) for kind in _in_order(t.kind for t in truth)),
        sight=Track("Not seen", 0, tuple(_blind_bar(b, length) for b in report.blind)),
        busy=Track("High activity", 0, tuple(_busy_bar(b, length) for b in report.busy)),
    )


def _rule_track(rule: str, index: int, report: Report) -> Track:
    events = sorted((*report.events, *report.suppressed), key=lambda e: e.start_ms)
    bars = tuple(_event_bar(e, report.duration_ms) for e in events if e.rule == rule)
    return Track(wording.named(rule), index % COLOURS, bars)


def _eventful(report: Report) -> set[str]:
    """The rules that found something: with many rules the others would make the picture long, and say nothing."""
    return {event.rule for event in (*report.events, *report.suppressed)}


def _event_bar(event: ReportEvent, length: int) -> Bar:
    text = f"{_span(event.start_ms, event.end_ms)}, {wording.amount(event.points)} points"
    if event.suppressed:
        return _bar(event.start_ms, event.end_ms, length, f"{text}, does not count: {event.suppressed}", "suppressed")
    kind = "permanent" if event.permanent else "temporary"
    return _bar(event.start_ms, event.end_ms, length, f"{text}, {kind}", kind)


def _truth_track(kind: str, truth: Sequence[TruthEpisode], length: int) -> Track:
    spans = [(t.start_ms, t.end_ms) for t in truth if t.kind == kind]
    return Track(wording.named(kind), 0, tuple(_bar(*span, length, _span(*span)) for span in spans))


def _blind_bar(span: BlindSpan, length: int) -> Bar:
    text = f"{wording.BLIND_NAMES[span.reason]} {_span(span.start_ms, span.end_ms)}. {span.detail}".strip()
    return _bar(span.start_ms, span.end_ms, length, text, span.reason)


def _busy_bar(period: BusyPeriod, length: int) -> Bar:
    density = f"{period.alerts} alerts, {wording.amount(period.per_minute)} a minute"
    return _bar(period.start_ms, period.end_ms, length, f"{_span(period.start_ms, period.end_ms)}, {density}")


def _bar(start_ms: int, end_ms: int, length: int, text: str, kind: str = "") -> Bar:
    left = percent_of(start_ms, length)
    return Bar(left, round(percent_of(end_ms, length) - left, 3), text, kind)


def _span(start_ms: int, end_ms: int) -> str:
    return f"{wording.clock(start_ms)} to {wording.clock(end_ms)}"


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    page = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.get_template("page.html.j2")
