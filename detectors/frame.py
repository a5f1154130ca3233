"""One frame on its way through the worker."""

from dataclasses import dataclass

from detectors.face.reading import FaceReading
from detectors.messages import FaceObserved, ObjectsObserved
from detectors.objects import ObjectsReading
from detectors.ordering import Slot
from ingest.log import Record
from ingest.messages import FrameHeader

FACE, OBJECTS = 0, 1
"""Ranks of the looks: the order in which a frame's observations are published."""
KINDS = ("face", "objects")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A record of `frames`, what its header says, and the place of its results."""

    record: Record
    header: FrameHeader
    slot: Slot


def face_observed(frame: Frame, reading: FaceReading, model: str) -> FaceObserved:
    """What the mesh saw, as published: a function of the record and the model."""
    header, record = frame.header, frame.record
    return FaceObserved(
        session=header.session,
        seq=header.seq,
        capture_ms=header.capture_ms,
        ingested_ms=header.ingested_ms,
        partition=record.partition,
        offset=record.offset,
        model=model,
        faces=reading.faces,
        quality=reading.quality,
    )


def objects_observed(frame: Frame, reading: ObjectsReading) -> ObjectsObserved:
    """What the object model saw, as published."""
    header, record = frame.header, frame.record
    return ObjectsObserved(
        session=header.session,
        seq=header.seq,
        capture_ms=header.capture_ms,
        ingested_ms=header.ingested_ms,
        partition=record.partition,
        offset=record.offset,
        model=reading.model,
        objects=reading.objects,
    )
