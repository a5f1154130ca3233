"""From a record of `risk-events` to its row."""

from typing import TypedDict

from ingest.errors import PoisonError
from ingest.log import Record
from scoring.messages import CalibrationFinished, RiskClosed, RiskOpened, ScoreSample, Verdict, decode_risk_message
from sinks.observation_rows import require_int64
from sinks.rows import CalibrationRow, EventRow, SampleRow, VerdictRow

RiskRow = EventRow | SampleRow | CalibrationRow | VerdictRow


class Logged(TypedDict):
    """Where a row's message stands in the log, and when the log took it."""

    log_partition: int
    log_offset: int
    log_ms: int


def risk_row(record: Record) -> RiskRow:
    """The row of one message.

    Raises: PoisonError when the record is no message of scoring, or holds a number that no column can hold.
    """
    message = decode_risk_message(record.value)
    logged = Logged(log_partition=record.partition, log_offset=record.offset, log_ms=record.timestamp_ms)
    try:
        match message:
            case RiskOpened():
                return _opened_row(message, logged, record.value)
            case RiskClosed():
                return _closed_row(message, logged, record.value)
            case ScoreSample():
                return _sample_row(message, logged)
            case CalibrationFinished():
                return _calibration_row(message, logged, record.value)
            case Verdict():
                return _verdict_row(message, logged, record.value)
    except OverflowError as error:
        raise PoisonError(f"a number in a risk message is out of range: {error}") from error


def _opened_row(m: RiskOpened, logged: Logged, packed: bytes) -> EventRow:
    require_int64(m.start_ms, m.fired_ms, m.ingested_ms, m.onset.seq)
    return EventRow(
        event_id=m.event_id,
        session=m.session,
        policy=m.policy,
        rule=m.rule,
        closed=False,
        start_ms=m.start_ms,
        fired_ms=m.fired_ms,
        points=m.points,
        permanent=m.permanent,
        onset_seq=m.onset.seq,
        ingested_ms=m.ingested_ms,
        packed=packed,
        **logged,
    )


def _closed_row(m: RiskClosed, logged: Logged, packed: bytes) -> EventRow:
    require_int64(m.start_ms, m.fired_ms, m.end_ms, m.hold_ms, m.ingested_ms)
    require_int64(m.onset.seq, m.peak_frame.seq, m.end_frame.seq)
    return EventRow(
        event_id=m.event_id,
        session=m.session,
        policy=m.policy,
        rule=m.rule,
        closed=True,
        start_ms=m.start_ms,
        fired_ms=m.fired_ms,
        end_ms=m.end_ms,
        points=m.points,
        permanent=m.permanent,
        signal=m.signal,
        threshold=m.threshold,
        peak=m.peak,
        hold_ms=m.hold_ms,
        onset_seq=m.onset.seq,
        peak_seq=m.peak_frame.seq,
        end_seq=m.end_frame.seq,
        ingested_ms=m.ingested_ms,
        packed=packed,
        **logged,
    )


def _sample_row(m: ScoreSample, logged: Logged) -> SampleRow:
    require_int64(m.at_ms, m.frames, m.faces, m.ingested_ms)
    return SampleRow(
        session=m.session,
        policy=m.policy,
        at_ms=m.at_ms,
        temporary=m.temporary,
        permanent=m.permanent,
        active=m.active,
        frames=m.frames,
        faces=m.faces,
        seen=m.seen,
        ingested_ms=m.ingested_ms,
        **logged,
    )


def _calibration_row(m: CalibrationFinished, logged: Logged, packed: bytes) -> CalibrationRow:
    require_int64(m.start_ms, m.end_ms, m.frames, m.ingested_ms, *m.rejected.values())
    return CalibrationRow(
        session=m.session,
        policy=m.policy,
        status=m.status,
        start_ms=m.start_ms,
        end_ms=m.end_ms,
        frames=m.frames,
        rejected=m.rejected,
        baseline=m.baseline,
        spread=m.spread,
        ingested_ms=m.ingested_ms,
        packed=packed,
        **logged,
    )


def _verdict_row(m: Verdict, logged: Logged, packed: bytes) -> VerdictRow:
    require_int64(m.revision, m.start_ms, m.end_ms, m.frames_observed, m.frames_dropped, m.ingested_ms)
    require_int64(*(number for total in m.rules for number in (total.events, total.duration_ms)))
    return VerdictRow(
        session=m.session,
        policy=m.policy,
        revision=m.revision,
        start_ms=m.start_ms,
        end_ms=m.end_ms,
        closed_by=m.closed_by,
        risk_class=m.risk_class,
        calibration=m.calibration,
        confidence=m.confidence,
        integrity=m.integrity,
        temporary_peak=m.temporary_peak,
        permanent=m.permanent,
        coverage=m.coverage,
        frames_observed=m.frames_observed,
        frames_dropped=m.frames_dropped,
        rules=tuple((t.rule, t.events, t.duration_ms, t.points, t.coverage) for t in m.rules),
        reasons=m.reasons,
        observations=m.observations,
        ingested_ms=m.ingested_ms,
        packed=packed,
        **logged,
    )
