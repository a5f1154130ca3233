"""From stored messages to a report: absolute capture times become times from the session's start."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from ingest.messages import FramesDropped
from scoring.messages import Activity, CalibrationFinished, FrameRef, RiskClosed, ScoreSample, Verdict
from sinks.queries import RiskEvent, SessionLife
from sinks.report.model import (
    SAMPLE_MS,
    BlindSpan,
    BusyPeriod,
    Evidence,
    FrameCounts,
    Report,
    ReportCalibration,
    ReportEvent,
    ReportSample,
)
from sinks.report.policy_text import PolicyText, personal_thresholds


@dataclass(frozen=True, slots=True)
class Stored:
    """What the tables hold of a session under one policy; `policy`: that policy's words, as far as they are known."""

    life: SessionLife
    verdict: Verdict
    events: Sequence[RiskEvent]
    samples: Sequence[ScoreSample]
    calibration: CalibrationFinished | None
    dropped: Sequence[FramesDropped]
    frames_observed: int
    policy: PolicyText


def assemble(stored: Stored) -> Report:
    """The report of a session with a verdict."""
    zero = stored.life.started.capture_ms if stored.life.started else stored.verdict.start_ms
    end_ms = max(0, stored.verdict.end_ms - zero)
    samples = tuple(_sample(s, zero) for s in stored.samples)
    events = tuple(_event(e, stored.policy, zero, end_ms) for e in stored.events)
    return Report(
        session=stored.verdict.session,
        started_at_ms=zero,
        duration_ms=end_ms,
        frames=_frames(stored),
        verdict=stored.verdict,
        calibration=_calibration(stored.calibration, zero) if stored.calibration else None,
        events=tuple(e for e in events if not e.suppressed),
        timeline=samples,
        blind=tuple(_blind(stored, samples, zero, end_ms)),
        suppressed=tuple(e for e in events if e.suppressed),
        busy=tuple(_busy(period, zero) for period in stored.verdict.high_activity),
        thresholds=personal_thresholds(stored.policy, stored.calibration.spread if stored.calibration else {}),
    )


def _frames(stored: Stored) -> FrameCounts:
    ended = stored.life.ended
    observed = stored.frames_observed or stored.verdict.frames_observed  # observations expire before verdicts
    return FrameCounts(ended.frames_sent if ended else None, observed, stored.verdict.frames_dropped)


def _event(e: RiskEvent, policy: PolicyText, zero: int, end_ms: int) -> ReportEvent:
    """An event with its rule's words; what a rule that did not close found is completed as far as it goes."""
    text = policy.rule(e.rule)
    begun = ReportEvent(
        event_id=e.event_id,
        rule=e.rule,
        start_ms=e.start_ms - zero,
        fired_ms=e.fired_ms - zero,
        end_ms=max(end_ms, e.fired_ms - zero),
        closed=False,
        points=e.points,
        permanent=e.permanent,
        signal="",
        threshold=math.nan,
        peak=math.nan,
        hold_ms=e.fired_ms - e.start_ms,
        onset=_evidence(e.onset, zero),
        peak_frame=None,
        end_frame=None,
        label=e.label,
        kind=text.kind,
        says=text.says,
        asks=text.asks,
        window_ms=text.window_ms,
    )
    return _complete(begun, e, zero) if isinstance(e, RiskClosed) else begun


def _complete(begun: ReportEvent, e: RiskClosed, zero: int) -> ReportEvent:
    return replace(
        begun,
        end_ms=e.end_ms - zero,
        closed=True,
        signal=e.signal,
        threshold=e.threshold,
        peak=e.peak,
        hold_ms=e.hold_ms,
        peak_frame=_evidence(e.peak_frame, zero),
        end_frame=_evidence(e.end_frame, zero),
        direction=e.direction,
        held_ms=e.held_ms,
        repeats=e.repeats,
        confidence=e.confidence,
        suppressed=e.suppressed,
        unless=e.unless,
    )


def _evidence(frame: FrameRef, zero: int) -> Evidence:
    return Evidence(frame.seq, frame.capture_ms - zero, frame.partition, frame.offset)


def _sample(s: ScoreSample, zero: int) -> ReportSample:
    risk = (s.at_ms - zero, s.temporary, s.permanent, s.active)
    return ReportSample(*risk, s.frames, s.faces, s.seen, s.attention, s.state)


def _busy(period: Activity, zero: int) -> BusyPeriod:
    return BusyPeriod(period.start_ms - zero, period.end_ms - zero, period.alerts, period.per_minute)


def _calibration(c: CalibrationFinished, zero: int) -> ReportCalibration:
    counted = (c.frames, c.rejected, c.baseline, c.spread, c.needed, c.extended)
    return ReportCalibration(c.status, c.start_ms - zero, c.end_ms - zero, *counted)


def _blind(stored: Stored, samples: Sequence[ReportSample], zero: int, end_ms: int) -> Iterator[BlindSpan]:
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
