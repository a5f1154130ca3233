"""Whose voice it is: speech while the candidate's mouth is still is somebody else's.

Sound and pictures come through the log by different ways, so either may be ahead: a record of sound waits until the
faces of its time, and of half a second behind it, have been seen, and mouths are remembered for half a minute. What is
said of a record is so the same whichever came first, as long as sound is ahead by no more than MOST_WAITING records and
behind by no more than that half minute. Beyond it, and where the mouth was not seen well, it is unknown whose voice it
was.

How far a mouth moves is the range of its opening (height over width) over the record's second and TOLERANCE_MS on
either side, which does not depend on the frame rate as the change from look to look does. Measured on webcam clips at
2, 5 and 10 frames/s: mouths of people who sit still 0.005 to 0.024 (95 %), with a moving head 0.07, of somebody who
talks 0.09 and more in three seconds of four.
"""

from math import isfinite

from detectors.messages import FaceObserved, SpeechObserved
from scoring.fold.evidence import Moment
from scoring.fold.person import Hearing, Waiting
from scoring.fold.published_signals import speech_values
from scoring.rulebook.signals import Values

RECORD_MS = 1_000
TOLERANCE_MS = 500
"""Lips open before a sound and close behind it, and recorders keep sound and pictures together to 0.1 s or so."""
SLOT_MS = 500
REMEMBERED_SLOTS = 64
LEAST_SEEN = 3
"""Of the four or five slots of a record that must show the mouth: three looks, as at 2 frames/s."""
STILL, MOVING = 0.025, 0.05
"""Up to the one the mouth is still, from the other on it moves; between them, in proportion."""
SOME_SPEECH = 0.2
"""A shorter share of a record is no speech that anybody could be blamed for: a click, a breath, a record's edge."""
MOST_WAITING = 32
FURTHEST_TURNED_DEG = 45.0
"""Beyond this, half of the mouth is hidden and its opening is a guess."""
_STEPS = 200  # of an opening of 1: half a hundredth, a fifth of STILL
_UNSEEN = b"\xff\x00"
_LARGEST = 250


def watch_mouth(hearing: Hearing, seen: FaceObserved, count: int, is_clear: bool, at_ms: int) -> Hearing:
    """Remember the largest face's mouth at `at_ms`; `count`: faces in the picture, -1 when not known."""
    slot = at_ms // SLOT_MS
    mouths, first = _up_to(slot, hearing)
    opening = _opening(seen, count, is_clear)
    if opening is not None and first <= slot:
        place = 2 * (slot - first)
        extremes = bytes((min(mouths[place], opening), max(mouths[place + 1], opening)))
        mouths = mouths[:place] + extremes + mouths[place + 2 :]
    return Hearing(mouths, first, hearing.heard, hearing.waiting)


def _up_to(slot: int, hearing: Hearing) -> tuple[bytes, int]:
    """The slots that are remembered when `slot` is the latest, and the number of the first of them."""
    mouths, first = hearing.mouths, hearing.first if hearing.mouths else slot
    missing = slot + 1 - first - len(mouths) // 2
    mouths += _UNSEEN * min(max(missing, 0), REMEMBERED_SLOTS)
    forgotten = max(0, slot + 1 - first - REMEMBERED_SLOTS)
    return mouths[-2 * REMEMBERED_SLOTS :], first + forgotten


def _opening(seen: FaceObserved, count: int, is_clear: bool) -> int | None:
    """The opening in steps; None when the mouth is not seen well."""
    if count <= 0 or not is_clear or seen.quality.frozen or not seen.faces:
        return None
    face = seen.faces[0]
    if not (isfinite(face.mouth_openness) and abs(face.yaw_deg) <= FURTHEST_TURNED_DEG):
        return None
    return min(_LARGEST, max(0, round(face.mouth_openness * _STEPS)))


def wait(hearing: Hearing, seen: SpeechObserved) -> Hearing:
    """A record of sound is to be judged when its time has been seen."""
    here = Moment(seen.seq, seen.capture_ms, seen.partition, seen.offset, "speech")
    return Hearing(hearing.mouths, hearing.first, seen.seq, (*hearing.waiting, Waiting(here, *speech_values(seen))))


def take(hearing: Hearing, faces_ms: int, shift_ms: int, is_over: bool) -> tuple[Hearing, Waiting | None, Values]:
    """The first record that can be judged now, if there is one, and its signals in the order of the slots.

    `faces_ms`: up to when faces have been seen, on the session's clock, which is `shift_ms` ahead of capture times.
    `is_over`: nothing more will be seen.
    """
    if not hearing.waiting:
        return hearing, None, ()
    first, *others = hearing.waiting
    end_ms = first.here.capture_ms + shift_ms
    is_seen = is_over or faces_ms // SLOT_MS > _last_slot(end_ms)
    if not is_seen and len(others) < MOST_WAITING:
        return hearing, None, ()
    voice = other_voice(first.speech, first.other, stillness(hearing, end_ms) if is_seen else None)
    left = Hearing(hearing.mouths, hearing.first, hearing.heard, tuple(others))
    return left, first, (first.speech, voice, first.level_dbfs)


def other_voice(speech: float | None, published: float | None, still: float | None) -> float | None:
    """How certain it is that somebody else speaks, 0-1; None: unknown.

    `published`: what the detector said of it; one that cannot tell voices apart says 0. `still`: how still the mouth
    was, 0-1. The surer of the two counts.
    """
    if speech is None:
        return published or None
    if speech < SOME_SPEECH:
        return published or 0.0
    if still is None:
        return published or None
    return max(published or 0.0, round(speech * still, 4))


def stillness(hearing: Hearing, end_ms: int) -> float | None:
    """How still the mouth was during the record that ends at `end_ms`: 1 still, 0 moving, None: not seen well."""
    first = (end_ms - RECORD_MS - TOLERANCE_MS) // SLOT_MS - hearing.first
    last = _last_slot(end_ms) - hearing.first
    span = hearing.mouths[2 * max(first, 0) : 2 * max(last + 1, 0)]
    seen = [(low, high) for low, high in zip(span[::2], span[1::2], strict=True) if low <= high]
    if first < 0 or len(seen) < LEAST_SEEN:
        return None
    moved = (max(high for _, high in seen) - min(low for low, _ in seen)) / _STEPS
    return min(1.0, max(0.0, (MOVING - moved) / (MOVING - STILL)))


def _last_slot(end_ms: int) -> int:
    return (end_ms + TOLERANCE_MS - 1) // SLOT_MS
