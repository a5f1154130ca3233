"""The end of a session: its class, confidence, integrity and coverage, and why.

confidence = 1 - exp(-p / k), p the points of all events that count, each rule's up to its cap, k =
classes.confidence_points: no evidence gives 0, every point adds less than the one before, and nothing reaches 1. A
saturating curve, since the sources name the classes' levels and no formula; default.toml says what k = 30 makes of one,
two and three events. It is worked out in decimal arithmetic, which is the same on every machine.
integrity = 100 - p, not below 0.
coverage of a rule = time in which it could judge / time of the session without breaks; overall = mean over the rules
of conduct that were to judge, so that a detector that never ran costs the share of its rules. Under the policy's floor,
and where the log no longer held the session's beginning, the class is INCONCLUSIVE, whatever was found.
"""

from collections.abc import Callable
from decimal import Context, Decimal
from hashlib import blake2b

from msgspec import UNSET

from scoring.fold import attention
from scoring.fold.alerts import periods
from scoring.fold.capture_time import outside_breaks
from scoring.fold.coverage import share
from scoring.fold.engine import ENGINE
from scoring.fold.evidence import History
from scoring.fold.reasons import BEGINNING_LOST, blind_labels, is_unannounced, is_unwatched, reasons
from scoring.fold.recognition import recognised
from scoring.fold.rules import NO_HISTORY
from scoring.fold.score import points
from scoring.fold.state import SessionState
from scoring.messages import RiskClass, RuleTotal, Unaccommodated, Verdict
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy import Policy
from scoring.rulebook.policy_document import Classes
from scoring.rulebook.rule_document import CalibrationRule

_EXACT = Context(prec=28)


def conclude(policy: Policy, state: SessionState, end_ms: int) -> Verdict:
    """The verdict over a session whose events are all closed, with the state's `closed_by` and `revision`."""
    duration_ms = outside_breaks(policy.breaks, end_ms - state.start_ms)
    totals = tuple(_total(rule, state, duration_ms) for rule in policy.rules)
    coverage = _overall(policy, state, totals)
    deducted = _deducted(policy, state, lambda history: history.millipoints)
    confidence = confidence_of(policy.spec.classes, deducted)
    is_seen = coverage >= policy.spec.coverage_floor and BEGINNING_LOST not in state.odd
    return Verdict(
        session=state.session,
        policy=state.policy,
        revision=state.revision,
        start_ms=state.start_ms,
        end_ms=end_ms,
        closed_by="silence" if state.closed_by == "silence" else "end",
        risk_class=risk_class(policy.spec.classes, confidence) if is_seen else "INCONCLUSIVE",
        confidence=confidence,
        integrity=integrity_of(deducted),
        temporary_peak=points(state.risk.peak),
        permanent=points(state.risk.permanent),
        frames_observed=state.frames,
        frames_dropped=state.drops.count,
        coverage=coverage,
        calibration=state.baseline.status if state.baseline else "FAILED",
        rules=totals,
        reasons=tuple(reasons(policy, state, totals, coverage)),
        observations=state.observations.hex(),
        ingested_ms=state.ingested_ms,
        engine=ENGINE,
        policy_name=policy.name,
        models=tuple(sorted(state.models)),
        attention=attention.mean(state.attention),
        alerts=_alerts(totals),
        high_activity=periods(state.alerts),
        anomalies=_anomalies(state),
        accommodations=tuple(one.reason for one in policy.accommodations),
        without=_without(policy, state, is_seen) if policy.accommodations else None,
        proof=proof_of(state.observations.hex(), policy.terms),
        blind=blind_labels(policy, state),
        identity=UNSET if state.likeness is None else recognised(state.likeness),
    )


def proof_of(observations: str, terms: str) -> str:
    """What a verdict follows from, in 32 hexadecimal digits: the observations' digest (which covers their order and
    the models that made them), the policy with the accommodations, the engine."""
    return blake2b("\0".join((ENGINE, observations, terms)).encode(), digest_size=16).hexdigest()


def confidence_of(classes: Classes, deducted: int) -> float:
    """0-1 from thousandths of points."""
    scale = Decimal(str(classes.confidence_points)) * 1000
    return round(float(1 - _EXACT.exp(_EXACT.divide(Decimal(-deducted), scale))), 4)


def integrity_of(deducted: int) -> float:
    """100 - deductions, not below 0."""
    return points(max(0, 100_000 - deducted))


def risk_class(classes: Classes, confidence: float) -> RiskClass:
    """CLEAN < borderline <= BORDERLINE < suspicious <= SUSPICIOUS < high_risk <= HIGH_RISK."""
    if confidence < classes.borderline:
        return "CLEAN"
    if confidence < classes.suspicious:
        return "BORDERLINE"
    return "SUSPICIOUS" if confidence < classes.high_risk else "HIGH_RISK"


def _total(planned: PlannedRule, state: SessionState, duration_ms: int) -> RuleTotal:
    history = state.histories.get(planned.place, NO_HISTORY)
    return RuleTotal(
        rule=planned.name,
        events=history.events,
        duration_ms=history.duration_ms,
        points=points(history.millipoints),
        coverage=_covered(planned, state, duration_ms),
        label=planned.label,
        suppressed=history.suppressed,
    )


def _covered(planned: PlannedRule, state: SessionState, duration_ms: int) -> float:
    """Of a rule over several detectors: that of the one that saw least. A rule about calibration saw it, or did not."""
    if isinstance(planned.rule, CalibrationRule):
        return 1.0 if state.baseline is not None and state.baseline.status != "SKIPPED" else 0.0
    return share(min(state.known[number] for number in planned.groups), duration_ms)


def _overall(policy: Policy, state: SessionState, totals: tuple[RuleTotal, ...]) -> float:
    """Rules that an accommodation takes off, optional ones without a detector, and those about calibration do not
    count."""
    off = {place for place, (variant, _) in policy.variants.items() if variant is None}
    asked = [
        total.coverage
        for rule, total in zip(policy.rules, totals, strict=True)
        if rule.is_conduct
        and rule.place not in off
        and not isinstance(rule.rule, CalibrationRule)
        and not is_unwatched(rule, state)
    ]
    return round(sum(asked) / len(asked), 4) if asked else 0.0


def _deducted(policy: Policy, state: SessionState, cost: Callable[[History], int]) -> int:
    """Thousandths of points of all events, each rule's up to its cap."""
    histories = ((rule, state.histories.get(rule.place, NO_HISTORY)) for rule in policy.rules)
    return sum(min(cost(history), round(rule.rule.cap * 1000)) for rule, history in histories)


def _without(policy: Policy, state: SessionState, is_seen: bool) -> Unaccommodated:
    deducted = _deducted(policy, state, lambda history: history.millipoints + history.suppressed_millipoints)
    confidence = confidence_of(policy.spec.classes, deducted)
    return Unaccommodated(
        risk_class=risk_class(policy.spec.classes, confidence) if is_seen else "INCONCLUSIVE",
        confidence=confidence,
        integrity=integrity_of(deducted),
    )


def _alerts(totals: tuple[RuleTotal, ...]) -> dict[str, int]:
    """Events by label, labels in order."""
    counts: dict[str, int] = {}
    for total in sorted(totals, key=lambda total: total.label):
        if total.events:
            counts[total.label] = counts.get(total.label, 0) + total.events
    return counts


def _anomalies(state: SessionState) -> dict[str, int]:
    unannounced = {"unannounced": 1} if is_unannounced(state) else {}
    return dict(sorted((unannounced | state.odd).items()))
