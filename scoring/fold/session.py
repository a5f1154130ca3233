"""The fold: one session's observations in log order become its risk events, score samples and verdicts.

`fold` and `close_silent` are pure: the same policy, state and observation give the same state and the same messages,
live, in replay and in tests. No clock, no randomness; time is the capture time of the observations. The state that
they are given is never changed.
"""

from hashlib import blake2b
from typing import Literal, cast

from msgspec.structs import replace

from detectors.messages import FramesEnded, SoundEnded
from ingest.messages import (
    FramesDropped,
    SessionEnded,
    SessionStarted,
    SoundDropped,
    encode_message,
)
from scoring.fold.calibrating import end_calibration, skip_calibration
from scoring.fold.course import NEVER, Drops, Ending
from scoring.fold.observing import STREAM_OF, judge_sound, observe
from scoring.fold.occurring import Messages, close_rules
from scoring.fold.person import Calibrating, Hearing
from scoring.fold.reasons import BEGINNING_LOST
from scoring.fold.score import sample_until, settle_now
from scoring.fold.signs import note_source
from scoring.fold.state import SessionState, decode_state, encode_state
from scoring.fold.verdict import conclude
from scoring.messages import RiskMessage, Seen, SessionObservation, Word
from scoring.rulebook.policy import Policy

__all__ = ["SessionState", "close_silent", "decode_state", "encode_state", "fold", "over", "without_beginning"]

DIGEST_BYTES = 16
FIRST_REVISION = 1
LONGEST_CALIBRATION_MS = 600_000
MOST_DROPPED = 1_000_000_000  # in one report: a garbled count must not outgrow the checkpoint's integers
MOST_ANNOUNCEMENTS = 4  # different ones of one session that are told apart

Folded = tuple[SessionState, tuple[RiskMessage, ...]]


def fold(
    policy: Policy, state: SessionState | None, observation: SessionObservation, packed: bytes | None = None
) -> Folded:
    """The next state and what follows from one observation; `state` None: the session's first.

    `policy` is the one that the session began with, the default for a session whose start was never seen. `packed` are
    the observation's bytes in the log; without them, those that this version would write. What was seen before, and
    whatever comes after the session's end, returns the same state and nothing.
    """
    if state is not None and (state.closed_by == "end" or not _is_new(state, observation)):
        return state, ()
    messages: Messages = []
    state = _begin(policy, observation, messages) if state is None else replace(state)
    if state.closed:
        state.closed_by, state.revision = "", state.revision + 1
    _chain(state, observation, packed)
    if type(observation) in STREAM_OF:
        observe(policy, state, cast(Seen, observation), messages)
    else:
        _take(policy, state, cast(Word, observation), messages)
    return state, tuple(messages)


def close_silent(policy: Policy, state: SessionState) -> Folded:
    """End a session that was silent for `policy.silence_ms` of log time."""
    if state.closed:
        return state, ()
    messages: Messages = []
    state = replace(state)
    _conclude(policy, state, "silence", messages)
    return state, tuple(messages)


def without_beginning(state: SessionState) -> SessionState:
    """The session after what is left of it in the log: whatever follows, it comes to no conclusion."""
    state = replace(state)
    state.count(BEGINNING_LOST)
    return state


def over(session: str, policy: str) -> SessionState:
    """A session that has ended under another version of the fold: nothing follows, whatever comes."""
    return SessionState(
        session=session,
        policy=policy,
        start_ms=0,
        frame_interval_ms=0,
        calibrating=None,
        observations=b"",
        clock_ms=0,
        ingested_ms=0,
        known=(),
        closed_by="end",
    )


def _take(policy: Policy, state: SessionState, word: Word, messages: Messages) -> None:
    """`state`: the fold's own copy. The source's last word and the detectors' come in either order."""
    match word:
        case FramesDropped():
            state.drops = _dropped(state.drops, word)
        case SoundDropped():
            state.sound_drops = _dropped(state.sound_drops, word)
        case FramesEnded() | SoundEnded():
            state.ending = _passed(state.ending, word)
            state.ingested_ms = word.ingested_ms
        case SessionEnded():
            state.ending = _sent(state.ending, word)
        case SessionStarted():
            _announce(state, word)
    if state.ending.is_complete:
        _conclude(policy, state, "end", messages)


def _begin(policy: Policy, first: SessionObservation, messages: Messages) -> SessionState:
    """A session begins with its announcement, or unannounced with whatever comes first."""
    start = first if isinstance(first, SessionStarted) else None
    start_ms = first.from_ms if isinstance(first, FramesDropped | SoundDropped) else first.capture_ms
    wanted = start.calibration_ms if start else None
    duration_ms = min(policy.spec.calibration.duration_ms if wanted is None else wanted, LONGEST_CALIBRATION_MS)
    groups = {number for rule in policy.rules for number in rule.groups}
    state = SessionState(
        session=first.session,
        policy=policy.digest,
        start_ms=start_ms,
        frame_interval_ms=max(start.frame_interval_ms, 0) if start else 0,
        calibrating=Calibrating(duration_ms) if duration_ms > 0 else None,
        observations=bytes(DIGEST_BYTES),
        clock_ms=start_ms,
        ingested_ms=getattr(first, "ingested_ms", start_ms),
        known=(0,) * len(groups),
        revision=FIRST_REVISION,
    )
    if state.calibrating is None:
        skip_calibration(policy, state, messages)
    return state


def _is_new(state: SessionState, observation: SessionObservation) -> bool:
    """Whether this was not seen before: detectors that restart repeat themselves."""
    stream = STREAM_OF.get(type(observation))
    if stream is None:
        return _is_news(state, cast(Word, observation))
    if stream == "speech":
        return state.hearing is None or cast(Seen, observation).seq > state.hearing.heard
    return cast(Seen, observation).seq > state.looks.get(stream, NEVER).seq


def _is_news(state: SessionState, word: Word) -> bool:
    match word:
        case FramesDropped() | SoundDropped():
            return (word.seq, word.to_ms) > _last_drop(state, word)
        case FramesEnded() | SoundEnded():
            return _passed(state.ending, word) != state.ending
        case SessionEnded():
            return state.ending.frames_sent < 0
        case SessionStarted():
            known = state.announcements
            return len(known) < MOST_ANNOUNCEMENTS and _announcement(word) not in known


def _chain(state: SessionState, observation: SessionObservation, packed: bytes | None) -> None:
    """The observation goes into the digest."""
    message = encode_message(observation) if packed is None else packed
    state.observations = blake2b(state.observations + message, digest_size=DIGEST_BYTES).digest()


def _announce(state: SessionState, start: SessionStarted) -> None:
    """The first word counts; another start than the first one is somebody else's, or came too late."""
    if state.announcements or state.looks or state.hearing is not None:
        oddity = "announced_again" if state.announced else "announced_late"
        state.count(oddity)
    else:
        state.announced = True
        note_source(state, start.source)
        state.hearing = Hearing() if start.sound else None
    state.announcements = (*state.announcements, _announcement(start))


def _announcement(start: SessionStarted) -> bytes:
    return blake2b(encode_message(start), digest_size=8).digest()


def _passed(ending: Ending, word: FramesEnded | SoundEnded) -> Ending:
    """What has passed the detectors never becomes less."""
    if isinstance(word, FramesEnded):
        return replace(ending, frames_passed=max(word.seq, ending.frames_passed))
    return replace(ending, sound_passed=max(word.seq, ending.sound_passed))


def _sent(ending: Ending, word: SessionEnded) -> Ending:
    frames, sound = max(word.frames_sent, 0), max(word.audio_records, 0)
    return replace(ending, capture_ms=word.capture_ms, frames_sent=frames, sound_sent=sound)


def _last_drop(state: SessionState, report: FramesDropped | SoundDropped) -> tuple[int, int]:
    """What tells the last report of its kind."""
    if isinstance(report, SoundDropped):
        return state.sound_drops.detectors
    return state.drops.ingest if report.stage == "ingest" else state.drops.detectors


def _dropped(drops: Drops, report: FramesDropped | SoundDropped) -> Drops:
    count, mark = drops.count + min(max(report.count, 0), MOST_DROPPED), (report.seq, report.to_ms)
    if isinstance(report, FramesDropped) and report.stage == "ingest":
        return Drops(count, mark, drops.detectors)
    return Drops(count, drops.ingest, mark)


def _conclude(policy: Policy, state: SessionState, by: Literal["end", "silence"], messages: Messages) -> None:
    """All that was going on is ended, and a verdict is given."""
    judge_sound(policy, state, messages, is_over=True)
    end_ms = max(state.clock_ms, state.ending.capture_ms + state.shift_ms if state.ending.frames_sent >= 0 else 0)
    end_calibration(policy, state, end_ms, messages)
    messages += sample_until(policy, state, end_ms)
    settle_now(policy, state, end_ms)
    close_rules(policy, state, end_ms, messages)
    state.closed_by = by
    messages.append(conclude(policy, state, end_ms))
