"""What a replay changed, for a person and for a program."""

from collections.abc import Iterator
from typing import Any

from deploy.display import clock
from deploy.replaying.rejudging import Rejudged
from scoring.fold.difference import EventChange
from scoring.messages import RiskClosed, Verdict

_OF_A_VERDICT = (
    "policy", "policy_name", "engine", "revision", "risk_class", "confidence", "integrity", "coverage", "proof",
)  # fmt: skip
_MARKS = {"came": "+", "went": "-", "changed": "~"}


def as_lines(judged: Rejudged) -> Iterator[str]:
    """The session with its two verdicts, then a line for each event that makes the difference."""
    diff = judged.diff
    mark = "changes class" if diff.class_changed else "same class"
    yield f"{judged.session}: {_verdict(diff.before)} -> {_verdict(diff.after)}, {mark}"
    for change in diff.changes:
        yield f"  {_MARKS[change.how]} {change.rule} {_change(change, judged.start_ms)}"


def _verdict(verdict: Verdict | None) -> str:
    return f"{verdict.risk_class} {verdict.confidence:.2f}" if verdict else "no verdict"


def _change(change: EventChange, start_ms: int) -> str:
    told = [_event(event, start_ms) for event in (change.before, change.after) if event]
    return " -> ".join(told)


def _event(event: RiskClosed, start_ms: int) -> str:
    spared = ", allowed" if event.suppressed else ""
    return f"{clock(event.start_ms - start_ms)}-{clock(event.end_ms - start_ms)} ({event.points:g} points{spared})"


def as_document(judged: Rejudged) -> dict[str, Any]:
    """The same for a program; times in ms from the session's start."""
    diff = judged.diff
    return {
        "session": judged.session,
        "class_changed": diff.class_changed,
        "before": _verdict_document(diff.before),
        "after": _verdict_document(diff.after),
        "events": [
            {
                "how": change.how,
                "rule": change.rule,
                "before": _event_document(change.before, judged.start_ms),
                "after": _event_document(change.after, judged.start_ms),
            }
            for change in diff.changes
        ],
    }


def _verdict_document(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {name: getattr(verdict, name) for name in _OF_A_VERDICT}


def _event_document(event: RiskClosed | None, start_ms: int) -> dict[str, Any] | None:
    if event is None:
        return None
    return {
        "start_ms": event.start_ms - start_ms,
        "end_ms": event.end_ms - start_ms,
        "points": event.points,
        "suppressed": event.suppressed,
    }
