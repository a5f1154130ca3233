"""What the detectors see and hear of a clip or of a rendered exam, kept so that it is looked at once."""

import functools
import gzip
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from msgspec.structs import replace

from deploy.evaluation import looking
from detectors.plan import LookPlan
from ingest.errors import InputError
from ingest.exam.conditions import Condition
from ingest.exam.scene import RENDERER
from ingest.exam.schedule import FRAME_MS, Schedule
from ingest.exam.video import render
from ingest.frames_read import read_frames
from ingest.picture import PicturePolicy, pack
from ingest.sampling import frame_interval_ms, spacing_ms
from ingest.sound.record import Sound, sound_of
from ingest.sources.opening import open_source
from ingest.sources.source import Picture
from ingest.sources.synthetic import exam_cache
from scoring.messages import Seen

START_MS = 1_700_000_000_000
"""Of every session; a time at which nothing was, so that it repeats."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was seen in `frames` frames of `duration_ms`; capture times from START_MS on.

    `records`: of sound that were listened to; None: there is no sound.
    """

    duration_ms: int
    frames: int
    looks: tuple[Seen, ...]
    records: int | None = None


@dataclass(frozen=True, slots=True)
class ClipJob:
    """A clip to look at."""

    path: Path
    fps: float

    @property
    def interval_ms(self) -> int:
        """Meant between two frames."""
        return frame_interval_ms(self.fps)

    @property
    def key(self) -> str:
        """Names the clip by its content."""
        with self.path.open("rb") as file:
            return f"{hashlib.file_digest(file, 'sha256').hexdigest()} {self.fps:g}"

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Offsets in ms and JPEGs, read, sampled and packed as ingest does; then the duration and nothing.

        Raises: InputError when it cannot be read to its end.
        """
        source = open_source(str(self.path))
        try:
            for frame in read_frames(source, self.fps, PicturePolicy()):
                yield frame.offset_ms, frame.jpeg.data
            if source.failure is not None:
                raise InputError(str(self.path), source.failure, "Mend the clip or take it out of the annotations")
            yield source.elapsed_ms, b""
        finally:
            source.close()

    def sound(self) -> Sound | None:
        """The clip's sound track, as ingest cuts it; None: it has none. Raises: InputError."""
        source = open_source(str(self.path))
        try:
            return sound_of(source)
        finally:
            source.close()


@dataclass(frozen=True, slots=True)
class ExamJob:
    """An exam to render and look at; `every` so manyth picture of 10 a second."""

    schedule: Schedule
    condition: Condition
    every: int

    @property
    def interval_ms(self) -> int:
        """Between two frames."""
        return FRAME_MS * self.every

    @property
    def key(self) -> str:
        """Names the exam by all that decides its pictures."""
        return f"{RENDERER} {asdict(self.schedule)} {asdict(self.condition)} {self.every}"

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """As a clip's; no video's compression lies between."""
        for offset_ms, bgr in render(self.schedule, exam_cache(), self.condition, self.every):
            yield offset_ms, pack(Picture(offset_ms, bgr), PicturePolicy()).data
        yield self.schedule.frames * FRAME_MS, b""

    def sound(self) -> Sound | None:
        """Rendered exams are silent films."""
        return None


Job = ClipJob | ExamJob
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Observed).decode


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where observations are kept; `digest`: of whatever looks, as `plan` says."""

    folder: Path
    digest: str
    plan: LookPlan = looking.PLAN

    def path(self, job: Job) -> Path:
        """Where those of a job lie."""
        name = hashlib.sha256(f"{self.digest} {job.key}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.gz"

    def get(self, job: Job) -> Observed | None:
        """What was seen before; a file that cannot be read is worth as much as none."""
        try:
            return _decode(gzip.decompress(self.path(job).read_bytes()))
        except (OSError, EOFError, msgspec.MsgspecError):
            return None

    def put(self, job: Job, observed: Observed) -> None:
        """Keep it whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=self.folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.compress(_encode(observed), 3))
        Path(part).replace(self.path(job))


def observe(job: Job, shelf: Shelf) -> Observed:
    """What the detectors see of a job, from the shelf or looked at now and kept.

    Raises: InputError when a clip cannot be read; PoisonError when a picture cannot be looked at.
    """
    kept = shelf.get(job)
    if kept is None:
        kept = _observed(_looker(shelf.plan), job, hashlib.sha256(job.key.encode()).hexdigest()[:12])
        shelf.put(job, kept)
    return kept


def _observed(looker: looking.Looker, job: Job, session: str) -> Observed:
    """Seen and heard, in the order of capture."""
    seen = _look_at(looker, job, session)
    sound = job.sound() if looker.listens else None
    if sound is None:
        return seen
    try:
        heard = _listen_to(looker, sound, seen.duration_ms, session)
    finally:
        sound.close()
    if sound.trouble is not None:
        raise InputError(session, sound.trouble, "Mend the clip or take it out of the annotations")
    looks = sorted((*seen.looks, *heard), key=lambda look: look.capture_ms)
    return replace(seen, looks=tuple(looks), records=len(heard))


def _look_at(looker: looking.Looker, job: Job, session: str) -> Observed:
    looks: list[Seen] = []
    seq, duration_ms, step_ms = 0, 0, 0
    for offset_ms, jpeg in job.frames():
        duration_ms, step_ms = offset_ms, offset_ms - duration_ms if seq else 0
        if jpeg:
            looks += looker.look(session, seq, START_MS + offset_ms, jpeg, spacing_ms(job.interval_ms, step_ms))
            seq += 1
    return Observed(duration_ms=duration_ms, frames=seq, looks=tuple(looks))


def _listen_to(looker: looking.Looker, sound: Sound, duration_ms: int, session: str) -> list[Seen]:
    """A session ends with its pictures: of sound that goes on behind them nothing is heard."""
    parts = (part for record in sound.records() if (part := record.until(duration_ms)) is not None)
    return [looker.listen(session, seq, START_MS + part.end_ms, part.pcm) for seq, part in enumerate(parts)]


@functools.cache
def _looker(plan: LookPlan) -> looking.Looker:
    """One for the process: its models take seconds to load."""
    return looking.Looker(plan)
