"""What was really seen: steps between looks, how much of a step is evidence, what share of a session was judged."""

from scoring.fold.course import Looks
from scoring.fold.evidence import Step
from scoring.rulebook.policy_document import Evidence
from scoring.rulebook.signals import Stream

REMEMBERED_STEPS = 8


def step_to(evidence: Evidence, stream: Stream, looks: Looks, expected_ms: int, at_ms: int) -> Step:
    """The time since the stream's last look; the first look of all has none behind it."""
    step_ms, usual_ms = at_ms - looks.at_ms if looks.frames else 0, looks.usual_ms or expected_ms
    bridge = bridge_ms(evidence, stream, looks, expected_ms)
    if stream == "browser":  # a page speaks when something changes: between its reports it has seen all
        return Step(step_ms, min(step_ms, bridge), bridge)
    if step_ms <= usual_ms <= evidence.longest_step_ms:  # nearly always
        return Step(step_ms, step_ms, bridge)
    return Step(step_ms, seen_ms(step_ms, usual_ms, evidence), bridge)


def seen_ms(step_ms: int, usual_ms: int, evidence: Evidence) -> int:
    """How much of the time since the last look counts as seen.

    Half a step more than usual is jitter; of a longer one only the usual step counts, the rest is missing evidence.
    `usual_ms` 0: not known yet.
    """
    if usual_ms == 0:
        return min(step_ms, evidence.longest_step_ms)
    usual_ms = min(usual_ms, evidence.longest_step_ms)
    return step_ms if step_ms * 2 <= usual_ms * 3 else usual_ms


def bridge_ms(evidence: Evidence, stream: Stream, looks: Looks, expected_ms: int) -> int:
    """The longest time without a true look that does not end what is held: a few usual steps, the source's own before
    they are known."""
    if stream == "browser":
        return evidence.browser_silence_ms
    return round(evidence.bridged_steps * min(looks.usual_ms or expected_ms, evidence.longest_step_ms))


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
