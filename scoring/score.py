"""Risk: points that fade while nothing is wrong, points that stay, and a sample of both at every full second.

Points are integers in thousandths: one point a second is one thousandth a millisecond, and sums have no order.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from scoring.coverage import bridged_ms, usual_step_ms
from scoring.messages import ScoreSample
from scoring.policy import PlannedRule, Policy
from scoring.policy_document import Evidence
from scoring.state import Risk, RuleState, SessionState

SECOND_MS = 1000
LONGEST_BLANK = (
    300  # samples of one stretch without observations; nothing moves after it, and a clock may jump by hours
)


def temporary_at(risk: Risk, decay_per_s: float, is_open: bool, at_ms: int) -> int:
    """The temporary risk at a time not before `risk.at_ms`; it stands still while an event is open."""
    if is_open:
        return risk.temporary
    return max(0, risk.temporary - round(decay_per_s * (at_ms - risk.at_ms)))


def add(risk: Risk, planned: PlannedRule) -> Risk:
    """A rule has fired."""
    if planned.rule.permanent:
        return Risk(risk.temporary, risk.permanent + planned.millipoints, risk.peak, risk.at_ms)
    temporary = risk.temporary + planned.millipoints
    return Risk(temporary, risk.permanent, max(risk.peak, temporary), risk.at_ms)


def settle(risk: Risk, decay_per_s: float, is_open: bool, at_ms: int) -> Risk:
    """The same risk as of `at_ms`, to be called before an event opens or closes."""
    at_ms = max(at_ms, risk.at_ms)
    return Risk(temporary_at(risk, decay_per_s, is_open, at_ms), risk.permanent, risk.peak, at_ms)


def is_open(rules: Sequence[RuleState]) -> bool:
    """Whether an event is going on."""
    return any(rule.is_open for rule in rules)


def sample_until(policy: Policy, state: SessionState, until_ms: int) -> tuple[SessionState, list[ScoreSample]]:
    """The samples of the full seconds up to `until_ms` that were not taken yet; of a long blank only the beginning."""
    last = (until_ms - state.start_ms) // SECOND_MS
    if last <= state.samples:
        return state, []
    seconds = range(state.samples + 1, min(last, state.samples + LONGEST_BLANK) + 1)
    taken = [_sample(policy, state, state.start_ms + second * SECOND_MS) for second in seconds]
    return replace(state, samples=last), taken


def _sample(policy: Policy, state: SessionState, at_ms: int) -> ScoreSample:
    risk, opened = state.risk, is_open(state.rules)
    seen = state.faces.frames > 0 and state.faces.at_ms > at_ms - SECOND_MS
    return ScoreSample(
        session=state.session,
        policy=state.policy,
        at_ms=at_ms,
        temporary=points(temporary_at(risk, policy.spec.score.decay_per_s, opened, max(at_ms, risk.at_ms))),
        permanent=points(risk.permanent),
        active=_active(policy, state, at_ms),
        frames=max(state.faces.frames, state.objects.frames),
        faces=state.view.faces if seen else -1,
        seen=seen,
        ingested_ms=state.ingested_ms,
    )


def _active(policy: Policy, state: SessionState, at_ms: int) -> tuple[str, ...]:
    """The rules with an open event; one whose detector has not looked for too long is not known to go on."""
    open_rules = [rule for rule in policy.rules if state.rules[rule.place].is_open]
    return tuple(rule.name for rule in open_rules if not _is_stale(policy.spec.evidence, rule, state, at_ms))


def _is_stale(evidence: Evidence, planned: PlannedRule, state: SessionState, at_ms: int) -> bool:
    looks = state.faces if planned.detector == "faces" else state.objects
    usual_ms = usual_step_ms(looks, state.frame_interval_ms)
    return at_ms - looks.at_ms > bridged_ms(planned.rule.gap_ms, usual_ms, evidence)


def points(thousandths: int) -> float:
    """Points as messages say them."""
    return thousandths / 1000
