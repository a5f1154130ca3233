"""What scoring publishes: ticks into `observations`; risk events, score samples and verdicts into `risk-events`.

A session's messages are a pure function of its part of `observations`. Their natural identity is (session, policy,
revision of the verdict, kind, onset): the same input gives the same bytes. Times are capture times in milliseconds
since the epoch. `ingested_ms` is that of the observation that caused the message, for measuring latency.
"""

from hashlib import blake2b
from typing import Literal

import msgspec

from detectors.messages import (
    FaceObserved,
    FramesEnded,
    HandsObserved,
    IdentityObserved,
    ObjectsObserved,
    SoundEnded,
    SpeechObserved,
)
from ingest.errors import PoisonError
from ingest.messages import BrowserReported, FramesDropped, SessionEnded, SessionStarted, SoundDropped

RiskClass = Literal["CLEAN", "BORDERLINE", "SUSPICIOUS", "HIGH_RISK", "INCONCLUSIVE"]
CalibrationStatus = Literal["SUCCESS", "FAILED", "SKIPPED"]
Direction = Literal["", "left", "right", "up", "down"]


class Tick(msgspec.Struct, frozen=True, kw_only=True, tag="tick/1"):
    """The partition's owner says what time it is; closes sessions that have been silent for minutes, nothing else."""

    at_ms: int


Seen = FaceObserved | ObjectsObserved | HandsObserved | SpeechObserved | IdentityObserved | BrowserReported
Word = SessionStarted | SessionEnded | FramesDropped | FramesEnded | SoundDropped | SoundEnded
"""What is said of a session beside what is seen of it."""
SessionObservation = Word | Seen
Observation = SessionObservation | Tick


class FrameRef(msgspec.Struct, frozen=True, kw_only=True):
    """A frame as evidence: its number, capture time and place in `frames` (in `audio` for sound; -1: has no record)."""

    seq: int
    capture_ms: int
    partition: int
    offset: int


class CalibrationFinished(msgspec.Struct, frozen=True, kw_only=True, tag="calibration/1"):
    """The person's own baseline: medians and spreads (scaled MAD) by signal; `rejected` counts frames by reason.

    `needed`: how many good frames would have been enough. `extended`: the first try failed and a second one was made.
    """

    session: str
    policy: str
    status: CalibrationStatus
    start_ms: int
    end_ms: int
    frames: int
    rejected: dict[str, int]
    baseline: dict[str, float]
    spread: dict[str, float]
    ingested_ms: int
    needed: int = 0
    extended: bool = False


class RiskOpened(msgspec.Struct, frozen=True, kw_only=True, tag="risk-opened/1"):
    """A rule fired: its condition held from `start_ms` (the onset) to `fired_ms` and still does."""

    event_id: str
    session: str
    policy: str
    rule: str
    start_ms: int
    fired_ms: int
    points: float
    permanent: bool
    onset: FrameRef
    ingested_ms: int
    label: str = ""


class Counterfactual(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest change of one number of the rule with which the event would not have fired: `field` at `value`."""

    field: Literal["hold_ms", "threshold", "share", "starts", "window_ms"]
    value: float


class RiskClosed(msgspec.Struct, frozen=True, kw_only=True, tag="risk-closed/1"):
    """The same event complete: [start_ms, end_ms] and the extreme of the observed `signal` against its `threshold`.

    `points` are those of all its `repeats`, too. `held_ms`: the time that was really looked at. `direction`: where in
    the picture, for a signal that has one. `confidence` 0-1: how sure the evidence is. `suppressed`: the accommodation
    that keeps it from counting; such an event was never announced by a RiskOpened.
    """

    event_id: str
    session: str
    policy: str
    rule: str
    start_ms: int
    fired_ms: int
    end_ms: int
    points: float
    permanent: bool
    signal: str
    threshold: float
    peak: float
    hold_ms: int
    onset: FrameRef
    peak_frame: FrameRef
    end_frame: FrameRef
    ingested_ms: int
    label: str = ""
    direction: Direction = ""
    held_ms: int = 0
    repeats: int = 0
    confidence: float = 1.0
    suppressed: str = ""
    unless: Counterfactual | None = None


class ScoreSample(msgspec.Struct, frozen=True, kw_only=True, tag="score/1"):
    """The risk at one full second of the session: `active` names the rules whose events are open.

    `frames` counts the frames observed so far, `faces` is the last face count (-1: not known), `seen` tells whether the
    face detector looked during this second. `attention` is 0-100, None while it is not known, `state` its name.
    """

    session: str
    policy: str
    at_ms: int
    temporary: float
    permanent: float
    active: tuple[str, ...]
    frames: int
    faces: int
    seen: bool
    ingested_ms: int
    attention: float | None = None
    state: str = ""


class RuleTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's share of a verdict; `coverage` is the share 0-1 of the session in which it could have fired.

    `suppressed` events are not among `events`.
    """

    rule: str
    events: int
    duration_ms: int
    points: float
    coverage: float
    label: str = ""
    suppressed: int = 0


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A period in which alerts came thick: `alerts` of them, `per_minute` their density."""

    start_ms: int
    end_ms: int
    alerts: int
    per_minute: float


class Unaccommodated(msgspec.Struct, frozen=True, kw_only=True):
    """What the verdict would be if the suppressed events counted."""

    risk_class: RiskClass
    confidence: float
    integrity: float


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """How a session's faces compare with the one that was registered at its start.

    `status`: AUTHORIZED once one was alike, whatever follows (a mismatch is an event); NOT_RECOGNISED: none was.
    `at_ms`: when the first one was. `looks`: faces that were compared, `alike`: how many of them were.
    """

    status: Literal["AUTHORIZED", "NOT_RECOGNISED"]
    looks: int
    alike: int
    at_ms: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True, tag="verdict/1"):
    """The end of a session: what was found, what could not be seen, what follows. A recommendation, never a sentence.

    `revision` rises when a session that was closed by silence opened again. `observations` is the digest over all that
    was folded. `reasons` are sentences for a person. `integrity` = 100 - deductions, 0-100. `attention`: the mean, None
    when it was never known. `alerts`: counting events by label. `anomalies`: what was odd about the log, counted.
    `without`: the verdict without accommodations, when there are any. `blind`: labels that the policy asks for and no
    object model of the session knew. `proof` is a digest over the observations, the policy, the accommodations and the
    engine; `models` are the digests of those who looked. `identity`: unset where no face was compared.
    """

    session: str
    policy: str
    revision: int
    start_ms: int
    end_ms: int
    closed_by: Literal["end", "silence"]
    risk_class: RiskClass
    confidence: float
    integrity: float
    temporary_peak: float
    permanent: float
    frames_observed: int
    frames_dropped: int
    coverage: float
    calibration: CalibrationStatus
    rules: tuple[RuleTotal, ...]
    reasons: tuple[str, ...]
    observations: str
    ingested_ms: int
    engine: str = ""
    policy_name: str = ""
    models: tuple[str, ...] = ()
    attention: float | None = None
    alerts: dict[str, int] = {}
    high_activity: tuple[Activity, ...] = ()
    anomalies: dict[str, int] = {}
    accommodations: tuple[str, ...] = ()
    without: Unaccommodated | None = None
    proof: str = ""
    blind: tuple[str, ...] = ()
    identity: Recognised | msgspec.UnsetType = msgspec.UNSET


RiskMessage = CalibrationFinished | RiskOpened | RiskClosed | ScoreSample | Verdict

_split_bundle = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_observation = msgspec.msgpack.Decoder(Observation).decode
_risk_decoder: msgspec.msgpack.Decoder[RiskMessage] = msgspec.msgpack.Decoder(RiskMessage)


def decode_bundle(value: bytes) -> list[Observation]:
    """The observations of one record.

    Raises: PoisonError when the bytes are not a bundle or hold an unknown kind.
    """
    return [observation for observation, _ in unpack_bundle(value)]


def unpack_bundle(value: bytes) -> list[tuple[Observation, bytes]]:
    """The observations of one record, each with its own bytes.

    Raises: PoisonError when the bytes are not a bundle or hold an unknown kind.
    """
    try:
        return [(_decode_observation(raw), bytes(raw)) for raw in _split_bundle(value)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable bundle of observations: {error}") from error


def decode_risk_message(value: bytes) -> RiskMessage:
    """One record of `risk-events`.

    Raises: PoisonError when the bytes are not one of its messages.
    """
    try:
        return _risk_decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable risk message: {error}") from error


def event_id(session: str, policy: str, rule: str, onset: str) -> str:
    """The identity of a risk event: 32 hexadecimal digits of its natural key, nothing else.

    `onset` is the number of the frame that it began with; before the number of a record of another stream stands the
    stream's name and a colon.
    """
    return blake2b("\0".join((session, policy, rule, onset)).encode(), digest_size=16).hexdigest()
