"""`proctor evaluate`: how good the detectors and a policy are, on annotated clips or on rendered exams."""

import json
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

import deploy.evaluation
from deploy.commands.policy import policy_of
from deploy.evaluation import looking
from deploy.evaluation.annotations import read_annotations
from deploy.evaluation.clips import Terms, evaluate_clips
from deploy.evaluation.observing import Shelf
from deploy.evaluation.tally import tally
from deploy.evaluation.telling import document, tables, write_csv, write_json
from deploy.evaluation.vocabulary import vocabulary
from deploy.reports import report_folder
from deploy.stack.folder import state_folder
from scoring.rulebook.policy import Policy

FORMAT = (deploy.evaluation.__doc__ or "").split("The annotation file:\n")[1]
EPILOG = "\b\nThe annotation file:\n" + FORMAT.rstrip()


@click.command(epilog=EPILOG.replace("\n\n", "\n\n\b\n"))
@click.argument("annotations", required=False, type=click.Path(path_type=Path), metavar="[ANNOTATIONS.csv]")
@click.option("--clips", type=click.Path(path_type=Path, file_okay=False), help="Folder of the clips [beside the CSV].")
@click.option("--rendered", type=click.IntRange(1, 10_000), help="Render so many exams, all conditions evenly.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True, help="Of the rendered exams.")
@click.option(
    "--policy", default="default", show_default=True, callback=policy_of, help="A preset's name or a TOML file."
)
@click.option(
    "--fps", type=click.FloatRange(0.5, 30), help="Frames a second that are looked at [10; of rendered exams 5]."
)
@click.option("--calibration", type=click.FloatRange(0, 60), help="Seconds [the policy's; 5 of clips under a minute].")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("reports/evaluation"), show_default=True, help="Folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
@click.option("--labels", is_flag=True, help="List what can be annotated under the policy, and end.")
def evaluate(
    annotations: Path | None,
    clips: Path | None,
    rendered: int | None,
    seed: int,
    policy: Policy,
    fps: float | None,
    calibration: float | None,
    out: Path,
    as_json: bool,
    labels: bool,
) -> None:
    """Measure recall, onset error and false events per hour on annotated clips, or on rendered exams (--rendered N)."""
    if labels:
        Console().print(_labels(policy))
        return
    if (annotations is None) == (rendered is None):
        raise click.UsageError("Name either an annotation file or --rendered N.")
    calibrate_ms = None if calibration is None else round(calibration * 1000)
    shelf = Shelf(state_folder(os.environ).data("evaluation"), looking.digest())
    console, folder = Console(stderr=as_json), report_folder(out)
    if annotations is not None:
        terms = Terms(policy, fps or 10.0, calibrate_ms)
        told = _clips(annotations, clips or annotations.parent, terms, shelf, console, folder)
    else:
        told = {}
    if as_json:
        click.echo(json.dumps(told, separators=(",", ":")))


def _clips(path: Path, folder: Path, terms: Terms, shelf: Shelf, console: Console, out: Path) -> dict[str, Any]:
    from deploy.evaluation.timeline import draw_timeline

    annotations = read_annotations(path, vocabulary(terms.policy))
    done = evaluate_clips(annotations, folder, terms, shelf, console)
    judged = [one.judged for one in done]
    sums = tally(judged)
    about = {
        "policy": terms.policy.name,
        "policy_digest": terms.policy.digest,
        "looking": shelf.digest,
        "fps": terms.fps,
    }
    told = document(sums, judged, about)
    write_json(out / "evaluation.json", told)
    write_csv(out / "evaluation.csv", told)
    for one in done:
        draw_timeline(out / f"{one.clip.replace('/', '-')}.png", one)
    console.print(tables(judged, sums))
    console.print(f"timelines, evaluation.json and evaluation.csv in {out}", soft_wrap=True)
    return told


def _labels(policy: Policy) -> Table:
    table = Table("label", "what", "shows when", "told by", box=None)
    for label, one in sorted(vocabulary(policy).items()):
        tests = ", ".join(f"{t.signal} {'>=' if t.at_least is not None else '<='} {_limit(t)}" for t in one.when)
        table.add_row(label, one.says, tests or ("measured on the face" if one.measure else ""), ", ".join(one.told_by))
    return table


def _limit(test: Any) -> str:
    return f"{test.at_least if test.at_least is not None else test.at_most:g}"
