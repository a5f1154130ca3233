"""The report for programs. Times are milliseconds from the session's start; numbers that are not known are null."""

import math
from typing import Any

import msgspec
from msgspec.structs import asdict

from sinks.report import explanation
from sinks.report.model import BlindSpan, BusyPeriod, Evidence, Report, ReportCalibration, ReportEvent, ReportSample

Json = dict[str, Any]


def report_json(report: Report, source: str) -> Json:
    """The document, ready for `json.dumps`."""
    return {
        "report_id": f"{report.session}-{report.verdict.policy}-{report.verdict.revision}",
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
        "adaptive_thresholds": {rule: dict(signals) for rule, signals in report.thresholds.items()},
        "events": [_event(e) for e in report.events],
        "suppressed_events": [_event(e) for e in report.suppressed],
        "temporal_analysis": [_busy(b) for b in report.busy],
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
        "attention": _known(v.attention),
        "alerts": dict(v.alerts),
        "calibration": v.calibration,
        "identity": _identity(report),
        "closed_by": v.closed_by,
        "reasons": list(v.reasons),
        "rules": [
            {
                "rule": r.rule,
                "events": r.events,
                "duration_ms": r.duration_ms,
                "points": _known(r.points),
                "coverage": _known(r.coverage),
                "label": r.label,
                "suppressed": r.suppressed,
            }
            for r in v.rules
        ],
        "accommodations": list(v.accommodations),
        "without_accommodations": _fields(v.without),
        "anomalies": dict(v.anomalies),
        "policy": v.policy,
        "policy_name": v.policy_name,
        "engine": v.engine,
        "models": list(v.models),
        "observations": v.observations,
        "proof": v.proof,
        "revision": v.revision,
    }


def _identity(report: Report) -> Json | None:
    """None: no face was compared with a registered one."""
    one = report.verdict.identity
    if one is msgspec.UNSET:
        return None
    at_ms = None if one.at_ms is None else one.at_ms - report.started_at_ms
    return {"status": one.status, "at_ms": at_ms, "looks": one.looks, "alike": one.alike}


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
        "held_ms": e.held_ms,
        "repeats": e.repeats,
        "label": e.label,
        "direction": e.direction,
        "confidence": _known(e.confidence),
        "suppressed": e.suppressed,
        "unless": _fields(e.unless),
        "explanation": {
            "rule": explanation.rule_sentence(e),
            "observed": explanation.observed_sentence(e),
            "unless": explanation.unless_sentence(e),
        },
        "evidence": {
            name: _frame(frame)
            for name, frame in (("onset", e.onset), ("peak", e.peak_frame), ("end", e.end_frame))
            if frame is not None
        },
    }


def _frame(frame: Evidence) -> Json:
    return {"seq": frame.seq, "at_ms": frame.at_ms, "partition": frame.partition, "offset": frame.offset}


def _sample(s: ReportSample) -> Json:
    return {
        "at_ms": s.at_ms,
        "temporary": _known(s.temporary),
        "permanent": _known(s.permanent),
        "active": list(s.active),
        "frames": s.frames,
        "faces": s.faces if s.faces >= 0 else None,
        "seen": s.seen,
        "attention": _known(s.attention),
        "state": s.state,
    }


def _calibration(c: ReportCalibration) -> Json:
    return {
        "status": c.status,
        "start_ms": c.start_ms,
        "end_ms": c.end_ms,
        "frames": c.frames,
        "needed": c.needed,
        "extended": c.extended,
        "rejected": dict(c.rejected),
        "baseline": {name: _known(value) for name, value in c.baseline.items()},
        "spread": {name: _known(value) for name, value in c.spread.items()},
    }


def _busy(b: BusyPeriod) -> Json:
    return {"start_ms": b.start_ms, "end_ms": b.end_ms, "alerts": b.alerts, "per_minute": _known(b.per_minute)}


def _blind(b: BlindSpan) -> Json:
    return {"start_ms": b.start_ms, "end_ms": b.end_ms, "reason": b.reason, "detail": b.detail}


def _fields(message: msgspec.Struct | None) -> Json | None:
    if message is None:
        return None
    return {name: _known(value) if isinstance(value, float) else value for name, value in asdict(message).items()}


def _known(number: float | None) -> float | None:
    """JSON has no word for infinities."""
    return number if number is not None and math.isfinite(number) else None
