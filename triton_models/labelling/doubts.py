"""How much a frame is worth a person's look, as pure functions: near a threshold, flickering, disputed, dismissed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from triton_models.boxes import Detections, iou_one_to_many


class Reason(StrEnum):
    """Why a frame should be labelled, the strongest first."""

    DISMISSED = "dismissed"
    DISAGREES = "teacher_disagrees"
    FLICKERS = "flicker"
    NEAR = "near_threshold"


WEIGHTS: Mapping[Reason, float] = {
    Reason.DISMISSED: 4.0,
    Reason.DISAGREES: 2.0,
    Reason.FLICKERS: 1.5,
    Reason.NEAR: 1.0,
}
"""A person said no; two models differ; one model differs with itself; one model is unsure."""
NEAR_BAND = 0.2
"""Confidence this far from the threshold is no doubt any more."""
SAME_IOU = 0.3
"""A box of the teacher's that overlaps less is another thing."""
NEIGHBOUR_MS = 2_000
"""Frames further apart show another moment: no flicker."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen in one frame: highest confidence by label, and when; frames of one `group` follow each other."""

    group: str
    seq: int
    time_ms: int
    best: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to look at a frame: how strong (0-1), about which label, in words."""

    reason: Reason
    label: str
    strength: float
    why: str


def near_threshold(sighting: Sighting, thresholds: Mapping[str, float], usual: float) -> list[Doubt]:
    """Labels whose confidence is close to their threshold, on either side."""
    doubts = []
    for label, confidence in sighting.best.items():
        threshold = thresholds.get(label, usual)
        distance = abs(confidence - threshold)
        if distance < NEAR_BAND:
            why = f"{label} {confidence:.2f}, threshold {threshold:.2f}"
            doubts.append(Doubt(Reason.NEAR, label, 1 - distance / NEAR_BAND, why))
    return doubts


def flickers(
    frames: Sequence[Sighting], thresholds: Mapping[str, float], usual: float
) -> dict[tuple[str, int], list[Doubt]]:
    """Frames that differ from both neighbours: a label is there and was not and will not be, or the other way round."""
    found: dict[tuple[str, int], list[Doubt]] = {}
    ordered = sorted(frames, key=lambda frame: (frame.group, frame.time_ms, frame.seq))
    for before, now, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
        if not (before.group == now.group == after.group) or after.time_ms - before.time_ms > 2 * NEIGHBOUR_MS:
            continue
        doubts = [doubt for label in sorted({*before.best, *now.best, *after.best}) if (
            doubt := flicker(label, (before, now, after), thresholds.get(label, usual)))]  # fmt: skip
        if doubts:
            found[now.group, now.seq] = doubts
    return found


def flicker(label: str, three: tuple[Sighting, Sighting, Sighting], threshold: float) -> Doubt | None:
    """The doubt about the middle one of three frames, stronger the further it jumps."""
    before, now, after = (one.best.get(label, 0.0) for one in three)
    seen = [value >= threshold for value in (before, now, after)]
    if seen[0] != seen[2] or seen[0] == seen[1]:
        return None
    jump = min(1.0, abs(now - (before + after) / 2))
    return Doubt(Reason.FLICKERS, label, jump, f"{label} {before:.2f} {now:.2f} {after:.2f}")


def disagreements(
    own: Detections, teacher: Detections, labels: Sequence[str], floor: float, about: frozenset[str]
) -> list[Doubt]:
    """Boxes that one of two models is sure of and the other does not have; both numbered by `labels`."""
    doubts = []
    for sure, other, who in ((own, teacher, "the teacher"), (teacher, own, "the model")):
        for xyxy, confidence, class_id in zip(sure.xyxy, sure.confidence, sure.class_id, strict=True):
            label = labels[int(class_id)]
            if confidence < floor or label not in about:
                continue
            same = other.of_class(int(class_id), floor / 2)
            if not (iou_one_to_many(xyxy, same.xyxy) >= SAME_IOU).any():
                why = f"{label} {confidence:.2f}, {who} sees none there"
                doubts.append(Doubt(Reason.DISAGREES, label, float(confidence), why))
    return doubts


def worth(doubts: Sequence[Doubt]) -> float:
    """How much a frame is worth: its strongest doubt, and a tenth of the others."""
    weighted = sorted((WEIGHTS[doubt.reason] * doubt.strength for doubt in doubts), reverse=True)
    return weighted[0] + 0.1 * sum(weighted[1:]) if weighted else 0.0
