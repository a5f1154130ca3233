"""`proctor run`, `proctor demo`, `proctor bench`: videos in, reports out."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from deploy.borrowed import borrowed_stack
from deploy.commands.policy import allowed_by, policy_of
from deploy.comparison import compare, is_exact
from deploy.demo import EXAM, render_demo
from deploy.display import comparison_table, event_table, progress_shown_on, verdict_line
from deploy.reports import report_folder, write_reports
from deploy.run import Job, Options, run_sources
from ingest.exam.truth import TrueEpisode
from scoring.rulebook.policy import Policy, load_policy
from sinks.report.document import report_json

DEFAULT_RATE_FPS = 5.0  # enough for every shipped rule: the shortest hold is 2 s
DEMO_REPORTS = Path("reports")


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="VIDEO...")
@click.option(
    "--policy", default="default", show_default=True, callback=policy_of, help="A preset's name or a TOML file."
)
@click.option(
    "--speed",
    type=click.Choice(["max", "1x"]),
    default="max",
    show_default=True,
    help="As fast as the detectors follow, or by the wall clock.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 60),
    default=DEFAULT_RATE_FPS,
    show_default=True,
    help="Frames a second that are looked at.",
)
@click.option(
    "--calibration",
    type=click.FloatRange(0, 60),
    help="Seconds of calibration in place of the policy's; 0 skips it.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=DEMO_REPORTS, show_default=True, help="Folder for the reports."
)
@click.option(
    "--allow", type=click.Path(path_type=Path), help="TOML file of accommodations: what the person in them is allowed."
)
@click.option("--json", "as_json", is_flag=True, help="Print each report's JSON on standard output, one object a line.")
def run(
    sources: Sequence[str],
    policy: Policy,
    speed: str,
    rate: float,
    calibration: float | None,
    out: Path,
    allow: Path | None,
    as_json: bool,
) -> int:
    """Proctor videos (mp4, mkv, webm, gif), folders of pictures, camera:0, rtsp:// or exam:SEED; a session each."""
    allowed = allowed_by(allow, policy)
    folder = report_folder(out)
    calibration_ms = None if calibration is None else round(calibration * 1000)
    options = Options(policy, "1x" if speed == "1x" else "max", rate, calibration_ms, allowed)
    console = Console(stderr=True)
    jobs = asyncio.run(_run(sources, options, console))
    for job in jobs:
        _tell(job, folder, console, as_json)
    return 0 if all(job.report for job in jobs) else 1


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=DEMO_REPORTS, show_default=True)
def demo(out: Path) -> int:
    """Render a synthetic exam whose every second is known, proctor it, and compare."""
    console = Console(stderr=True)
    folder = report_folder(out)
    _, truth = render_demo(console)
    options = Options(load_policy("default"), "max", DEFAULT_RATE_FPS)
    (job,) = asyncio.run(_run([EXAM], options, console))
    return _tell_demo(job, folder, truth.episodes)


async def _run(sources: Sequence[str], options: Options, console: Console) -> list[Job]:
    async with borrowed_stack(lambda step: console.print(f"[dim]{step}[/dim]")) as addresses:
        return await run_sources(sources, options, addresses, progress_shown_on(console))


def _tell(job: Job, out: Path, console: Console, as_json: bool) -> None:
    if job.report is None:
        click.echo(f"proctor: {job.failure}", err=True)
        return
    written = write_reports(out, job.report, job.spec)
    if as_json:
        click.echo(json.dumps(report_json(job.report, job.spec), separators=(",", ":")))
    console.print(f"\n{job.spec}", verdict_line(job.report), sep="\n")
    console.print(event_table(job.report))
    console.print(f"report {written.html}  {written.json}", soft_wrap=True)


def _tell_demo(job: Job, out: Path, episodes: Sequence[TrueEpisode]) -> int:
    console = Console(file=sys.stdout)
    if job.report is None:
        click.echo(f"proctor: {job.failure}", err=True)
        return 1
    written = write_reports(out, job.report, job.spec, episodes)
    findings = compare(episodes, job.report.events)
    console.print(event_table(job.report), comparison_table(findings), verdict_line(job.report), sep="\n\n")
    console.print(f"\nreport  {written.html.resolve()}\n        {written.json.resolve()}", soft_wrap=True)
    return 0 if is_exact(findings) else 1


@click.command()
@click.argument("figures", nargs=-1)
def bench(figures: Sequence[str]) -> int:
    """Measure the published figures, each beside its baseline (all, or those whose names contain FIGURES)."""
    folder = Path(__file__).parents[2] / "tests" / "benchmarks"
    chosen = [p for p in sorted(folder.glob("bench_*.py")) if not figures or any(f in p.stem for f in figures)]
    if not chosen:
        raise click.BadParameter(f"no benchmark is called like {' '.join(figures)}; see {folder}")
    return max(subprocess.run([sys.executable, str(script)], check=False).returncode for script in chosen)
