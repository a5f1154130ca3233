"""Risk: points that fade while nothing is wrong, points that stay, and a sample of both at every full second.

Points are integers in thousandths: one point a second is one thousandth a millisecond, and sums have no order.
"""

from scoring.fold.attention import name_of
from scoring.fold.course import Risk
from scoring.fold.coverage import bridge_ms
from scoring.fold.state import SessionState
from scoring.messages import ScoreSample
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy import Policy

SECOND_MS = 1000
LONGEST_BLANK = 300
"""Samples of one stretch without observations: nothing moves after it, and a clock may jump by hours."""


def temporary_at(risk: Risk, decay_per_s: float, is_open: bool, at_ms: int) -> int:
    """The temporary risk at a time not before `risk.at_ms`; it stands still while an event is open."""
    if is_open:
        return risk.temporary
    return max(0, risk.temporary - round(decay_per_s * (at_ms - risk.at_ms)))


def add(risk: Risk, planned: PlannedRule, times: int = 1) -> Risk:
    """An event costs its points, or costs them again."""
    millipoints = planned.millipoints * times
    if planned.rule.permanent:
        return Risk(risk.temporary, risk.permanent + millipoints, risk.peak, risk.at_ms)
    temporary = risk.temporary + millipoints
    return Risk(temporary, risk.permanent, max(risk.peak, temporary), risk.at_ms)


def settle(risk: Risk, decay_per_s: float, is_open: bool, at_ms: int) -> Risk:
    """The same risk as of `at_ms`, to be called before an event opens or closes."""
    at_ms = max(at_ms, risk.at_ms)
    return Risk(temporary_at(risk, decay_per_s, is_open, at_ms), risk.permanent, risk.peak, at_ms)


def settle_now(policy: Policy, state: SessionState, at_ms: int) -> None:
    """The fold's own copy with its risk as of `at_ms`."""
    state.risk = settle(state.risk, policy.spec.score.decay_per_s, is_wrong(policy, state), at_ms)


def is_wrong(policy: Policy, state: SessionState) -> bool:
    """Whether an event of conduct that counts is going on."""
    return any(rule.is_conduct for rule in _counting(policy, state))


def _counting(policy: Policy, state: SessionState) -> list[PlannedRule]:
    """The rules with an event that counts and goes on, in order; variants never count anything themselves."""
    if not state.held:
        return []
    places = sorted(place for place, held in state.held.items() if held.counted_ms is not None)
    return [policy.rules[place] for place in places]


def sample_until(policy: Policy, state: SessionState, until_ms: int) -> list[ScoreSample]:
    """The samples of the full seconds up to `until_ms` that were not taken yet; of a long blank only the beginning.

    `state` is the caller's own and counts them.
    """
    last = (until_ms - state.start_ms) // SECOND_MS
    if last <= state.samples:
        return []
    seconds = range(state.samples + 1, min(last, state.samples + LONGEST_BLANK) + 1)
    taken = [_sample(policy, state, state.start_ms + second * SECOND_MS) for second in seconds]
    state.samples = last
    return taken


def _sample(policy: Policy, state: SessionState, at_ms: int) -> ScoreSample:
    risk, looks, counting = state.risk, state.looks_of("faces"), _counting(policy, state)
    seen = looks.frames > 0 and looks.at_ms > at_ms - SECOND_MS
    is_held = any(rule.is_conduct for rule in counting)
    attentive = state.attention if policy.attention is not None and seen else None
    return ScoreSample(
        session=state.session,
        policy=state.policy,
        at_ms=at_ms,
        temporary=points(temporary_at(risk, policy.spec.score.decay_per_s, is_held, max(at_ms, risk.at_ms))),
        permanent=points(risk.permanent),
        active=tuple(rule.name for rule in counting if not _is_stale(policy, rule, state, at_ms)),
        frames=max(looks.frames, state.looks_of("objects").frames),
        faces=state.view.faces if seen else -1,
        seen=seen,
        ingested_ms=state.ingested_ms,
        attention=round(attentive.now / 1000, 1) if attentive else None,
        state=name_of(policy.attention, attentive.now, state.view.faces) if attentive and policy.attention else "",
    )


def _is_stale(policy: Policy, planned: PlannedRule, state: SessionState, at_ms: int) -> bool:
    """Whether all of the rule's detectors have been silent for too long."""
    evidence, expected_ms = policy.spec.evidence, state.frame_interval_ms
    return all(
        at_ms - state.looks_of(stream).at_ms
        > max(planned.gap_ms, bridge_ms(evidence, stream, state.looks_of(stream), expected_ms))
        for stream in planned.streams
    )


def points(thousandths: int) -> float:
    """Points as messages say them."""
    return thousandths / 1000
