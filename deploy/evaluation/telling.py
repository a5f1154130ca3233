"""The figures for people (tables), for programs (JSON) and for spreadsheets (CSV)."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from deploy.evaluation.certainty import Estimate
from deploy.evaluation.folding import Told
from deploy.evaluation.judging import Finding, Judged
from deploy.evaluation.tally import Recall, Tally
from deploy.evaluation.vocabulary import vocabulary
from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import Comparison

STYLES = {"found": "green", "MISSED": "bold red", "no detector": "yellow"}
COLUMNS = ("clip", "level", "label", "start_s", "end_s", "outcome", "share", "late_s")


def tables(clips: Sequence[Judged], sums: Tally) -> Group:
    """Everything that is printed of an evaluation of clips."""
    return Group(clip_table(clips), *sum_tables(sums))


def sum_tables(sums: Tally) -> tuple[Table | Text, ...]:
    """Recall on both levels, false events, and one line that says it all."""
    return (
        _recall_table("events: happenings longer than their rule's hold", sums, "event"),
        _recall_table("signals: every happening, however short", sums, "signals"),
        _alarm_table(sums),
        _last_line(sums),
    )


def clip_table(clips: Sequence[Judged]) -> Table:
    """Every happening with its outcome, and every event that nothing explains."""
    table = Table(
        "clip", "seconds", "what", "level", "outcome", "shown", "late s", title="clip by clip", title_justify="left"
    )
    for clip in clips:
        for finding in sorted(clip.findings, key=lambda one: (one.truth.start_ms, one.truth.label, one.level)):
            table.add_row(clip.clip, *_cells(finding))
        for event in false_events(clip):
            span = _seconds(event.span.start_ms, event.span.end_ms)
            table.add_row(clip.clip, span, event.rule, event.about, Text("FALSE", style="bold red"), "", "")
        if not clip.findings and not false_events(clip):
            whole = _seconds(0, clip.duration_ms)
            table.add_row(clip.clip, whole, "nothing annotated", "", Text("quiet", style="green"), "", "")
    return table


def false_events(clip: Judged) -> tuple[Told, ...]:
    """A clip's events that nothing explains."""
    return tuple(event for event, false in clip.events if false)


def _cells(finding: Finding) -> tuple[str | Text, ...]:
    truth = finding.truth
    outcome = Text(finding.outcome, style=STYLES[finding.outcome])
    late = "" if finding.late_ms is None else f"{finding.late_ms / 1000:+.1f}"
    what = truth.label if finding.label == truth.label else f"{truth.label} -> {finding.label}"
    return _seconds(truth.start_ms, truth.end_ms), what, finding.level, outcome, f"{finding.share:.0%}", late


def _seconds(start_ms: int, end_ms: int) -> str:
    return f"{start_ms / 1000:.1f}-{end_ms / 1000:.1f}"


def _recall_table(title: str, sums: Tally, level: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("label")
    for name in ("known", "found", "recall (95 %)", "in 1 s", "onset off s", "at most", "elsewhere"):
        table.add_column(name, justify="right")
    elsewhere = {one.label: one.share for one in sums.elsewhere} if level == "signals" else {}
    for one in sums.recalls:
        if one.level == level:
            there = f"{elsewhere[one.label]:.1%}" if one.label in elsewhere else ""
            table.add_row(one.label, *_recall_cells(one), there)
    return table


def _recall_cells(one: Recall) -> tuple[str, ...]:
    if one.recall is None:
        return "0", "", f"no detector looks for it ({one.blind})", "", "", ""
    off = [f"{value:.1f}" if value is not None else "" for value in (one.median_s, one.max_s)]
    return str(one.happened), str(one.found), percent(one.recall), f"{one.soon}/{one.happened}", *off


def _alarm_table(sums: Tally) -> Table:
    table = Table(title="events that nothing explains", title_justify="left")
    table.add_column("label")
    table.add_column("about")
    for name in ("events", "false", "false per candidate-hour (95 %)"):
        table.add_column(name, justify="right")
    for one in (*sums.alarms, sums.conduct):
        table.add_row(one.label, one.about, str(one.events), str(one.false), per_hour(one.per_hour))
    return table


def _last_line(sums: Tally) -> Text:
    judged = [one for one in sums.recalls if one.level == "event"]
    happened, found = sum(one.happened for one in judged), sum(one.found for one in judged)
    return Text(
        f"{sums.clips} clips, {sums.hours * 60:.1f} minutes: {found} of {happened} happenings told as events, "
        f"{sums.conduct.false} false conduct events ({per_hour(sums.conduct.per_hour)} an hour)"
    )


def percent(one: Estimate | None) -> str:
    """A share with its interval."""
    return "" if one is None else f"{one.value:.1%} ({one.low:.0%}-{one.high:.0%})"


def per_hour(one: Estimate) -> str:
    """A rate with its interval."""
    return f"{one.value:.1f} ({one.low:.1f}-{one.high:.1f})"


def document(sums: Tally, clips: Sequence[Judged], about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything as plain data; `about`: what was evaluated, with what."""
    return {
        **about,
        "clips": sums.clips,
        "hours": sums.hours,
        "recall": [asdict(one) for one in sums.recalls],
        "false_events": [finite(asdict(one), "per_hour") for one in sums.alarms],
        "false_conduct_events": finite(asdict(sums.conduct), "per_hour"),
        "shows_elsewhere": [asdict(one) | {"share": one.share} for one in sums.elsewhere],
        "findings": [_row(clip.clip, finding) for clip in clips for finding in clip.findings],
        "unexplained": [_event_row(clip.clip, event) for clip in clips for event in false_events(clip)],
    }


def finite(value: dict[str, Any], name: str) -> dict[str, Any]:
    """JSON knows no infinity: a bound of the estimate called `name` that is not known is null."""
    return value | {name: {bound: one if isfinite(one) else None for bound, one in value[name].items()}}


def _row(clip: str, finding: Finding) -> dict[str, Any]:
    truth = finding.truth
    return {
        "clip": clip,
        "level": finding.level,
        "label": truth.label,
        "start_s": truth.start_ms / 1000,
        "end_s": truth.end_ms / 1000,
        "outcome": finding.outcome,
        "share": round(finding.share, 3),
        "late_s": None if finding.late_ms is None else finding.late_ms / 1000,
    }


def _event_row(clip: str, event: Told) -> dict[str, Any]:
    start_s, end_s = event.span.start_ms / 1000, event.span.end_ms / 1000
    return {"clip": clip, "level": "event", "label": event.rule, "start_s": start_s, "end_s": end_s, "outcome": "FALSE"}


def write_json(path: Path, told: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    _write(path, json.dumps(told, indent=1) + "\n")


def write_csv(path: Path, told: Mapping[str, Any]) -> None:
    """A line for each finding and each unexplained event."""
    part = path.with_suffix(".part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows((*told["findings"], *told["unexplained"]))
    part.replace(path)


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def label_table(policy: Policy) -> Table:
    """What can be annotated under a policy."""
    table = Table("label", "what", "shows when", "told by", box=None)
    for label, one in sorted(vocabulary(policy).items()):
        shows = ", ".join(_words(test) for test in one.when) or ("measured on the face" if one.measure else "")
        table.add_row(label, one.says, shows, ", ".join(one.told_by))
    return table


def _words(test: Comparison) -> str:
    return f"{test.signal} >= {test.at_least:g}" if test.at_least is not None else f"{test.signal} <= {test.at_most:g}"
