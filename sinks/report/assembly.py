"""From stored messages to a report: absolute capture times become times from the session's start."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ingest.messages import FramesDropped
from scoring.messages import CalibrationFinished, FrameRef, RiskClosed, ScoreSample, Verdict
from sinks.queries import RiskEvent, SessionLife
from sinks.report.model import (
    BlindSpan,
    Evidence,
    FrameCounts,
    Report,
    ReportCalibration,
    ReportEvent,
    ReportSample,
)

SAMPLE_MS = 1_000  # scoring samples the risk once in each full second


@dataclass(frozen=True, slots=True)
class Stored:
    """What the tables hold of a session under one policy."""

    life: SessionLife
    verdict: Verdict
    events: Sequence[RiskEvent]
    samples: Sequence[ScoreSample]
    calibration: CalibrationFinished | None
    dropped: Sequence[FramesDropped]
    frames_observed: int


def assemble(stored: Stored) -> Report:
    """The report of a session with a verdict."""
    zero = stored.life.started.capture_ms if stored.life.started else stored.verdict.start_ms
    end_ms = max(0, stored.verdict.end_ms - zero)
    samples = tuple(_sample(s, zero) for s in stored.samples)
    return Report(
        session=stored.verdict.session,
        started_at_ms=zero,
        duration_ms=end_ms,
        frames=_frames(stored),
        verdict=stored.verdict,
        calibration=_calibration(stored.calibration, zero) if stored.calibration else None,
        events=tuple(_event(e, zero, end_ms) for e in stored.events),
        timeline=samples,
        blind=tuple(_blind(stored, samples, zero, end_ms)),
    )


def _frames(stored: Stored) -> FrameCounts:
    ended = stored.life.ended
    observed = stored.frames_observed or stored.verdict.frames_observed  # observations expire before verdicts
    return FrameCounts(ended.frames_sent if ended else None, observed, stored.verdict.frames_dropped)


def _event(e: RiskEvent, zero: int, end_ms: int) -> ReportEvent:
    closed = e if isinstance(e, RiskClosed) else None
    return ReportEvent(
        event_id=e.event_id,
        rule=e.rule,
        start_ms=e.start_ms - zero,
        fired_ms=e.fired_ms - zero,
        end_ms=closed.end_ms - zero if closed else max(end_ms, e.fired_ms - zero),
        closed=closed is not None,
        points=e.points,
        permanent=e.permanent,
        signal=closed.signal if closed else "",
        threshold=closed.threshold if closed else math.nan,
        peak=closed.peak if closed else math.nan,
        hold_ms=closed.hold_ms if closed else e.fired_ms - e.start_ms,
        onset=_evidence(e.onset, zero),
        peak_frame=_evidence(closed.peak_frame, zero) if closed else None,
        end_frame=_evidence(closed.end_frame, zero) if closed else None,
    )


def _evidence(frame: FrameRef, zero: int) -> Evidence:
    return Evidence(frame.seq, frame.capture_ms - zero)


def _sample(s: ScoreSample, zero: int) -> ReportSample:
    return ReportSample(s.at_ms - zero, s.temporary, s.permanent, s.active, s.frames, s.faces, s.seen)


def _calibration(c: CalibrationFinished, zero: int) -> ReportCalibration:
    return ReportCalibration(c.status, c.start_ms - zero, c.end_ms - zero, c.frames, c.rejected, c.baseline, c.spread)


def _blind(stored: Stored, samples: Sequence[ReportSample], zero: int, end_ms: int) -> Iterator[BlindSpan]:
    if stored.calibration and stored.calibration.end_ms > stored.calibration.start_ms:
        span = stored.calibration.start_ms - zero, stored.calibration.end_ms - zero
        yield BlindSpan(*span, "calibrating", "The person's baseline is being measured; no rule can fire.")
    yield from _unseen(samples)
    yield from _unrecorded(samples, end_ms)
    for lost in stored.dropped:
        detail = f"{lost.count} {'frame' if lost.count == 1 else 'frames'} given up by {lost.stage}: {lost.reason}."
        yield BlindSpan(lost.from_ms - zero, lost.to_ms - zero, "dropped", detail)


def _unseen(samples: Sequence[ReportSample]) -> Iterator[BlindSpan]:
    """Runs of seconds in which the face detector did not look; a sample stands at the end of its second."""
    for seen, run in groupby(samples, key=lambda s: s.seen):
        spell = list(run)
        if not seen:
            start_ms = max(0, spell[0].at_ms - SAMPLE_MS)
            yield BlindSpan(start_ms, spell[-1].at_ms, "unseen", "No usable look at the face.")


def _unrecorded(samples: Sequence[ReportSample], end_ms: int) -> Iterator[BlindSpan]:
    """Where samples are missing: more than two seconds without one."""
    moments = [0, *(s.at_ms for s in samples), end_ms]
    for before, after in pairwise(moments):
        if after - before > 2 * SAMPLE_MS:
            yield BlindSpan(before, after, "unrecorded", "Nothing is recorded.")
