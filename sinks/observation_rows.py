"""From a record of `observations` to rows: one for each observation of a session, none for ticks."""

from collections.abc import Iterator
from hashlib import blake2b

from detectors.messages import (
    FaceObserved,
    FramesEnded,
    HandsObserved,
    IdentityObserved,
    ObjectsObserved,
    SoundEnded,
    SpeechObserved,
)
from ingest.log import Record
from ingest.messages import BrowserReported, FramesDropped, SessionEnded, SessionStarted, SoundDropped, encode_message
from scoring.messages import Observation, SessionObservation, Tick, unpack_bundle
from sinks.row_making import Values, alike, make_row, place_of
from sinks.rows import ObservationRow, SessionRow

Detected = FaceObserved | ObjectsObserved | HandsObserved | SpeechObserved | IdentityObserved

DIGEST_BYTES = 8


def observation_rows(record: Record) -> list[ObservationRow | SessionRow]:
    """The rows of one bundle, in order; a session's start and end give one of each kind.

    Raises: PoisonError when the record is no bundle, or holds a number that no column can hold.
    """
    place = place_of(record)
    return [
        row
        for position, (observation, packed) in enumerate(unpack_bundle(record.value))
        for row in _rows(observation, place | {"position": position, "packed": packed})
    ]


def _rows(observation: Observation, stored: Values) -> Iterator[ObservationRow | SessionRow]:
    if isinstance(observation, Tick):
        return
    yield make_row(ObservationRow, observation, stored, _own(observation))
    if isinstance(observation, SessionStarted):
        policy = policy_digest(observation.policy) if observation.policy else ""
        yield make_row(SessionRow, observation, stored, phase="started", policy=policy)
    elif isinstance(observation, SessionEnded):
        yield make_row(SessionRow, observation, stored, phase="ended")


def _own(o: SessionObservation) -> Values:
    """What kind of observation it is, and what it does not have under its column's name."""
    match o:
        case SessionStarted():
            return {"kind": "session-started", "seq": _number(o)}
        case SessionEnded():
            return {"kind": "session-ended", "seq": 0}
        case FramesEnded():
            return {"kind": "frames-ended"}
        case FramesDropped():
            return {"kind": f"dropped-{o.stage}", "capture_ms": o.from_ms, "dropped": o.count}
        case SoundEnded():
            return {"kind": "sound-ended"}
        case SoundDropped():
            return {"kind": "sound-dropped", "capture_ms": o.from_ms}
        case BrowserReported():
            return {"kind": "browser", "sign_on": o.on}
        case _:
            return {"frame_partition": o.partition, "frame_offset": o.offset} | _detected(o)


def _detected(o: Detected) -> Values:
    match o:
        case FaceObserved():
            return {"kind": "face"} | _face(o)
        case ObjectsObserved():
            labels, confidences = (x.label for x in o.objects), (x.confidence for x in o.objects)
            found = {"labels": tuple(labels), "confidences": tuple(confidences)}
            return {"kind": "objects", "knows": o.knows} | found
        case HandsObserved():
            hands = {"hand_at_face": o.at_face, "hand_signal": o.signalling, "hand_holding": o.holding}
            return {"kind": "hands"} | hands
        case SpeechObserved():
            return {"kind": "speech", "other_voice": o.other}
        case IdentityObserved():
            return {"kind": "identity"}


def _face(o: FaceObserved) -> Values:
    """The number of faces, the largest one's numbers, and how good the picture was."""
    widths = tuple(face.width_share for face in o.faces)
    largest = alike(ObservationRow, o.faces[0]) | {"face_width_share": widths[0]} if o.faces else {}
    return {"face_count": len(o.faces), "face_width_shares": widths} | largest | alike(ObservationRow, o.quality)


def _number(start: SessionStarted) -> int:
    """What sets different announcements of one session apart, as scoring does: it folds each of them once."""
    return int.from_bytes(blake2b(encode_message(start), digest_size=DIGEST_BYTES).digest()) >> 1


def policy_digest(document: str) -> str:
    """What verdicts and events call the policy of this canonical text."""
    return blake2b(document.encode(), digest_size=DIGEST_BYTES).hexdigest()
