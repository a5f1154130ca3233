"""Annotated clips through the detectors and a policy."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.evaluation.annotations import AnnotationError, Annotations, Truth, past_end
from deploy.evaluation.folding import Folded, fold_clip, shown
from deploy.evaluation.judging import Judge, Judged
from deploy.evaluation.observing import ClipJob, Observed, Shelf
from deploy.evaluation.spans import Span
from deploy.evaluation.vocabulary import vocabulary
from deploy.evaluation.working import observe_all
from ingest.errors import InputError
from ingest.sources.opening import open_source
from scoring.rulebook.policy import Policy


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what clips are evaluated; `calibrate_ms` in place of the policy's own."""

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
    observed = dict(zip(annotations.clips, observe_all(jobs, shelf, console), strict=True))
    truths = [truth for some in annotations.clips.values() for truth in some]
    if mistakes := list(past_end(truths, {clip: seen.duration_ms for clip, seen in observed.items()})):
        raise AnnotationError(annotations.path, mistakes)
    labels = sorted({truth.label for truths in annotations.clips.values() for truth in truths})
    return [evaluate(clip, truths, observed[clip], terms, labels) for clip, truths in annotations.clips.items()]


def evaluate(clip: str, truths: Sequence[Truth], observed: Observed, terms: Terms, labels: Sequence[str]) -> Evaluated:
    """One clip that was looked at; `labels`: the happenings whose signals are followed."""
    words = vocabulary(terms.policy)
    folded = fold_clip(terms.policy, observed, terms.fps, terms.calibrate_ms)
    shows = shown(terms.policy, folded, observed, terms.fps, [words[label] for label in labels])
    judged = Judge(terms.policy, words).judge(clip, observed.duration_ms, truths, folded, shows)
    return Evaluated(clip, tuple(truths), observed, folded, shows, judged)


def inspect_clip(path: Path) -> int | str | None:
    """How long a clip says it is, or why it cannot be opened."""
    if not path.is_file():
        return f"{path}: there is no such file. Name the clips' folder with --clips"
    try:
        source = open_source(str(path))
    except InputError as error:
        return str(error)
    with contextlib.closing(source):
        return source.duration_ms
