"""What was really seen: steps between looks, how much of a step is evidence, what share of a session was judged."""

from scoring.policy_document import Evidence
from scoring.state import Looks

REMEMBERED_STEPS = 8


def usual_step_ms(looks: Looks, expected_ms: int) -> int:
    """The detector's usual time between two looks; before it is known, the source's; 0: neither is known."""
    return looks.usual_ms or expected_ms


def seen_ms(step_ms: int, usual_ms: int, evidence: Evidence) -> int:
    """How much of the time since the last look counts as seen.

    Half a step more than usual is jitter; of a longer one only the usual step counts, the rest is missing evidence.
    """
    if usual_ms == 0:
        return min(step_ms, evidence.longest_step_ms)
    usual_ms = min(usual_ms, evidence.longest_step_ms)
    return step_ms if step_ms * 2 <= usual_ms * 3 else usual_ms


def bridged_ms(gap_ms: int, usual_ms: int, evidence: Evidence) -> int:
    """The longest time without a true look that does not end what is held: the rule's own, or a few usual steps."""
    return max(gap_ms, round(evidence.bridged_steps * min(usual_ms, evidence.longest_step_ms)))


def look(looks: Looks, seq: int, at_ms: int, evidence: Evidence) -> Looks:
    """The detector has looked at frame `seq`, `at_ms` not before its last look."""
    if looks.seq < 0:
        return Looks(seq, at_ms, 1)
    step_ms = min(at_ms - looks.at_ms, evidence.longest_step_ms)
    steps = looks.steps
    if len(steps) == REMEMBERED_STEPS and step_ms == steps[0]:  # the steady case: the same set of steps
        return Looks(seq, at_ms, looks.frames + 1, looks.usual_ms, (*steps[1:], step_ms))
    steps = (*steps, step_ms)[-REMEMBERED_STEPS:]
    return Looks(seq, at_ms, looks.frames + 1, sorted(steps)[3 * (len(steps) - 1) // 4], steps)


def share(known_ms: int, duration_ms: int) -> float:
    """The share 0-1 of a session's duration, to four digits; nothing of an empty session was seen."""
    return round(min(1.0, known_ms / duration_ms), 4) if duration_ms > 0 else 0.0
