"""From a record of `observations` to rows: one for each observation of a session, none for ticks."""

from array import array
from collections.abc import Iterator
from typing import TypedDict

import msgspec

from detectors.messages import Face, FaceObserved, FramesEnded, ObjectsObserved
from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import FramesDropped, SessionEnded, SessionStarted
from scoring.messages import Observation, Tick, decode_bundle
from sinks.rows import ObservationRow, SessionRow

_pieces_of = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


class Stored(TypedDict):
    """What every row carries: where its message stands in the log, when the log took it, and its exact bytes."""

    log_partition: int
    log_offset: int
    log_ms: int
    position: int
    packed: bytes


class FaceNumbers(TypedDict, total=False):
    """The columns that only a face fills."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    gaze_x: float
    gaze_y: float
    eye_openness: float
    mouth_openness: float
    face_width_share: float


def observation_rows(record: Record) -> list[ObservationRow | SessionRow]:
    """The rows of one bundle, in order; a session's start and end give one of each kind.

    Raises: PoisonError when the record is no bundle, or holds a number that no column can hold.
    """
    bundle = decode_bundle(record.value)
    place = (record.partition, record.offset, record.timestamp_ms)
    try:
        return [
            row
            for position, (observation, piece) in enumerate(zip(bundle, _pieces_of(record.value), strict=True))
            for row in _rows(observation, _stored(place, position, bytes(piece)))
        ]
    except OverflowError as error:
        raise PoisonError(f"a number in a bundle of observations is out of range: {error}") from error


def _stored(place: tuple[int, int, int], position: int, packed: bytes) -> Stored:
    partition, offset, log_ms = place
    return Stored(log_partition=partition, log_offset=offset, log_ms=log_ms, position=position, packed=packed)


def _rows(observation: Observation, stored: Stored) -> Iterator[ObservationRow | SessionRow]:
    match observation:
        case FaceObserved():
            yield _face_row(observation, stored)
        case ObjectsObserved():
            yield _objects_row(observation, stored)
        case FramesEnded():
            yield _ended_row(observation, stored)
        case FramesDropped():
            yield _dropped_row(observation, stored)
        case SessionStarted() | SessionEnded():
            yield from _life_rows(observation, stored)
        case Tick():
            return


def _face_row(o: FaceObserved, stored: Stored) -> ObservationRow:
    require_int64(o.seq, o.capture_ms, o.ingested_ms, o.partition, o.offset)
    return ObservationRow(
        session=o.session,
        kind="face",
        seq=o.seq,
        capture_ms=o.capture_ms,
        ingested_ms=o.ingested_ms,
        frame_partition=o.partition,
        frame_offset=o.offset,
        model=o.model,
        face_count=len(o.faces),
        brightness=o.quality.brightness,
        sharpness=o.quality.sharpness,
        **(_numbers(o.faces[0]) if o.faces else {}),
        **stored,
    )


def _numbers(face: Face) -> FaceNumbers:
    return FaceNumbers(
        yaw_deg=face.yaw_deg,
        pitch_deg=face.pitch_deg,
        roll_deg=face.roll_deg,
        gaze_x=face.gaze_x,
        gaze_y=face.gaze_y,
        eye_openness=face.eye_openness,
        mouth_openness=face.mouth_openness,
        face_width_share=face.width_share,
    )


def _ended_row(o: FramesEnded, stored: Stored) -> ObservationRow:
    require_int64(o.seq, o.capture_ms, o.ingested_ms)
    return ObservationRow(
        session=o.session,
        kind="frames-ended",
        seq=o.seq,
        capture_ms=o.capture_ms,
        ingested_ms=o.ingested_ms,
        **stored,
    )


def _objects_row(o: ObjectsObserved, stored: Stored) -> ObservationRow:
    require_int64(o.seq, o.capture_ms, o.ingested_ms, o.partition, o.offset)
    return ObservationRow(
        session=o.session,
        kind="objects",
        seq=o.seq,
        capture_ms=o.capture_ms,
        ingested_ms=o.ingested_ms,
        frame_partition=o.partition,
        frame_offset=o.offset,
        model=o.model,
        labels=tuple(found.label for found in o.objects),
        confidences=tuple(found.confidence for found in o.objects),
        **stored,
    )


def _dropped_row(o: FramesDropped, stored: Stored) -> ObservationRow:
    require_int64(o.seq, o.from_ms, o.to_ms, o.count)
    return ObservationRow(
        session=o.session,
        kind=f"dropped-{o.stage}",
        seq=o.seq,
        capture_ms=o.from_ms,
        dropped=o.count,
        reason=o.reason,
        **stored,
    )


def _life_rows(o: SessionStarted | SessionEnded, stored: Stored) -> Iterator[ObservationRow | SessionRow]:
    require_int64(o.capture_ms)
    if isinstance(o, SessionStarted):
        require_int64(o.frame_interval_ms)
        yield ObservationRow(session=o.session, kind="session-started", seq=0, capture_ms=o.capture_ms, **stored)
        yield SessionRow(
            session=o.session,
            phase="started",
            capture_ms=o.capture_ms,
            source=o.source,
            frame_interval_ms=o.frame_interval_ms,
            **stored,
        )
        return
    require_int64(o.frames_sent)
    yield ObservationRow(session=o.session, kind="session-ended", seq=0, capture_ms=o.capture_ms, **stored)
    yield SessionRow(
        session=o.session,
        phase="ended",
        capture_ms=o.capture_ms,
        frames_sent=o.frames_sent,
        reason=o.reason,
        **stored,
    )


def require_int64(*numbers: int) -> None:
    """Nothing when all fit into a column: msgpack carries unsigned 64 bits, columns are signed.

    Raises: OverflowError.
    """
    array("q", numbers)
