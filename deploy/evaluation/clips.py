"""Annotated clips through the detectors and a policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.evaluation.annotations import AnnotationError, Annotations, Mistake, Truth
from deploy.evaluation.folding import Folded, calibration_ms, fold_clip, shown
from deploy.evaluation.judging import Judge, Judged
from deploy.evaluation.observing import ClipJob, Observed, Shelf
from deploy.evaluation.spans import Span
from deploy.evaluation.vocabulary import vocabulary
from deploy.evaluation.working import observe_all
from ingest.errors import InputError
from ingest.sources.opening import open_source
from scoring.rulebook.policy import Policy

PAST_END_MS = 1_000
"""A container's length is an estimate, and the last frame lasts for a while."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what clips are evaluated; `calibrate_ms` in place of what suits a clip's length."""

    policy: Policy
    fps: float
    calibrate_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One clip: what is known, what was seen, what was said, and how these compare."""

    clip: str
    truths: tuple[Truth, ...]
    observed: Observed
    folded: Folded
    shows: Mapping[str, Sequence[Span]]
    judged: Judged


def evaluate_clips(
    annotations: Annotations, folder: Path, terms: Terms, shelf: Shelf, console: Console
) -> list[Evaluated]:
    """Every clip of the annotations.

    Raises: AnnotationError when a clip ends before what is said to happen in it; InputError when one breaks off.
    """
    jobs = [ClipJob(folder / clip, terms.fps) for clip in annotations.clips]
    _check_ends(
        annotations,
        {
            clip: length_ms
            for clip, job in zip(annotations.clips, jobs, strict=True)
            if (length_ms := _length_ms(job.path))
        },
    )
    observed = dict(zip(annotations.clips, observe_all(jobs, shelf, console), strict=True))
    _check_ends(annotations, {clip: seen.duration_ms for clip, seen in observed.items()})
    labels = sorted({truth.label for truths in annotations.clips.values() for truth in truths})
    return [evaluate(clip, truths, observed[clip], terms, labels) for clip, truths in annotations.clips.items()]


def evaluate(clip: str, truths: Sequence[Truth], observed: Observed, terms: Terms, labels: Sequence[str]) -> Evaluated:
    """One clip that was looked at; `labels`: the happenings whose signals are followed."""
    words = vocabulary(terms.policy)
    usual_ms = calibration_ms(terms.policy, observed.duration_ms)
    folded = fold_clip(
        terms.policy, observed, terms.fps, usual_ms if terms.calibrate_ms is None else terms.calibrate_ms
    )
    shows = shown(terms.policy, folded, observed, terms.fps, [words[label] for label in labels])
    judged = Judge(terms.policy, words).judge(clip, observed.duration_ms, truths, folded, shows)
    return Evaluated(clip, tuple(truths), observed, folded, shows, judged)


def why_unusable(path: Path) -> str:
    """Why a clip cannot be evaluated; empty when it can be opened."""
    try:
        _length_ms(path)
    except InputError as error:
        return str(error)
    return ""


def _length_ms(path: Path) -> int | None:
    """What the container says. Raises: InputError."""
    if not path.is_file():
        raise InputError(str(path), "there is no such file", "Name the clips' folder with --clips")
    source = open_source(str(path))
    try:
        return source.duration_ms
    finally:
        source.close()


def _check_ends(annotations: Annotations, lengths: Mapping[str, int]) -> None:
    mistakes = _past_end(annotations, lengths)
    if mistakes:
        raise AnnotationError(annotations.path, mistakes)


def _past_end(annotations: Annotations, lengths: Mapping[str, int]) -> list[Mistake]:
    return [
        Mistake(truth.line, f"{truth.label} ends at {truth.end_ms / 1000:g} s, {clip} at {lengths[clip] / 1000:g} s")
        for clip, truths in annotations.clips.items()
        for truth in truths
        if clip in lengths and truth.end_ms > lengths[clip] + PAST_END_MS
    ]
