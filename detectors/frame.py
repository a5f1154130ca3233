"""One frame on its way through the worker, and what is published of it."""

from dataclasses import dataclass
from typing import Any

from detectors.looking.reading import Models, PictureReading
from detectors.messages import FaceObserved, ObjectsObserved
from detectors.objects import ObjectsReading
from detectors.ordering import Slot
from ingest.log import Record
from ingest.messages import FrameHeader

PICTURE, OBJECTS = 0, 1
"""Ranks of the looks: the order in which a frame's observations are published."""
KINDS = ("picture", "objects")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A record of `frames`, what its header says, and the place of its results."""

    record: Record
    header: FrameHeader
    slot: Slot


def observations_of(frame: Frame, reading: PictureReading, models: Models) -> tuple[FaceObserved, ...]:
    """What the pool's networks saw, as published: a function of the record and the models."""
    return (FaceObserved(**_look(frame, models.face), faces=reading.faces, quality=reading.quality),)


def objects_observed(frame: Frame, reading: ObjectsReading) -> ObjectsObserved:
    """What the object model saw, as published."""
    return ObjectsObserved(**_look(frame, reading.model), objects=reading.objects, knows=reading.knows)


def _look(frame: Frame, model: str) -> dict[str, Any]:
    """What every look names."""
    header, record = frame.header, frame.record
    return {
        "session": header.session,
        "seq": header.seq,
        "capture_ms": header.capture_ms,
        "ingested_ms": header.ingested_ms,
        "partition": record.partition,
        "offset": record.offset,
        "model": model,
    }
