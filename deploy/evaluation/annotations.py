"""Reads what is known of clips. Every mistake is named with its line, all at once."""

import csv
import difflib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path, PurePosixPath

from deploy.evaluation.vocabulary import NOTHING
from ingest.errors import InputError

HEADER = ("clip", "label", "start_s", "end_s")
LONGEST_S = 86_400.0
PAST_END_MS = 1_000
"""A container's length is an estimate, and the last frame lasts for a while."""
Inspect = Callable[[str], int | str | None]
"""Of a clip's name: how long it is in ms, why it cannot be used, or None when it does not say."""
FORMAT = "See `proctor evaluate --help` for the format"


@dataclass(frozen=True, slots=True)
class Truth:
    """One line: what happens in a clip, and when; in ms from its start. `line`: its number in the file."""

    line: int
    clip: str
    label: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in one line."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Annotations:
    """The clips in their order in the file, and what happens in each (nothing: an empty tuple)."""

    path: str
    clips: dict[str, tuple[Truth, ...]]


class AnnotationError(InputError):
    """Every mistake of an annotation file, a line each."""

    def __init__(self, path: str, mistakes: Sequence[Mistake]) -> None:
        listed = "".join(f"\n  line {one.line}: {one.why}" for one in sorted(mistakes, key=lambda one: one.line))
        count = f"{len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'}"
        super().__init__(path, f"{count}{listed}", FORMAT)
        self.mistakes = tuple(mistakes)


def read_annotations(path: Path, labels: Collection[str], inspect: Inspect = lambda _: None) -> Annotations:
    """The file's happenings; `inspect` looks at the clips themselves.

    Raises: AnnotationError; InputError when the file cannot be read at all.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read as text: {error}", FORMAT) from error
    rows, mistakes = _rows(lines)
    truths: list[Truth] = []
    for line, row in rows:
        parsed = list(_parsed(line, row, labels))
        mistakes += [one for one in parsed if isinstance(one, Mistake)]
        truths += [one for one in parsed if isinstance(one, Truth)]
    mistakes += _overlaps(truths)
    mistakes += _contradictions(truths)
    mistakes += _of_clips(truths, inspect)
    if mistakes:
        raise AnnotationError(str(path), mistakes)
    return _by_clip(str(path), truths)


def _rows(lines: Sequence[str]) -> tuple[list[tuple[int, list[str]]], list[Mistake]]:
    """The lines below the header, with their numbers."""
    told = [(n, text) for n, text in enumerate(lines, start=1) if text.strip() and not text.lstrip().startswith("#")]
    if not told:
        return [], [Mistake(1, f"no rows; the first must be {','.join(HEADER)}")]
    rows: list[tuple[int, list[str]]] = []
    for number, text in told:
        try:
            (row,) = csv.reader([text], strict=True)
        except (csv.Error, ValueError):
            return [], [Mistake(number, "not a line of CSV: a quote is open or a delimiter is missing")]
        rows.append((number, [cell.strip() for cell in row]))
    (first, header), *rest = rows
    if tuple(header) != HEADER:
        return [], [Mistake(first, f"the header is {','.join(header)!r}, it must be {','.join(HEADER)!r}")]
    return rest, [] if rest else [Mistake(first, "no rows below the header")]


def _parsed(line: int, row: Sequence[str], labels: Collection[str]) -> Iterator[Truth | Mistake]:
    if len(row) != len(HEADER):
        yield Mistake(line, f"{len(row)} columns, not {len(HEADER)}")
        return
    clip, label, *times = row
    mistakes = [Mistake(line, why) for why in (_wrong_clip(clip), _wrong_label(label, labels)) if why]
    if label == NOTHING:
        mistakes += [Mistake(line, f"{NOTHING} has no times")] * any(times)
        if mistakes:
            yield from mistakes
        else:
            yield Truth(line, clip, label, 0, 0)
        return
    start, end = (_seconds(text) for text in times)
    why = _wrong_times(times, start, end)
    mistakes += [Mistake(line, why)] * bool(why)
    if mistakes or start is None or end is None:
        yield from mistakes
    else:
        yield Truth(line, clip, label, round(start * 1000), round(end * 1000))


def _wrong_clip(clip: str) -> str:
    path = PurePosixPath(clip)
    if not clip:
        return "no clip is named"
    return f"clip {clip!r} leads out of the folder" if path.is_absolute() or ".." in path.parts else ""


def _wrong_label(label: str, labels: Collection[str]) -> str:
    if label == NOTHING or label in labels:
        return ""
    near = difflib.get_close_matches(label, [*labels, NOTHING], 1)
    return f"unknown label {label!r}" + (f"; did you mean {near[0]!r}?" if near else "; see --labels")


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and 0 <= value <= LONGEST_S else None


def _wrong_times(times: Sequence[str], start: float | None, end: float | None) -> str:
    for name, text, value in (("start_s", times[0], start), ("end_s", times[1], end)):
        if value is None:
            return f"{name} is {text!r}, not a number of seconds from 0 to {LONGEST_S:.0f}"
    assert start is not None
    assert end is not None
    return "" if round(start * 1000) < round(end * 1000) else f"ends at {end:g} s, not after its start at {start:g} s"


def _overlaps(truths: Sequence[Truth]) -> Iterator[Mistake]:
    kinds: dict[tuple[str, str], list[Truth]] = defaultdict(list)
    for truth in truths:
        if truth.label != NOTHING:
            kinds[truth.clip, truth.label].append(truth)
    for some in kinds.values():
        for before, after in pairwise(sorted(some, key=lambda one: (one.start_ms, one.line))):
            if after.start_ms < before.end_ms:
                yield Mistake(after.line, f"{after.label} overlaps the one of line {before.line}")


def _contradictions(truths: Sequence[Truth]) -> Iterator[Mistake]:
    """A clip with nothing in it that has something in it, or is named twice."""
    first: dict[str, Truth] = {}
    for truth in truths:
        other = first.setdefault(truth.clip, truth)
        if other is not truth and NOTHING in (truth.label, other.label):
            yield Mistake(truth.line, f"{truth.clip} has {other.label} in line {other.line} and {truth.label} here")


def _by_clip(path: str, truths: Sequence[Truth]) -> Annotations:
    clips: dict[str, tuple[Truth, ...]] = {}
    for truth in truths:
        clips[truth.clip] = clips.get(truth.clip, ()) + ((truth,) if truth.label != NOTHING else ())
    return Annotations(path, clips)


def _of_clips(truths: Sequence[Truth], inspect: Inspect) -> Iterator[Mistake]:
    """Clips that cannot be used, and happenings behind their end."""
    lines = {truth.clip: truth.line for truth in sorted(truths, key=lambda one: -one.line)}
    found = {clip: inspect(clip) for clip in sorted(lines, key=lambda clip: lines[clip])}
    for clip, seen in found.items():
        if isinstance(seen, str):
            yield Mistake(lines[clip], seen)
    yield from past_end(truths, {clip: seen for clip, seen in found.items() if isinstance(seen, int)})


def past_end(truths: Iterable[Truth], lengths_ms: Mapping[str, int]) -> Iterator[Mistake]:
    """Happenings that go on after their clip has ended."""
    for truth in truths:
        length_ms = lengths_ms.get(truth.clip)
        if length_ms is not None and truth.end_ms > length_ms + PAST_END_MS:
            why = f"{truth.label} ends at {truth.end_ms / 1000:g} s, {truth.clip} at {length_ms / 1000:g} s"
            yield Mistake(truth.line, why)
