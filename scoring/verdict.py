"""The end of a session: its class, confidence, integrity and coverage, and why, in sentences for a person.

confidence = 1 - exp(-p / k), p the points of all events, each rule's up to its cap, k = classes.confidence_points: no
evidence gives 0, every point adds less than the one before, and nothing reaches 1. A saturating curve, since the
sources name the classes' levels and no formula; default.toml says what k = 30 makes of one, two and three events.
integrity = 100 - p, not below 0.
coverage of a rule = time in which it could judge / time of the session; overall = mean over the rules, so that a
detector that never ran costs the share of its rules. Under the policy's floor the class is INCONCLUSIVE, whatever was
found.
"""

from collections.abc import Iterator
from math import exp

from scoring.coverage import share
from scoring.messages import RiskClass, RuleTotal, Verdict
from scoring.policy import PlannedRule, Policy
from scoring.policy_document import Classes
from scoring.score import points
from scoring.state import RuleState, SessionState, Span

WELL_SEEN = 0.9  # coverage from which a rule's blind spots need no sentence


def conclude(policy: Policy, state: SessionState, end_ms: int) -> Verdict:
    """The verdict over a session whose events are all closed, with the state's `closed_by` and `revision`."""
    totals = tuple(_total(rule, state.rules[rule.place], end_ms - state.start_ms) for rule in policy.rules)
    coverage = round(sum(total.coverage for total in totals) / len(totals), 4)
    deducted = _deducted(policy, state)
    confidence = round(1.0 - exp(-deducted / policy.spec.classes.confidence_points), 4)
    seen = coverage >= policy.spec.coverage_floor
    return Verdict(
        session=state.session,
        policy=state.policy,
        revision=state.revision,
        start_ms=state.start_ms,
        end_ms=end_ms,
        closed_by="silence" if state.closed_by == "silence" else "end",
        risk_class=risk_class(policy.spec.classes, confidence) if seen else "INCONCLUSIVE",
        confidence=confidence,
        integrity=round(max(0.0, 100.0 - deducted), 3),
        temporary_peak=points(state.risk.peak),
        permanent=points(state.risk.permanent),
        frames_observed=max(state.faces.frames, state.objects.frames),
        frames_dropped=state.drops.count,
        coverage=coverage,
        calibration=state.baseline.status if state.baseline else "FAILED",
        rules=totals,
        reasons=tuple(_reasons(policy, state, totals, coverage)),
        observations=state.observations.hex(),
        ingested_ms=state.ingested_ms,
    )


def risk_class(classes: Classes, confidence: float) -> RiskClass:
    """CLEAN < borderline <= BORDERLINE < suspicious <= SUSPICIOUS < high_risk <= HIGH_RISK."""
    if confidence < classes.borderline:
        return "CLEAN"
    if confidence < classes.suspicious:
        return "BORDERLINE"
    return "SUSPICIOUS" if confidence < classes.high_risk else "HIGH_RISK"


def _total(planned: PlannedRule, rule: RuleState, duration_ms: int) -> RuleTotal:
    return RuleTotal(
        rule=planned.name,
        events=rule.events,
        duration_ms=rule.duration_ms,
        points=points(rule.events * planned.millipoints),
        coverage=share(rule.known_ms, duration_ms),
    )


def _deducted(policy: Policy, state: SessionState) -> float:
    """Points of all events, each rule's up to its cap."""
    return points(
        sum(
            min(state.rules[rule.place].events * rule.millipoints, round(rule.rule.cap * 1000)) for rule in policy.rules
        )
    )


def _reasons(policy: Policy, state: SessionState, totals: tuple[RuleTotal, ...], coverage: float) -> Iterator[str]:
    found = sorted(_findings(policy, state))
    yield from (sentence for _, sentence in found)
    if not found:
        yield "No rule of the policy fired."
    if coverage < policy.spec.coverage_floor:
        needed = _percent(policy.spec.coverage_floor)
        yield f"Only {_percent(coverage)} of the session could be judged, at least {needed} is needed: no conclusion."
    yield from _blind_spots(policy, totals)
    yield from _limits(state)


def _findings(policy: Policy, state: SessionState) -> Iterator[tuple[int, str]]:
    """Events and the time of the first they speak of, so that they can be told in order."""
    for planned in policy.rules:
        rule = state.rules[planned.place]
        yield from ((span.start_ms, _event(planned, span, state.start_ms)) for span in rule.longest)
        if rule.events > len(rule.longest):
            others = rule.events - len(rule.longest)
            last = max(span.start_ms for span in rule.longest)
            yield last, f"{planned.rule.says} {others} more {'time' if others == 1 else 'times'}, not longer."


def _event(planned: PlannedRule, span: Span, start_ms: int) -> str:
    lasted, needed = (span.end_ms - span.start_ms) / 1000, planned.rule.hold_ms / 1000
    return f"{planned.rule.says} for {lasted:.1f} s at {clock(span.start_ms - start_ms)} (threshold {needed:.1f} s)."


def _blind_spots(policy: Policy, totals: tuple[RuleTotal, ...]) -> Iterator[str]:
    for planned, total in zip(policy.rules, totals, strict=True):
        if total.coverage == 0.0:
            yield f'"{planned.rule.says}" could not be judged at all.'
        elif total.coverage < WELL_SEEN:
            yield f'"{planned.rule.says}" could be judged in {_percent(total.coverage)} of the session.'


def _limits(state: SessionState) -> Iterator[str]:
    baseline = state.baseline
    if baseline is not None and baseline.status == "FAILED":
        had = f"{baseline.frames} usable frames, {baseline.needed} needed"
        yield f"Calibration failed ({had}): an average person's baseline was used."
    elif baseline is not None and baseline.status == "SKIPPED":
        yield "Calibration was skipped: an average person's baseline was used."
    if state.drops.count:
        yield f"{state.drops.count} frames were given up on the way and are not judged."
    if state.closed_by == "silence":
        yield "The session fell silent without an end; what came until then is judged."


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %"


def clock(at_ms: int) -> str:
    """Minutes and seconds since the session's start, hours when there are any."""
    minutes, seconds = divmod(max(at_ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
