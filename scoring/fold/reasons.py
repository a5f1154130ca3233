"""Why a verdict is what it is, in sentences for a person: what was found, what could not be seen, what was odd."""

from collections.abc import Iterator

from scoring.fold.evidence import Span
from scoring.fold.object_signals import is_known
from scoring.fold.recognition import sentence
from scoring.fold.rules import NO_HISTORY
from scoring.fold.signs import signs
from scoring.fold.state import SessionState
from scoring.messages import RuleTotal
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import CalibrationRule, CombinationRule, HeldRule, RateRule, SequenceRule, ShareRule
from scoring.rulebook.signal_words import clock
from scoring.rulebook.signals import STREAMS, Stream, label_of

_NAMES: dict[Stream, str] = {
    "faces": "faces",
    "objects": "objects",
    "hands": "hands",
    "speech": "sound",
    "identity": "identity",
    "browser": "the browser",
}
BEGINNING_LOST = "beginning_lost"
WELL_SEEN = 0.9  # coverage from which a rule's blind spots need no sentence
_ODDITIES = {
    "unannounced": "The session's start was never seen: the default policy was used.",
    "announced_again": "The session was announced again with other terms: the first announcement counts.",
    "announced_late": "The session's start came after its first frames and was not used.",
    "clock_jumps": "The source's clock jumped: times after it are counted on from before.",
    BEGINNING_LOST: "The session was judged anew by another version of the program when the log no longer held its "
    "beginning: no conclusion.",
}


def reasons(policy: Policy, state: SessionState, totals: tuple[RuleTotal, ...], coverage: float) -> Iterator[str]:
    """In the order in which a reviewer needs them."""
    found = sorted(_findings(policy, state))
    yield from (sentence for _, sentence in found)
    if not found:
        yield "No rule of the policy fired."
    if state.likeness is not None:
        yield sentence(state.likeness, state.start_ms)
    if coverage < policy.spec.coverage_floor:
        needed = _percent(policy.spec.coverage_floor)
        yield f"Only {_percent(coverage)} of the session could be judged, at least {needed} is needed: no conclusion."
    yield from _blind_spots(policy, state, totals)
    yield from _allowances(policy, state)
    yield from _limits(state)


def _findings(policy: Policy, state: SessionState) -> Iterator[tuple[int, str]]:
    """Events and the time of the first they speak of, so that they can be told in order."""
    for planned in policy.rules:
        history = state.histories.get(planned.place, NO_HISTORY)
        yield from ((span.start_ms, _event(planned, span, state.start_ms)) for span in history.longest)
        if history.events > len(history.longest) > 0:
            others = history.events - len(history.longest)
            last = max(span.start_ms for span in history.longest)
            yield last, f"{planned.rule.says} {others} more {'time' if others == 1 else 'times'}, not longer."


def _event(planned: PlannedRule, span: Span, start_ms: int) -> str:
    lasted, at = span.lasted_ms / 1000, clock(span.start_ms - start_ms)
    return f"{planned.rule.says} {_how(planned, lasted, at)}."


def _how(planned: PlannedRule, lasted_s: float, at: str) -> str:
    """What the rule asks for, in words."""
    match planned.rule:
        case HeldRule(hold_ms=hold_ms):
            return f"for {lasted_s:.1f} s at {at} (threshold {hold_ms / 1000:.1f} s)"
        case ShareRule(share=share, window_ms=window_ms):
            return f"for {lasted_s:.1f} s from {at} on (at least {_percent(share)} of {window_ms / 1000:.0f} s)"
        case RateRule(starts=starts, window_ms=window_ms):
            return f"from {at} on, over {lasted_s:.1f} s (at least {starts} times in {window_ms / 1000:.0f} s)"
        case CombinationRule(window_ms=window_ms) | SequenceRule(window_ms=window_ms):
            return f"at {at} (within {window_ms / 1000:.0f} s)"
        case CalibrationRule(share=share):
            return f"during calibration (at least {_percent(share)} of its frames)"
        case _:
            return f"at {at}, for {lasted_s:.1f} s"


def is_unannounced(state: SessionState) -> bool:
    """Whether nobody has seen the session's start; where another version has, it is only lost."""
    return not state.announced and BEGINNING_LOST not in state.odd


def is_unwatched(planned: PlannedRule, state: SessionState) -> bool:
    """Whether an optional rule had no detector in this session."""
    return planned.rule.optional and not all(map(state.looks.__contains__, planned.streams))


def blind_labels(policy: Policy, state: SessionState) -> tuple[str, ...]:
    """What the policy asks for and no object model of the session knew; nothing is said of a session without one."""
    if not state.looks_of("objects").frames:
        return ()
    return tuple(sorted({label_of(s) for s in policy.object_slots if not is_known(s, state.knows)}))


def _blind_spots(policy: Policy, state: SessionState, totals: tuple[RuleTotal, ...]) -> Iterator[str]:
    unwatched = {stream for rule in policy.rules if is_unwatched(rule, state) for stream in rule.streams}
    blind = [_NAMES[stream] for stream in STREAMS if stream in unwatched and not state.looks_of(stream).frames]
    if blind:
        yield f"Not watched in this session: {', '.join(blind)}."
    if unknown := blind_labels(policy, state):
        yield f"Not known to the object model: {', '.join(label.replace('_', ' ') for label in unknown)}."
    for coverage, says in _dim_sights(policy, state, totals):
        part = f"in {_percent(coverage)} of the session" if coverage else "at no time"
        yield f"Could be judged {part}: {', '.join(says)}."


def _dim_sights(
    policy: Policy, state: SessionState, totals: tuple[RuleTotal, ...]
) -> Iterator[tuple[float, list[str]]]:
    """What rules of conduct could not see well, the worst first."""
    dim: dict[float, list[str]] = {}
    for planned, total in zip(policy.rules, totals, strict=True):
        is_sight = planned.is_conduct and not isinstance(planned.rule, CalibrationRule)
        if is_sight and total.coverage < WELL_SEEN and not is_unwatched(planned, state):
            dim.setdefault(total.coverage, []).append(planned.rule.says.lower())
    yield from sorted(dim.items())


def _allowances(policy: Policy, state: SessionState) -> Iterator[str]:
    """What was found and does not count."""
    for planned in policy.rules:
        suppressed = state.histories.get(planned.place, NO_HISTORY).suppressed
        if suppressed:
            reason = policy.variants[planned.place][1]
            times = "once" if suppressed == 1 else f"{suppressed} times"
            yield f'"{planned.rule.says}" was seen {times} and does not count: {reason}.'


def _limits(state: SessionState) -> Iterator[str]:
    baseline = state.baseline
    if baseline is not None and baseline.status == "FAILED":
        had = f"{baseline.frames} usable frames, {baseline.needed} needed"
        yield f"Calibration failed ({had}): an average person's baseline was used."
    elif baseline is not None and baseline.status == "SKIPPED":
        yield "Calibration was skipped: an average person's baseline was used."
    if state.drops.count:
        yield f"{state.drops.count} frames were given up on the way and are not judged."
    if state.sound_drops.count:
        yield f"{state.sound_drops.count} seconds of sound were given up on the way and are not judged."
    if is_unannounced(state):
        yield _ODDITIES["unannounced"]
    yield from (_ODDITIES[oddity] for oddity in sorted(state.odd) if oddity in _ODDITIES)
    yield from signs(state)
    if state.closed_by == "silence":
        yield "The session fell silent without an end; what came until then is judged."


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %"
