"""From frames to a labelling set: look (or read what was observed), doubt, choose, write."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.boxes import Detections
from triton_models.dataset.likeness import look_of
from triton_models.dataset.picture_files import read_file
from triton_models.dataset.teacher import COCO_IDS, Teacher
from triton_models.evaluation.model_under_test import Model, open_model
from triton_models.exporting.publish import read_json
from triton_models.labelling.choosing import Candidate, choose
from triton_models.labelling.doubts import Doubt, Reason, Sighting, disagreements, flickers, near_threshold
from triton_models.labelling.frames import Frame, from_pictures, from_videos, kept_frame
from triton_models.labelling.labelling_set import Chosen, check_place, write_set
from triton_models.labelling.observations import read_dismissed, read_sightings
from triton_models.making.composites import Picture
from triton_models.model_card import read_card
from triton_models.progress import Progress

USUAL = 0.5
DRAFT_FLOOR = 0.25
"""Boxes from here on are drawn as a first draft: wrong ones are quicker removed than missing ones drawn."""
TEACHER_LABELS = frozenset({"person", "laptop", "book", "screen", "cup", "keyboard", "mouse"})
"""What the teacher's word is worth something for: it calls phones `remote` and wallets `cell phone`."""


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


def uncertain(wish: Wish, out: Path) -> tuple[list[Chosen], Counter[str]]:
    """Write a labelling set; gives what is in it and what was left out.

    Raises: InputError when nothing to choose from is given, or nothing doubtful is found.
    """
    check_place(out)
    check_wish(wish)
    model = open_model(wish.model, wish.labels)
    thresholds = thresholds_of(wish)
    with tempfile.TemporaryDirectory() as scratch:
        gathered = observed(wish) if wish.observations else looked_at(wish, model, Path(scratch))
        add_doubts(gathered, thresholds)
        if wish.reviews:
            add_dismissed(gathered, wish.reviews)
        if wish.teacher:
            add_disagreements(gathered, model, Teacher.load(wish.teacher))
        candidates = candidates_of(gathered)
        chosen = [drafted(gathered, one, model) for one in choose(candidates, wish.most, wish.bits)]
        if not chosen:
            reason = f"nothing doubtful among {len(gathered.frames)} frames"
            raise InputError("uncertain", reason, "Give more frames, a --teacher, or --reviews")
        gathered.left_out["doubtful, but like another or beyond --most"] = len(candidates) - len(chosen)
        write_set(out, chosen, known_labels(model))
    return chosen, gathered.left_out


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


def known_labels(model: Model) -> list[str]:
    """The labels that a model knows, in the order of its classes, each once."""
    return list(dict.fromkeys(label for label in model.labels if label))


def thresholds_of(wish: Wish) -> Mapping[str, float]:
    """Thresholds by label: from a file of evaluate's, else from the card beside the model, else none."""
    if wish.thresholds:
        return {label: float(value) for label, value in read_json(wish.thresholds)["thresholds"].items()}
    card = wish.model.parent.parent / "model.json"
    return read_card(card).thresholds if card.is_file() else {}


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


def add_disagreements(gathered: Gathered, model: Model, teacher: Teacher) -> None:
    """Frames in which a teacher sees something else."""
    labels = known_labels(model)
    about = TEACHER_LABELS & set(labels)
    for place, frame in Progress("asking the teacher: frames").over(
        list(gathered.frames.items()), len(gathered.frames)
    ):
        picture = pixels_of(frame)
        own, other = named(model.labels, model.look(picture), labels), teacher.detect(picture)
        coco = [COCO_IDS.get(class_id) for class_id in range(max(COCO_IDS) + 1)]
        gathered.doubts[place] += disagreements(own, named(coco, other, labels), labels, USUAL, frozenset(about))


def named(of: Sequence[str | None], found: Detections, labels: Sequence[str]) -> Detections:
    """Boxes renumbered by `labels`; those of others are left out."""
    numbers = np.array([labels.index(own) if own in labels else -1 for own in of], np.int64)
    known = found.class_id < len(numbers)
    mapped = np.where(known, numbers[np.minimum(found.class_id, len(numbers) - 1)], -1)
    keep = mapped >= 0
    return Detections(found.xyxy[keep], found.confidence[keep], mapped[keep])


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


def drafted(gathered: Gathered, candidate: Candidate, model: Model) -> Chosen:
    """A chosen frame with the model's boxes as a draft."""
    group, seq = candidate.key.split("\0")
    frame = gathered.frames[group, int(seq)]
    picture = pixels_of(frame)
    return Chosen(frame, picture, draft(model, picture), candidate.doubts)


def draft(model: Model, picture: Picture) -> list[LabelledBox]:
    """The model's boxes as labels."""
    height, width = picture.shape[:2]
    labels = known_labels(model)
    found = named(model.labels, model.look(picture), labels)
    kept = [
        box_of_corners(class_id, xyxy[0] / width, xyxy[1] / height, xyxy[2] / width, xyxy[3] / height)
        for xyxy, confidence, class_id in zip(
            found.xyxy.tolist(), found.confidence.tolist(), found.class_id.tolist(), strict=True
        )
        if confidence >= DRAFT_FLOOR
    ]
    return [box for box in kept if min(box.w, box.h) > 0]


def pixels_of(frame: Frame) -> Picture:
    """A frame's picture; it was read before."""
    file = read_file(frame.path)
    if isinstance(file, str):
        raise InputError(str(frame.path), f"changed while it was used: {file}", "Run the command again")
    return file.pixels
