"""What a person sees in the terminal: live progress of the sessions, then each one's timeline."""

import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.comparison import Finding
from deploy.run import Job, Show
from sinks.report.model import Report, ReportEvent

REFRESH_S = 0.25
CLASS_STYLE = {
    "CLEAN": "bold green",
    "BORDERLINE": "bold yellow",
    "SUSPICIOUS": "bold dark_orange",
    "HIGH_RISK": "bold red",
    "INCONCLUSIVE": "bold blue",
}
OUTCOME_STYLE = {"found": "green", "quiet": "green", "MISSED": "bold red", "FALSE": "bold red"}
PLAIN_EVERY_S = 5.0  # on something that is no terminal, a line now and then


def clock(ms: int) -> str:
    """Minutes and seconds of a session: 65400 -> "1:05.4"."""
    minutes, rest = divmod(max(0, ms), 60_000)
    return f"{minutes}:{rest / 1000:04.1f}"


def progress_shown_on(console: Console) -> Show:
    """A display for `run_sources`: a live table on a terminal, a line every few seconds elsewhere."""

    async def live(jobs: Sequence[Job]) -> None:
        with Live(console=console, refresh_per_second=1 / REFRESH_S) as screen:
            try:
                while True:
                    screen.update(progress_table(jobs))
                    await asyncio.sleep(REFRESH_S)
            finally:
                screen.update(progress_table(jobs))

    async def plain(jobs: Sequence[Job]) -> None:
        while True:
            await asyncio.sleep(PLAIN_EVERY_S)
            for job in jobs:
                console.print(progress_line(job), highlight=False, soft_wrap=True)

    return live if console.is_terminal else plain


def progress_line(job: Job) -> str:
    """One session's counts in a line."""
    counts = " ".join(f"{name} {count}" for name, count in _counts(job))
    return f"{job.spec}: {job.state}, {counts}"


def progress_table(jobs: Sequence[Job]) -> Table:
    """The sessions and how many of their frames have come how far."""
    table = Table(box=None, pad_edge=False)
    table.add_column("source", overflow="ellipsis", no_wrap=True, max_width=40)
    table.add_column("state")
    for name in ("sent", "observed", "scored", "stored", "lag"):
        table.add_column(name, justify="right")
    table.add_column("")
    for job in jobs:
        table.add_row(job.spec, job.state, *(str(n) for _, n in _counts(job)), job.failure or job.progress.waiting)
    return table


def _counts(job: Job) -> list[tuple[str, int]]:
    stored = job.stored.frames_observed if job.stored else 0
    sent, passed = job.progress.frames_sent, job.followed.passed
    counts = {"sent": sent, "observed": job.followed.observed, "scored": job.followed.scored, "stored": stored}
    return [*counts.items(), ("lag", max(0, sent - passed))]


def verdict_line(report: Report) -> Text:
    """The verdict in one line."""
    verdict = report.verdict
    text = Text("verdict ")
    text.append(verdict.risk_class, style=CLASS_STYLE[verdict.risk_class])
    text.append(f"  confidence {verdict.confidence:.2f}  integrity {verdict.integrity:.0f}/100")
    text.append(f"  coverage {verdict.coverage:.0%}  calibration {verdict.calibration}")
    return text


def event_table(report: Report) -> Table | str:
    """The risk events by time; beside each, how much of the session its rule could judge, and with what change of the
    rule it would not be there."""
    if not report.events:
        return "no risk events"
    judged = {total.rule: f"{total.coverage:.0%}" for total in report.verdict.rules}
    table = Table(title=f"risk events of {report.session}", title_justify="left")
    for name in ("from", "to"):
        table.add_column(name, justify="right")
    table.add_column("rule", no_wrap=True)
    for name in ("peak", "points", "judged"):
        table.add_column(name, justify="right")
    table.add_column("not with", no_wrap=True)
    for e in report.events:
        points = f"+{e.points:g}{' stay' if e.permanent else ''}"
        peak = f"{e.peak:g} {e.direction}".strip()
        row = (clock(e.start_ms), clock(e.end_ms), e.rule, peak, points, judged.get(e.rule, ""), _unless(e))
        table.add_row(*row)
    return table


def _unless(event: ReportEvent) -> str:
    """The smallest change of the rule that would have kept the event away."""
    change = event.unless
    match change.field if change else "":
        case "hold_ms" | "window_ms" as field:
            return f"{field.removesuffix('_ms')} {change.value / 1000:.1f} s" if change else ""
        case "threshold" | "share" | "starts" as field:
            return f"{field} {change.value:g}" if change else ""
        case _:
            return ""


def comparison_table(findings: Sequence[Finding]) -> Table:
    """What is known to be in the exam beside what was found."""
    table = Table(title="against the known truth", title_justify="left")
    for name in ("in the exam", "known from-to", "event", "found from-to", "outcome"):
        table.add_column(name)
    for f in findings:
        known = (f.episode.kind, _span(f.episode.start_ms, f.episode.end_ms)) if f.episode else ("", "")
        found = (f.event.rule, _span(f.event.start_ms, f.event.end_ms)) if f.event else ("", "")
        table.add_row(*known, *found, Text(f.outcome, style=OUTCOME_STYLE[f.outcome]))
    return table


def _span(start_ms: int, end_ms: int) -> str:
    return f"{clock(start_ms)} - {clock(end_ms)}"
