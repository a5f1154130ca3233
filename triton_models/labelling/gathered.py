"""What is known of the frames before anything is chosen: what was seen in them, the doubts, what could not be used."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest.errors import InputError
from triton_models.boxes import Detections
from triton_models.dataset.likeness import look_of
from triton_models.dataset.picture_files import read_file
from triton_models.evaluation.model_under_test import Model
from triton_models.labelling.choosing import Candidate
from triton_models.labelling.doubts import Doubt, Reason, Sighting, flickers, near_threshold
from triton_models.labelling.frames import Frame, from_pictures, from_videos, kept_frame
from triton_models.labelling.observations import read_dismissed, read_sightings
from triton_models.making.composites import Picture
from triton_models.progress import Progress

USUAL = 0.5
"""The threshold of a label that has none."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where frames come from (one of `pictures`, `videos`, `observations` with `frames`) and how many are wanted."""

    model: Path
    pictures: Path | None = None
    videos: Path | None = None
    observations: Path | None = None
    frames: Path | None = None
    reviews: Path | None = None
    teacher: Path | None = None
    thresholds: Path | None = None
    labels: Path | None = None
    step_ms: int = 500
    most: int = 200
    bits: int = 6


@dataclass(slots=True)
class Gathered:
    """Frames with what was seen in them and the doubts so far; what could not be used, counted."""

    frames: dict[tuple[str, int], Frame] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    doubts: dict[tuple[str, int], list[Doubt]] = field(default_factory=lambda: defaultdict(list))
    left_out: Counter[str] = field(default_factory=Counter)


def check_wish(wish: Wish) -> None:
    """Raise InputError unless exactly one origin of frames is given."""
    given = [name for name in ("pictures", "videos", "observations") if getattr(wish, name)]
    if len(given) != 1:
        mend = "Give --pictures FOLDER, --videos PATH, or --observations FILE with --frames FOLDER"
        raise InputError("uncertain", f"has {len(given)} origins of frames, not one", mend)
    if wish.observations and not (wish.frames and wish.frames.is_dir()):
        raise InputError(
            "--observations", "need the frames that were kept", "Give --frames FOLDER with <session>/<seq>.jpg"
        )


def observed(wish: Wish) -> Gathered:
    """What was observed, where the frame was kept."""
    gathered = Gathered()
    if wish.observations is None or wish.frames is None:
        return gathered
    for sighting in read_sightings(wish.observations):
        gathered.sightings.append(sighting)
        path = kept_frame(wish.frames, sighting.group, sighting.seq)
        if path is None:
            gathered.left_out["observed, its frame not kept"] += 1
        else:
            gathered.frames[sighting.group, sighting.seq] = Frame(sighting.group, sighting.seq, sighting.time_ms, path)
    return gathered


def looked_at(wish: Wish, model: Model, scratch: Path) -> Gathered:
    """What the model sees in pictures or videos."""
    if wish.videos:
        frames = list(from_videos(wish.videos, wish.step_ms, scratch))
    else:
        frames = from_pictures(wish.pictures or Path())
    gathered = Gathered()
    for frame in Progress("looking: frames").over(frames, len(frames)):
        file = read_file(frame.path)
        if isinstance(file, str):
            gathered.left_out[f"picture {file.split(':')[0]}"] += 1
            continue
        gathered.frames[frame.group, frame.seq] = frame
        gathered.sightings.append(
            Sighting(frame.group, frame.seq, frame.time_ms, best_of(model, model.look(file.pixels)))
        )
    return gathered


def best_of(model: Model, found: Detections) -> dict[str, float]:
    """Highest confidence of each label."""
    best: dict[str, float] = {}
    for class_id, confidence in zip(found.class_id.tolist(), found.confidence.tolist(), strict=True):
        if label := model.labels[class_id]:
            best[label] = max(confidence, best.get(label, 0.0))
    return best


def add_doubts(gathered: Gathered, thresholds: Mapping[str, float]) -> None:
    """What can be doubted from what was seen alone."""
    for sighting in gathered.sightings:
        gathered.doubts[sighting.group, sighting.seq] += near_threshold(sighting, thresholds, USUAL)
    for place, doubts in flickers(gathered.sightings, thresholds, USUAL).items():
        gathered.doubts[place] += doubts


def add_dismissed(gathered: Gathered, reviews: Path) -> None:
    """Frames that a reviewer dismissed."""
    seen = {(sighting.group, sighting.seq): sighting for sighting in gathered.sightings}
    for place, decision in read_dismissed(reviews).items():
        best = seen[place].best if place in seen else {}
        label = max(best, key=lambda one: best[one], default="")
        gathered.doubts[place].append(Doubt(Reason.DISMISSED, label, 1.0, f"a reviewer said {decision}"))
        if place not in gathered.frames:
            gathered.left_out["dismissed, its frame not there"] += 1


def candidates_of(gathered: Gathered) -> list[Candidate]:
    """Every doubtful frame that is there, with its look."""
    found = []
    for place, frame in gathered.frames.items():
        if doubts := gathered.doubts.get(place):
            file = read_file(frame.path)
            if isinstance(file, str):
                gathered.left_out[f"picture {file.split(':')[0]}"] += 1
                continue
            found.append(Candidate(f"{place[0]}\0{place[1]}", tuple(doubts), look_of(file.pixels)))
    return found


def pixels_of(frame: Frame) -> Picture:
    """A frame's picture; it was read before."""
    file = read_file(frame.path)
    if isinstance(file, str):
        raise InputError(str(frame.path), f"changed while it was used: {file}", "Run the command again")
    return file.pixels
