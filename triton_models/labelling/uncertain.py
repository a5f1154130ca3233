"""From frames to a labelling set: look (or read what was observed), doubt, choose, write."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ingest.errors import InputError
from triton_models.annotations import LabelledBox, box_of_corners
from triton_models.boxes import Detections
from triton_models.dataset.teacher import COCO_IDS, Teacher
from triton_models.evaluation.model_under_test import Model, open_model
from triton_models.exporting.publish import read_json
from triton_models.labelling.choosing import Candidate, choose
from triton_models.labelling.doubts import disagreements
from triton_models.labelling.gathered import (
    USUAL,
    Gathered,
    Wish,
    add_dismissed,
    add_doubts,
    candidates_of,
    check_wish,
    looked_at,
    observed,
    pixels_of,
)
from triton_models.labelling.labelling_set import Chosen, check_place, write_set
from triton_models.making.composites import Picture
from triton_models.model_card import read_card
from triton_models.progress import Progress

DRAFT_FLOOR = 0.25
"""Boxes from here on are drawn as a first draft: wrong ones are quicker removed than missing ones drawn."""
TEACHER_LABELS = frozenset({"person", "laptop", "book", "screen", "cup", "keyboard", "mouse"})
"""What the teacher's word is worth something for: it calls phones `remote` and wallets `cell phone`."""


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


def known_labels(model: Model) -> list[str]:
    """The labels that a model knows, in the order of its classes, each once."""
    return list(dict.fromkeys(label for label in model.labels if label))


def thresholds_of(wish: Wish) -> Mapping[str, float]:
    """Thresholds by label: from a file of evaluate's, else from the card beside the model, else none."""
    if wish.thresholds:
        return {label: float(value) for label, value in read_json(wish.thresholds)["thresholds"].items()}
    card = wish.model.parent.parent / "model.json"
    return read_card(card).thresholds if card.is_file() else {}


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
