"""One frame on its way through the worker, and what is published of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, structs

from detectors.liveness.watch import Liveness
from detectors.looking.reading import Models, PictureReading
from detectors.messages import FaceObserved, HandsObserved, IdentityObserved, Look, ObjectsObserved
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


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What the pool's networks saw in one frame: nearly observations, but for what its session's past tells."""

    frame: Frame
    reading: PictureReading
    models: Models


def observations_of(glance: Glance, live: Liveness, alike: float | None) -> Iterator[Look]:
    """What is published of a glance. `alike`: how alike its face is to the registered one; None: nothing is said."""
    frame, reading, models = glance.frame, glance.reading, glance.models
    quality = structs.replace(
        reading.quality,
        frozen=live.frozen,
        looped=live.looped,
        framed=live.framed,
        covered=live.covered,
        cut=True if live.cut else UNSET,
    )
    yield FaceObserved(**_look(frame, models.face), faces=reading.faces, quality=quality, person=reading.person)
    if (hands := reading.hands) is not None:
        look = _look(frame, models.hands)
        yield HandsObserved(**look, at_face=hands.at_face, signalling=hands.signalling, holding=hands.holding)
    if alike is not None:
        yield IdentityObserved(**_look(frame, models.identity), similarity=alike)


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
