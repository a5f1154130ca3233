"""`proctor evaluate`: how good the detectors and a policy are, on annotated clips or on rendered exams."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

import deploy.evaluation
from deploy.commands.policy import policy_of
from deploy.reports import report_folder
from deploy.stack.folder import state_folder
from scoring.rulebook.policy import Policy

if TYPE_CHECKING:  # what looks and draws takes seconds to import: only for whoever evaluates
    from deploy.evaluation.clips import Terms
    from deploy.evaluation.observing import Shelf

PIPED_COLUMNS = 150
RENDERED_FPS = (1.0, 2.0, 5.0, 10.0)
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
@click.option("--calibration", type=click.FloatRange(0, 60), help="Seconds [the policy's].")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("reports/evaluation"), show_default=True, help="Folder."
)
@click.option("--objects-alone", is_flag=True, help="Ask no detector but the object model.")
@click.option("--timelines/--no-timelines", default=True, help="Whether to draw a timeline of each clip.")
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
    objects_alone: bool,
    timelines: bool,
    as_json: bool,
    labels: bool,
) -> None:
    """Measure recall, onset error and false events per hour on annotated clips, or on rendered exams (--rendered N)."""
    if labels:
        _console(to_errors=False).print(_labels(policy))
        return
    if (annotations is None) == (rendered is None):
        raise click.UsageError("Name either an annotation file or --rendered N.")
    if rendered is not None and fps not in (None, *RENDERED_FPS):
        raise click.BadParameter(
            f"rendered exams are looked at {', '.join(f'{one:g}' for one in RENDERED_FPS)} times a second"
        )
    calibrate_ms = None if calibration is None else round(calibration * 1000)
    done = _Evaluation(_console(as_json), report_folder(out), _shelf(objects_alone), timelines)
    told = (
        done.clips(annotations, clips or annotations.parent, policy, fps or 10.0, calibrate_ms)
        if annotations is not None
        else done.exams(rendered or 1, seed, policy, fps or 5.0, calibrate_ms)
    )
    if as_json:
        click.echo(json.dumps(told, separators=(",", ":")))


class _Evaluation:
    """Where the results of one call go: tables to a console, everything to a folder."""

    def __init__(self, console: Console, folder: Path, shelf: "Shelf", timelines: bool) -> None:
        self._console, self._folder, self._shelf, self._timelines = console, folder, shelf, timelines

    def clips(self, path: Path, clips: Path, policy: Policy, fps: float, calibrate_ms: int | None) -> dict[str, Any]:
        """Annotated clips, with a timeline of each where they are wanted."""
        from deploy.evaluation.annotations import read_annotations
        from deploy.evaluation.clips import Terms, evaluate_clips, inspect_clip
        from deploy.evaluation.tally import tally
        from deploy.evaluation.telling import document, tables
        from deploy.evaluation.timeline import draw_timeline
        from deploy.evaluation.vocabulary import vocabulary

        terms = Terms(policy, fps, calibrate_ms)
        annotations = read_annotations(path, vocabulary(policy), lambda clip: inspect_clip(clips / clip))
        done = evaluate_clips(annotations, clips, terms, self._shelf, self._console)
        judged = [one.judged for one in done]
        for one in done if self._timelines else ():
            draw_timeline(self._folder / f"{one.clip.replace('/', '-')}.png", one)
        sums = tally(judged)
        self._console.print(tables(judged, sums))
        return self._keep("evaluation", document(sums, judged, self._about(terms)))

    def exams(self, count: int, seed: int, policy: Policy, fps: float, calibrate_ms: int | None) -> dict[str, Any]:
        """Rendered exams, by condition."""
        from deploy.evaluation.clips import Terms
        from deploy.evaluation.rendered import by_condition, draw_exams, evaluate_exams, gaps
        from deploy.evaluation.tally import tally
        from deploy.evaluation.telling import document, sum_tables
        from deploy.evaluation.telling_conditions import condition_table, conditions_document, failure_table, verdict

        terms = Terms(policy, fps, calibrate_ms)
        exams = evaluate_exams(draw_exams(count, seed, fps), terms, self._shelf, self._console)
        values = by_condition(exams)
        judged = [exam.judged for exam in exams]
        sums = tally(judged)
        self._console.print(failure_table(exams), *sum_tables(sums), condition_table(values), sep="\n")
        self._console.print(*(verdict(gap) for gap in gaps(values)), sep="\n")
        about = self._about(terms) | {"rendered": count, "seed": seed}
        told = document(sums, judged, about) | conditions_document(values, gaps(values), exams)
        return self._keep("rendered", told)

    def _about(self, terms: "Terms") -> dict[str, Any]:
        policy = terms.policy
        return {"policy": policy.name, "policy_digest": policy.digest, "looking": self._shelf.digest, "fps": terms.fps}

    def _keep(self, name: str, told: dict[str, Any]) -> dict[str, Any]:
        from deploy.evaluation.telling import write_csv, write_json

        write_json(self._folder / f"{name}.json", told)
        write_csv(self._folder / f"{name}.csv", told)
        self._console.print(f"all of it in {self._folder / name}.json and .csv", soft_wrap=True)
        return told


def _shelf(objects_alone: bool) -> "Shelf":
    from deploy.evaluation import looking
    from deploy.evaluation.observing import Shelf

    plan = looking.OBJECTS_ALONE if objects_alone else looking.PLAN
    return Shelf(state_folder(os.environ).data("evaluation"), looking.digest(plan), plan)


def _console(to_errors: bool) -> Console:
    console = Console(stderr=to_errors)
    return console if console.is_terminal else Console(stderr=to_errors, width=PIPED_COLUMNS)


def _labels(policy: Policy) -> Any:
    from deploy.evaluation.telling import label_table

    return label_table(policy)
