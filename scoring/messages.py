"""What scoring publishes: ticks into `observations`; risk events, score samples and verdicts into `risk-events`.

A session's messages are a pure function of its part of `observations`. Their natural identity is (session, policy,
revision of the verdict, kind, onset): the same input gives the same bytes. Times are capture times in milliseconds
since the epoch. `ingested_ms` is that of the observation that caused the message, for measuring latency.
"""

from hashlib import blake2b
from typing import Literal

import msgspec

from detectors.messages import FaceObserved, FramesEnded, ObjectsObserved
from ingest.errors import PoisonError
from ingest.messages import FramesDropped, SessionEnded, SessionStarted

RiskClass = Literal["CLEAN", "BORDERLINE", "SUSPICIOUS", "HIGH_RISK", "INCONCLUSIVE"]
CalibrationStatus = Literal["SUCCESS", "FAILED", "SKIPPED"]


class Tick(msgspec.Struct, frozen=True, kw_only=True, tag="tick/1"):
    """The partition's owner says what time it is; closes sessions that have been silent for minutes, nothing else."""

    at_ms: int


SessionObservation = SessionStarted | SessionEnded | FramesDropped | FaceObserved | ObjectsObserved | FramesEnded
Observation = SessionObservation | Tick


class FrameRef(msgspec.Struct, frozen=True, kw_only=True):
    """A frame as evidence: its number, capture time and place in `frames`."""

    seq: int
    capture_ms: int
    partition: int
    offset: int


class CalibrationFinished(msgspec.Struct, frozen=True, kw_only=True, tag="calibration/1"):
    """The person's own baseline: medians and spreads (scaled MAD) by signal; `rejected` counts frames by reason."""

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


class RiskClosed(msgspec.Struct, frozen=True, kw_only=True, tag="risk-closed/1"):
    """The same event complete: [start_ms, end_ms] and the extreme of the observed `signal` against its `threshold`."""

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


class ScoreSample(msgspec.Struct, frozen=True, kw_only=True, tag="score/1"):
    """The risk at one full second of the session: `active` names the rules whose events are open.

    `frames` counts the frames observed so far, `faces` is the last face count (-1: not known), `seen` tells whether the
    face detector looked during this second.
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


class RuleTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's share of a verdict; `coverage` is the share 0-1 of the session in which it could have fired."""

    rule: str
    events: int
    duration_ms: int
    points: float
    coverage: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True, tag="verdict/1"):
    """The end of a session: what was found, what could not be seen, what follows. A recommendation, never a sentence.

    `revision` rises when a session that was closed by silence opened again. `observations` is the digest over all that
    was folded. `reasons` are sentences for a person. `integrity` = 100 - deductions, 0-100.
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


RiskMessage = CalibrationFinished | RiskOpened | RiskClosed | ScoreSample | Verdict

_decode_bundle = msgspec.msgpack.Decoder(list[Observation]).decode
_risk_decoder: msgspec.msgpack.Decoder[RiskMessage] = msgspec.msgpack.Decoder(RiskMessage)


def decode_bundle(value: bytes) -> list[Observation]:
    """The observations of one record.

    Raises: PoisonError when the bytes are not a bundle or hold an unknown kind.
    """
    try:
        return _decode_bundle(value)
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


def event_id(session: str, policy: str, rule: str, onset_seq: int) -> str:
    """The identity of a risk event: 32 hexadecimal digits of its natural key, nothing else."""
    return blake2b("\0".join((session, policy, rule, str(onset_seq))).encode(), digest_size=16).hexdigest()
