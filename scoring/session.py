"""The fold: one session's observations in log order become its risk events, score samples and verdicts.

`fold` and `close_silent` are pure: the same policy, state and observation give the same state and the same messages,
live, in replay and in tests. No clock, no randomness; time is the capture time of the observations.
"""

from hashlib import blake2b
from typing import Literal

from msgspec.structs import replace

from detectors.messages import FaceObserved, FramesEnded, ObjectsObserved
from ingest.messages import FramesDropped, SessionEnded, SessionStarted, encode_message
from scoring import calibration
from scoring.conditions import policy_thresholds
from scoring.messages import Observation, RiskMessage, SessionObservation, Tick
from scoring.observing import (
    Messages,
    calibrated,
    end_calibration,
    observe_faces,
    observe_objects,
    sample,
    settle,
    tell,
)
from scoring.policy import Policy
from scoring.rules import close
from scoring.state import Calibrating, Drops, Ending, RuleState, SessionState, decode_state, encode_state
from scoring.verdict import conclude

__all__ = ["SessionState", "close_silent", "decode_state", "encode_state", "fold"]

DIGEST_BYTES = 16
FIRST_REVISION = 1
LONGEST_CALIBRATION_MS = 600_000
MOST_DROPPED = 1_000_000_000  # in one report: a garbled count must not outgrow the checkpoint's integers

Folded = tuple[SessionState, tuple[RiskMessage, ...]]


def fold(policy: Policy, state: SessionState | None, observation: SessionObservation) -> Folded:
    """The next state and what follows from one observation; `state` None: the session's first.

    `policy` is the one that the session began with, the default for a session whose start was never seen. What was seen
    before, and whatever comes after the session's end, returns the same state and nothing.
    """
    messages: Messages = []
    if state is None:
        state = _begin(policy, observation, messages)
    elif state.closed_by == "end" or not _is_new(state, observation):
        return state, ()
    state = _reopened(_chained(state, observation))
    state = _take(policy, state, observation, messages)
    if state.ending.is_complete:
        state = _conclude(policy, state, "end", messages)
    return state, tuple(messages)


def close_silent(policy: Policy, state: SessionState, at_ms: int) -> Folded:
    """End a session that was silent for `policy.silence_ms` of log time, noticed at `at_ms`.

    `at_ms` is another clock than the session's: it enters the digest and nothing else.
    """
    if state.closed:
        return state, ()
    messages: Messages = []
    state = _conclude(policy, _chained(state, Tick(at_ms=at_ms)), "silence", messages)
    return state, tuple(messages)


def _take(policy: Policy, state: SessionState, observation: SessionObservation, messages: Messages) -> SessionState:
    match observation:
        case FaceObserved():
            return observe_faces(policy, state, observation, messages)
        case ObjectsObserved():
            return observe_objects(policy, state, observation, messages)
        case FramesDropped():
            return replace(state, drops=_dropped(state.drops, observation))
        case SessionEnded() | FramesEnded():
            return replace(state, ending=_ending(state.ending, observation))
        case SessionStarted():
            return state


def _begin(policy: Policy, first: SessionObservation, messages: Messages) -> SessionState:
    """A session begins with its announcement, or unannounced with whatever comes first."""
    start = first if isinstance(first, SessionStarted) else None
    start_ms = first.from_ms if isinstance(first, FramesDropped) else first.capture_ms
    wanted = start.calibration_ms if start else None
    duration_ms = min(policy.spec.calibration.duration_ms if wanted is None else wanted, LONGEST_CALIBRATION_MS)
    state = SessionState(
        session=first.session,
        policy=policy.digest,
        start_ms=start_ms,
        frame_interval_ms=max(start.frame_interval_ms, 0) if start else 0,
        calibrating=Calibrating(duration_ms) if duration_ms > 0 else None,
        thresholds=policy_thresholds(policy.rules),
        rules=(RuleState(),) * len(policy.rules),
        observations=bytes(DIGEST_BYTES),
        clock_ms=start_ms,
        ingested_ms=getattr(first, "ingested_ms", start_ms),
        revision=FIRST_REVISION,
    )
    if state.calibrating:
        return state
    return calibrated(policy, state, calibration.skip(policy.spec.calibration), start_ms, messages)


def _is_new(state: SessionState, observation: SessionObservation) -> bool:
    """Whether this was not seen before: detectors that restart repeat themselves."""
    match observation:
        case FaceObserved(seq=seq):
            return seq > state.faces.seq
        case ObjectsObserved(seq=seq):
            return seq > state.objects.seq
        case FramesDropped(stage=stage, seq=seq, to_ms=to_ms):
            return (seq, to_ms) > (state.drops.ingest if stage == "ingest" else state.drops.detectors)
        case FramesEnded(seq=seq):
            return seq > state.ending.frames_passed
        case SessionEnded():
            return state.ending.frames_sent < 0
        case SessionStarted():
            return False


def _chained(state: SessionState, observation: Observation) -> SessionState:
    """The state with the observation in its digest, and with its ingest time where it has one."""
    digest = blake2b(state.observations + encode_message(observation), digest_size=DIGEST_BYTES).digest()
    return replace(state, observations=digest, ingested_ms=getattr(observation, "ingested_ms", state.ingested_ms))


def _reopened(state: SessionState) -> SessionState:
    return replace(state, closed_by="", revision=state.revision + 1) if state.closed else state


def _dropped(drops: Drops, report: FramesDropped) -> Drops:
    count, mark = drops.count + min(max(report.count, 0), MOST_DROPPED), (report.seq, report.to_ms)
    if report.stage == "ingest":
        return Drops(count, mark, drops.detectors)
    return Drops(count, drops.ingest, mark)


def _ending(ending: Ending, word: SessionEnded | FramesEnded) -> Ending:
    """The source's last word and the detectors' come in either order."""
    if isinstance(word, FramesEnded):
        return Ending(ending.capture_ms, ending.frames_sent, word.seq)
    return Ending(word.capture_ms, max(word.frames_sent, 0), ending.frames_passed)


def _conclude(policy: Policy, state: SessionState, by: Literal["end", "silence"], messages: Messages) -> SessionState:
    """The session with all that was going on ended, and its verdict."""
    end_ms = max(state.clock_ms, state.ending.capture_ms)
    if state.calibrating is not None:
        state = end_calibration(policy, state, state.calibrating, end_ms, messages)
    state = settle(policy, sample(policy, state, end_ms, messages), end_ms)
    outcomes = [(planned, close(state.rules[planned.place])) for planned in policy.rules]
    state = replace(state, rules=tuple(outcome.state for _, outcome in outcomes), closed_by=by)
    for planned, outcome in outcomes:
        state = tell(state, planned, outcome, messages)
    messages.append(conclude(policy, state, end_ms))
    return state
