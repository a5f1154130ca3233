"""Risk events as messages: when a rule fires, and the same event complete."""

from scoring.messages import RiskClosed, RiskOpened, event_id
from scoring.policy import PlannedRule
from scoring.state import Interval, SessionState


def opened(state: SessionState, planned: PlannedRule, interval: Interval) -> RiskOpened:
    """The rule has fired, and its condition still holds."""
    return RiskOpened(
        event_id=event_id(state.session, state.policy, planned.name, interval.onset.seq),
        session=state.session,
        policy=state.policy,
        rule=planned.name,
        start_ms=interval.onset.capture_ms,
        fired_ms=interval.fired_ms or 0,
        points=planned.rule.points,
        permanent=planned.rule.permanent,
        onset=interval.onset.ref(),
        ingested_ms=state.ingested_ms,
    )


def closed(state: SessionState, planned: PlannedRule, interval: Interval) -> RiskClosed:
    """The event from its onset to the last moment that its condition was seen true."""
    beyond = interval.beyond
    return RiskClosed(
        event_id=event_id(state.session, state.policy, planned.name, interval.onset.seq),
        session=state.session,
        policy=state.policy,
        rule=planned.name,
        start_ms=interval.onset.capture_ms,
        fired_ms=interval.fired_ms or 0,
        end_ms=interval.last.capture_ms,
        points=planned.rule.points,
        permanent=planned.rule.permanent,
        signal=planned.tests[beyond.test].signal,
        threshold=beyond.threshold,
        peak=round(beyond.value, 4),
        hold_ms=planned.rule.hold_ms,
        onset=interval.onset.ref(),
        peak_frame=interval.peak.ref(),
        end_frame=interval.last.ref(),
        ingested_ms=state.ingested_ms,
    )
