"""The figures of rendered exams by condition: for people, and as plain data."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from deploy.evaluation.rendered import AIM, Exam, Gap, UnderCondition
from deploy.evaluation.telling import false_events, finite, per_hour, percent


def condition_table(values: Sequence[UnderCondition]) -> Table:
    """A line for each value of each kind of condition."""
    table = Table(title="by condition", title_justify="left")
    for name in ("condition", "value"):
        table.add_column(name)
    for name in ("exams", "told as events", "in the signals", "false conduct/h", "face missed"):
        table.add_column(name, justify="right")
    for one in values:
        figures = percent(one.told), percent(one.shown), per_hour(one.false_per_hour), percent(one.face_miss)
        table.add_row(one.kind, one.value, str(one.exams), *figures)
    return table


def verdict(gap: Gap) -> Text:
    """One kind of condition in one plain line."""
    best, worst = (f"{percent(one.face_miss)} of looks at {gap.kind} {one.value}" for one in (gap.best, gap.worst))
    line = f"{gap.kind}: faces are missed in {best}, in {worst}: {gap.size * 100:.1f} points apart, "
    words = f"within the aim of {AIM * 100:g}" if gap.is_met else f"MORE than the aim of {AIM * 100:g}"
    words += "" if gap.is_sure or not gap.is_met else "; more exams are needed to be sure of it"
    return Text(line).append(words, style="green" if gap.is_met else "bold red")


def failure_table(exams: Sequence[Exam]) -> Table:
    """Every exam in which something was missed or wrongly said, with its condition."""
    table = Table(
        "exam", "skin", "light", "distance", "glasses", "what went wrong", title="failures", title_justify="left"
    )
    for exam in exams:
        missed = [
            f"{one.truth.label} {one.truth.start_ms / 1000:g}-{one.truth.end_ms / 1000:g} s not in the {one.level}"
            for one in exam.judged.findings
            if one.outcome == "MISSED"
        ]
        false = [f"{e.rule} at {e.span.start_ms / 1000:g} s FALSE" for e in false_events(exam.judged)]
        faces = [f"face missed in {exam.missed} of {exam.visible} looks"] if exam.missed else []
        if wrong := "\n".join(missed + false + faces):
            one = exam.condition
            table.add_row(exam.name, str(one.skin), one.light, one.distance, "yes" if one.glasses else "", wrong)
    return table


def conditions_document(
    values: Sequence[UnderCondition], apart: Sequence[Gap], exams: Sequence[Exam]
) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "conditions": [finite(asdict(one), "false_per_hour") for one in values],
        "face_miss_gaps": [
            {
                "kind": one.kind,
                "best": one.best.value,
                "worst": one.worst.value,
                "gap": one.size,
                "met": one.is_met,
                "sure": one.is_sure,
            }
            for one in apart
        ],
        "exams": [
            {"exam": one.name, "missed": one.missed, "visible": one.visible, **asdict(one.condition)} for one in exams
        ],
    }
