"""Rendered exams under drawn conditions: what is found and missed under which, and whether faces are found alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console

from deploy.evaluation.annotations import Truth
from deploy.evaluation.certainty import Estimate, pooled_share, rate, share
from deploy.evaluation.clips import Terms, evaluate
from deploy.evaluation.judging import Judged, Level
from deploy.evaluation.observing import START_MS, ExamJob, Observed, Shelf
from deploy.evaluation.spans import Span
from deploy.evaluation.tally import HOUR_MS
from deploy.evaluation.working import observe_all
from detectors.messages import FaceObserved
from ingest.exam.behaviour import EXIT_S
from ingest.exam.conditions import Condition, draw_conditions
from ingest.exam.schedule import FRAME_MS, Episode, Kind, Schedule, random_schedule

DURATION_MS = 50_000
"""Calibration, then about three happenings."""
AIM = 0.02
"""Of the difference between two conditions in how often a face is missed."""
TURNED_MS = 600  # a head on its way back from the side

LABELS: dict[Kind, tuple[str, str]] = {
    Kind.LOOKING_AWAY: ("look_away_left", "look_away_right"),
    Kind.EYES_ASIDE: ("eyes_left", "eyes_right"),
    Kind.ABSENT: ("absent", "absent"),
    Kind.SECOND_FACE: ("second_face", "second_face"),
    Kind.PHONE: ("phone", "phone"),
    Kind.EYES_CLOSED: ("eyes_closed", "eyes_closed"),
    Kind.TALKING: ("talking", "talking"),
}
"""What an episode is called when it is towards the picture's left, and right."""


@dataclass(frozen=True, slots=True)
class Exam:
    """One rendered exam, judged. `missed` of `visible`: looks at a face from the front that found none."""

    name: str
    condition: Condition
    judged: Judged
    missed: int
    visible: int


@dataclass(frozen=True, slots=True)
class UnderCondition:
    """What was found of all exams with one value of one condition."""

    kind: str
    value: str
    exams: int
    told: Estimate | None
    shown: Estimate | None
    false_per_hour: Estimate
    face_miss: Estimate | None


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the face misses of one kind of condition lie apart, in shares, and between which values."""

    kind: str
    best: UnderCondition
    worst: UnderCondition

    @property
    def size(self) -> float:
        """Of all looks."""
        return _missed(self.worst) - _missed(self.best)

    @property
    def is_met(self) -> bool:
        """Whether it is as small as it should be."""
        return self.size <= AIM

    @property
    def is_sure(self) -> bool:
        """Whether there were exams enough to say so: the worst value's upper bound is as near to the best one, too."""
        worst = self.worst.face_miss
        return worst is not None and worst.high - _missed(self.best) <= AIM


KINDS: dict[str, Callable[[Condition], str]] = {
    "skin": lambda one: f"step {one.skin}",
    "light": lambda one: one.light.value,
    "distance": lambda one: one.distance.value,
    "glasses": lambda one: "worn" if one.glasses else "none",
}


def draw_exams(count: int, seed: int, fps: float) -> tuple[ExamJob, ...]:
    """The exams of a seed; more of them begin with the same ones, so that what was rendered is not lost."""
    every = round(1000 / FRAME_MS / fps)
    conditions = draw_conditions(count, seed)
    return tuple(
        ExamJob(random_schedule(int(np.random.default_rng([seed, place]).integers(2**31)), DURATION_MS), one, every)
        for place, one in enumerate(conditions)
    )


def evaluate_exams(jobs: Sequence[ExamJob], terms: Terms, shelf: Shelf, console: Console) -> list[Exam]:
    """Render, look, fold and judge; calibrated as the policy says, since every exam begins with a quiet stretch."""
    observed = observe_all(jobs, shelf, console)
    labels = sorted({label for pair in LABELS.values() for label in pair})
    exams = []
    for place, (job, seen) in enumerate(zip(jobs, observed, strict=True)):
        name = f"exam {place}"
        done = evaluate(name, truths_of(name, job.schedule), seen, terms, labels)
        exams.append(Exam(name, job.condition, done.judged, *face_misses(job.schedule, seen)))
    return exams


def truths_of(name: str, schedule: Schedule) -> tuple[Truth, ...]:
    """The schedule as annotations."""
    return tuple(
        Truth(line, name, LABELS[one.kind][one.side > 0], one.start_ms, one.end_ms)
        for line, one in enumerate(schedule.episodes, start=1)
    )


def face_misses(schedule: Schedule, observed: Observed) -> tuple[int, int]:
    """(looks that found no face, looks) while the candidate's face is to be seen from the front."""
    hidden = [span for one in schedule.episodes if (span := _hidden(one)) is not None]
    looks = [
        look
        for look in observed.looks
        if isinstance(look, FaceObserved)
        and not any(span.start_ms <= look.capture_ms - START_MS < span.end_ms for span in hidden)
    ]
    return sum(not look.faces for look in looks), len(looks)


def _hidden(one: Episode) -> Span | None:
    """When nobody could ask for a face: gone, on the way there and back, or turned aside."""
    around = {Kind.ABSENT: round(EXIT_S * 1000), Kind.LOOKING_AWAY: TURNED_MS}
    return Span(one.start_ms, one.end_ms).widened(around[one.kind]) if one.kind in around else None


def by_condition(exams: Sequence[Exam]) -> tuple[UnderCondition, ...]:
    """The figures of each value of each kind of condition."""
    return tuple(
        _under(kind, value, [exam for exam in exams if value_of(exam.condition) == value])
        for kind, value_of in KINDS.items()
        for value in sorted({value_of(exam.condition) for exam in exams})
    )


def gaps(values: Sequence[UnderCondition]) -> tuple[Gap, ...]:
    """Between the best and the worst value of each kind."""
    found = []
    for kind in KINDS:
        of_kind = sorted((one for one in values if one.kind == kind), key=_missed)
        if of_kind:
            found.append(Gap(kind, of_kind[0], of_kind[-1]))
    return tuple(found)


def _under(kind: str, value: str, exams: Sequence[Exam]) -> UnderCondition:
    false = sum(false for exam in exams for told, false in exam.judged.events if told.about == "conduct")
    hours = sum(exam.judged.duration_ms for exam in exams) / HOUR_MS
    missed = pooled_share([exam.missed for exam in exams], [exam.visible for exam in exams])
    told, shown = _found(exams, "event"), _found(exams, "signals")
    return UnderCondition(kind, value, len(exams), told, shown, rate(false, hours), missed)


def _found(exams: Sequence[Exam], level: Level) -> Estimate | None:
    outcomes = [one.outcome for exam in exams for one in exam.judged.findings if one.level == level]
    seen = [outcome for outcome in outcomes if outcome != "no detector"]
    return share(seen.count("found"), len(seen))


def _missed(one: UnderCondition) -> float:
    return one.face_miss.value if one.face_miss is not None else 0.0
