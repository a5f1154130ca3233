"""One look of a detector and all that follows from it: samples, calibration, conditions, events, risk.

The order of what is said: samples of the seconds that passed before the look, the end of calibration, then events
closed and opened, rule by rule. A detector's time never runs backwards: a frame stamped earlier counts as simultaneous.
`state` is always the fold's own copy and is changed in place.
"""

from msgspec.structs import replace

from detectors.messages import FaceObserved, HandsObserved, IdentityObserved, ObjectsObserved, SpeechObserved
from ingest.messages import BrowserReported
from scoring.fold.attention import attend
from scoring.fold.calibrating import calibrate, postpone
from scoring.fold.candidate import candidate_first, place_of
from scoring.fold.capture_time import JUMP_AHEAD_MS, shift_after
from scoring.fold.course import NEVER, Looks
from scoring.fold.coverage import look as looked
from scoring.fold.coverage import step_to
from scoring.fold.evidence import Moment, Step
from scoring.fold.face_signals import (
    count_faces,
    face_values,
    is_clear,
    is_far,
    measure,
    mouth_after,
    small_after,
)
from scoring.fold.hearing import RECORD_MS, take, wait, watch_mouth
from scoring.fold.judging import judge
from scoring.fold.object_signals import object_values, shows_phone
from scoring.fold.occurring import Messages
from scoring.fold.page_signals import browser_values, standing_after
from scoring.fold.person import Hearing, View
from scoring.fold.published_signals import hand_values, identity_values
from scoring.fold.recognition import after_look
from scoring.fold.rules import Look
from scoring.fold.score import SECOND_MS, sample_until
from scoring.fold.signs import note_cut
from scoring.fold.state import SessionState
from scoring.messages import Seen
from scoring.rulebook.policy import Policy
from scoring.rulebook.signals import Stream, Values

Sight = FaceObserved | ObjectsObserved | HandsObserved | IdentityObserved
MOST_MODELS = 8  # named in one verdict
PHONE_STAYS_MS = 2_000  # in view: as long as the phone's rule bridges what a look misses, and a half
STREAM_OF: dict[type, Stream] = {
    FaceObserved: "faces",
    ObjectsObserved: "objects",
    HandsObserved: "hands",
    SpeechObserved: "speech",
    IdentityObserved: "identity",
    BrowserReported: "browser",
}


def stream_of(seen: Seen) -> Stream:
    """The stream that a look belongs to."""
    return STREAM_OF[type(seen)]


def observe(policy: Policy, state: SessionState, seen: Seen, messages: Messages) -> None:
    """A detector or the candidate's page has looked."""
    if isinstance(seen, SpeechObserved):
        _hear(policy, state, seen, messages)
        return
    stream, evidence = STREAM_OF[type(seen)], policy.spec.evidence
    looks = state.looks.get(stream, NEVER)
    at_ms = _time_of(state, looks, seen)
    state.ingested_ms = seen.ingested_ms
    if at_ms - 1 - state.start_ms >= (state.samples + 1) * SECOND_MS:
        messages += sample_until(policy, state, at_ms - 1)
    step = step_to(evidence, stream, looks, state.frame_interval_ms, at_ms)
    if isinstance(seen, BrowserReported):
        _hear_browser(policy, state, seen, Moment(seen.seq, at_ms, -1, -1, "browser"), step, messages)
    else:
        _see(policy, state, seen, Moment(seen.seq, at_ms, seen.partition, seen.offset), step, messages)
    state.looks = {**state.looks, stream: looked(looks, seen.seq, at_ms, evidence)}
    if at_ms > state.clock_ms:
        state.clock_ms = at_ms
    if state.hearing is not None and stream == "faces":
        judge_sound(policy, state, messages)


def _see(policy: Policy, state: SessionState, seen: Sight, here: Moment, step: Step, messages: Messages) -> None:
    """A detector has looked at a frame."""
    if seen.model not in state.models:
        _name_model(state, seen.model)
    if isinstance(seen, FaceObserved):
        if seen.quality.cut is True:
            note_cut(state, here.capture_ms)
        _see_faces(policy, state, seen, here, step, messages)
        return
    if isinstance(seen, ObjectsObserved):
        state.knows |= seen.knows  # -1, all, stays -1
        state.phone_ms = here.capture_ms if shows_phone(seen) else state.phone_ms
    elif isinstance(seen, IdentityObserved):
        state.likeness = after_look(state.likeness, seen.similarity, here.capture_ms)
    values = _values(policy, state, seen, here.capture_ms)
    judge(policy, state, Look(STREAM_OF[type(seen)], here, values, step), messages)


def _hear(policy: Policy, state: SessionState, seen: SpeechObserved, messages: Messages) -> None:
    """Sound waits for its pictures: it moves neither the session's clock nor its samples."""
    state.ingested_ms = seen.ingested_ms
    if seen.model not in state.models:
        _name_model(state, seen.model)
    state.hearing = wait(state.hearing or Hearing(), seen)
    judge_sound(policy, state, messages)


def judge_sound(policy: Policy, state: SessionState, messages: Messages, is_over: bool = False) -> None:
    """The records of sound whose time has been seen by now; `is_over`: nothing more will be seen."""
    faces_ms = state.looks_of("faces").at_ms
    while state.hearing is not None:
        state.hearing, one, values = take(state.hearing, faces_ms, state.shift_ms, is_over)
        if one is None:
            return
        _judge_record(policy, state, one.here, values, messages)


def _judge_record(policy: Policy, state: SessionState, record: Moment, values: Values, messages: Messages) -> None:
    looks, evidence = state.looks_of("speech"), policy.spec.evidence
    at_ms = max(record.capture_ms + state.shift_ms, looks.at_ms, state.start_ms)
    step = step_to(evidence, "speech", looks, RECORD_MS, at_ms)
    judge(policy, state, Look("speech", replace(record, capture_ms=at_ms), values, step), messages)
    state.looks = {**state.looks, "speech": looked(looks, record.seq, at_ms, evidence)}
    state.clock_ms = max(state.clock_ms, at_ms)


def _name_model(state: SessionState, model: str) -> None:
    """Another one has looked."""
    state.models = (*state.models, model)[:MOST_MODELS]


def _values(
    policy: Policy, state: SessionState, seen: ObjectsObserved | HandsObserved | IdentityObserved, at_ms: int
) -> Values:
    match seen:
        case ObjectsObserved():
            return object_values(seen, policy.object_slots, state.view.clear)
        case HandsObserved():
            return hand_values(seen, phone_in_view=at_ms - state.phone_ms <= PHONE_STAYS_MS)
        case IdentityObserved():
            return identity_values(seen)


def _time_of(state: SessionState, looks: Looks, seen: Seen) -> int:
    """The look's time on the session's clock."""
    if looks.frames and not looks.at_ms <= seen.capture_ms + state.shift_ms <= looks.at_ms + JUMP_AHEAD_MS:
        _mend_clock(state, looks, seen)
    return max(seen.capture_ms + state.shift_ms, looks.at_ms, state.start_ms)


def _mend_clock(state: SessionState, looks: Looks, seen: Seen) -> None:
    shift_ms = shift_after(looks, state.shift_ms, seen, state.ingested_ms)
    if shift_ms != state.shift_ms:
        state.shift_ms = shift_ms
        state.count("clock_jumps")


def _see_faces(
    policy: Policy, state: SessionState, seen: FaceObserved, here: Moment, step: Step, messages: Messages
) -> None:
    floor = policy.spec.quality
    if state.calibrating is not None:
        calibrate(policy, state, state.calibrating, seen, here, messages)
    view = state.view
    if len(seen.faces) > 1:
        seen = candidate_first(seen, view.place, here.capture_ms - view.face_ms)
    count = count_faces(floor, seen, is_far(view, here.capture_ms))
    middle = state.baseline.middle if state.baseline else None
    moved, mouth = mouth_after(seen, count, step.step_ms, view.mouth)
    measured = measure(floor, seen, count, moved)
    values = face_values(floor, middle, measured)
    if state.calibrating is not None:
        state.calibrating = postpone(state.calibrating, here, step, measured)
    if policy.attention is not None and middle is not None:
        state.attention = attend(policy.attention, state.attention, values, here.capture_ms, step.seen_ms)
    face_ms, place = view.face_ms, view.place
    if seen.faces:
        face_ms, place = here.capture_ms, place_of(seen.faces[0])
    judge(policy, state, Look("faces", here, values, step), messages)
    small = small_after(floor, seen, view.small)
    state.view = View(count, small, is_clear(floor, seen.quality), mouth, face_ms, place)
    if state.hearing is not None:
        state.hearing = watch_mouth(state.hearing, seen, count, state.view.clear, here.capture_ms)


def _hear_browser(
    policy: Policy, state: SessionState, seen: BrowserReported, here: Moment, step: Step, messages: Messages
) -> None:
    """What the page said stands until its next report, unless it was silent for too long."""
    stood = browser_values(state.standing)
    now, state.standing = standing_after(state.standing, seen)
    if step.step_ms <= step.bridge_ms:
        judge(policy, state, Look("browser", here, stood, step), messages)
        step = Step(0, 0, step.bridge_ms)
    judge(policy, state, Look("browser", here, browser_values(now), step), messages)
