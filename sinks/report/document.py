"""The report for programs. Times are milliseconds from the session's start; numbers that are not known are null."""

import math
from typing import Any

from sinks.report.model import BlindSpan, Evidence, Report, ReportCalibration, ReportEvent, ReportSample

Json = dict[str, Any]


def report_json(report: Report, source: str) -> Json:
    """The document, ready for `json.dumps`."""
    return {
        "session": report.session,
        "source": source,
        "started_at_ms": report.started_at_ms,
        "duration_ms": report.duration_ms,
        "frames": {
            "sent": report.frames.sent,
            "observed": report.frames.observed,
            "dropped": report.frames.dropped,
        },
        "verdict": _verdict(report),
        "calibration": _calibration(report.calibration) if report.calibration else None,
        "events": [_event(e) for e in report.events],
        "timeline": [_sample(s) for s in report.timeline],
        "blind": [_blind(b) for b in report.blind],
    }


def _verdict(report: Report) -> Json:
    v = report.verdict
    return {
        "risk_class": v.risk_class,
        "confidence": _known(v.confidence),
        "integrity": _known(v.integrity),
        "temporary_peak": _known(v.temporary_peak),
        "permanent": _known(v.permanent),
        "coverage": _known(v.coverage),
        "calibration": v.calibration,
        "closed_by": v.closed_by,
        "reasons": list(v.reasons),
        "rules": [
            {
                "rule": r.rule,
                "events": r.events,
                "duration_ms": r.duration_ms,
                "points": _known(r.points),
                "coverage": _known(r.coverage),
            }
            for r in v.rules
        ],
        "policy": v.policy,
        "observations": v.observations,
        "revision": v.revision,
    }


def _event(e: ReportEvent) -> Json:
    return {
        "event_id": e.event_id,
        "rule": e.rule,
        "start_ms": e.start_ms,
        "end_ms": e.end_ms,
        "peak": _known(e.peak),
        "points": _known(e.points),
        "permanent": e.permanent,
        "closed": e.closed,
        "fired_ms": e.fired_ms,
        "signal": e.signal,
        "threshold": _known(e.threshold),
        "hold_ms": e.hold_ms,
        "evidence": {
            name: _frame(frame)
            for name, frame in (("onset", e.onset), ("peak", e.peak_frame), ("end", e.end_frame))
            if frame is not None
        },
    }


def _frame(frame: Evidence) -> Json:
    return {"seq": frame.seq, "at_ms": frame.at_ms}


def _sample(s: ReportSample) -> Json:
    return {
        "at_ms": s.at_ms,
        "temporary": _known(s.temporary),
        "permanent": _known(s.permanent),
        "active": list(s.active),
        "frames": s.frames,
        "faces": s.faces if s.faces >= 0 else None,
        "seen": s.seen,
    }


def _calibration(c: ReportCalibration) -> Json:
    return {
        "status": c.status,
        "start_ms": c.start_ms,
        "end_ms": c.end_ms,
        "frames": c.frames,
        "rejected": dict(c.rejected),
        "baseline": {name: _known(value) for name, value in c.baseline.items()},
        "spread": {name: _known(value) for name, value in c.spread.items()},
    }


def _blind(b: BlindSpan) -> Json:
    return {"start_ms": b.start_ms, "end_ms": b.end_ms, "reason": b.reason, "detail": b.detail}


def _known(number: float) -> float | None:
    """JSON has no word for infinities."""
    return number if math.isfinite(number) else None
