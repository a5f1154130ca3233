"""From the truth of a rule to its events: a truth that stays for a time becomes one event with start, end and peak.

Two gaps are told apart. A condition that is briefly false or unknown is bridged; frames that are missing for longer
than that end what was held at the last moment it was seen true. Unseen and unknown time never counts towards a hold.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from scoring.fold.conditions import Judgement, judge, tests_on
from scoring.fold.evidence import History, Interval, Memory, Moment, Span, Step
from scoring.fold.histories import after_event, recall
from scoring.fold.packing import Passing
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.signals import Stream, Values

REMEMBERED_SPANS = 3  # of each rule, the longest: what a person reads as reasons
NO_HISTORY = History()


class Look(Passing, frozen=True, gc=False):
    """One look of a detector: the frame, the values of its signals, the time since its last look."""

    stream: Stream
    here: Moment
    values: Values
    step: Step


class Situation(Passing, frozen=True, gc=False):
    """One rule in one session: what it holds, what it remembers, what it has found."""

    held: Interval | None = None
    memory: Memory | None = None
    history: History = NO_HISTORY


class Outcome(Passing, frozen=True, gc=False):
    """The situation after a look, and the event that has `ended`, if any."""

    situation: Situation
    ended: Interval | None = None


def advance(planned: PlannedRule, own: Sequence[float], situation: Situation, look: Look) -> Outcome:
    """One look later."""
    ended, held, memory, history = None, situation.held, situation.memory, situation.history
    if held is not None and is_over(planned, held, look):
        ended = held if held.is_open else None
        memory = after_event(planned, memory) if ended else memory
        history = remember(planned, history, ended) if ended else history
        held = None
    tests = planned.tests if len(planned.streams) == 1 else tests_on(planned, look.stream)
    latched = held.latched if held else memory.latched if memory else 0
    judged, since = judge(planned, tests, own, latched, look.values), look.here
    if planned.remembers:
        is_open = held is not None and held.is_open
        recalled = recall(planned, tests, memory, judged, look.here, look.values, look.step, is_open)
        memory, judged, since = recalled.memory, recalled.judged, recalled.since
    held = _hold(held, judged, since, look, history)
    if held is not None and _fires(planned, history, held, judged, look.here.capture_ms):
        held = replace(held, fired_ms=look.here.capture_ms)
    return Outcome(Situation(held, memory, history), ended)


def _hold(held: Interval | None, judged: Judgement, since: Moment, look: Look, history: History) -> Interval | None:
    """What is held after a look: a bridged look counts as held only if the truth was known and comes back."""
    if held is None:
        return _onset(judged, since, look, history)
    seen_ms = look.step.seen_ms
    held_ms = held.held_ms + (seen_ms if judged.truth is not None else 0)
    if judged.beyond is None:
        if held_ms == held.held_ms and judged.latched == held.latched:
            return held
        return replace(held, held_ms=held_ms, latched=judged.latched)
    is_peak = judged.beyond.excess > held.beyond.excess
    is_late = look.here.capture_ms < held.last.capture_ms  # of detectors that a rule joins one may lag behind
    return Interval(
        held.onset,
        held.last if is_late else look.here,
        look.here if is_peak else held.peak,
        judged.beyond if is_peak else held.beyond,
        judged.latched,
        held_ms,
        held.fired_ms,
        held_ms,
        held.sure_ms + seen_ms,
        held.counted_ms,
        held.repeats,
        held.shown | judged.latched,
    )


def _onset(judged: Judgement, since: Moment, look: Look, history: History) -> Interval | None:
    """A true look begins something; what made it true may have begun before, but not before the last event's end."""
    ended_ms = -1 if history.ended_ms is None else history.ended_ms
    if judged.beyond is None or look.here.capture_ms <= ended_ms:  # a detector that lags may still tell of that event
        return None
    onset, shown = since if since.capture_ms > ended_ms else look.here, judged.latched
    return Interval(onset, look.here, look.here, judged.beyond, judged.latched, shown=shown)


def is_over(planned: PlannedRule, held: Interval, look: Look) -> bool:
    """Whether what is held ended before this look: frames were missing for too long, or the truth was.

    A page says when something ends: what it does not say has gone on, what it denies only the rule's gap bridges.
    """
    quiet_ms = look.here.capture_ms - held.last.capture_ms
    bridge_ms = max(planned.gap_ms, look.step.bridge_ms)
    if look.step.step_ms > bridge_ms:
        return True
    gap_ms = planned.gap_ms if look.stream == "browser" else bridge_ms
    if quiet_ms <= (max(planned.clear_ms, gap_ms) if held.is_open else gap_ms):
        return False
    goes_on = look.stream == "browser" and judge(planned, tests_on(planned, "browser"), (), 0, look.values).truth
    return not goes_on


def close(planned: PlannedRule, situation: Situation) -> Outcome:
    """The session ends: what has fired ends with its last true moment; the rest waits, it may open again."""
    held = situation.held
    if held is None or not held.is_open:
        return Outcome(situation)
    history = remember(planned, situation.history, held)
    return Outcome(Situation(None, after_event(planned, situation.memory), history), held)


def _fires(planned: PlannedRule, history: History, held: Interval, judged: Judgement, now_ms: int) -> bool:
    if held.fired_ms is not None or not judged.truth or held.held_ms < planned.hold_ms:
        return False
    return history.ended_ms is None or now_ms - history.ended_ms >= planned.rule.cooldown_ms


def repeats_by(planned: PlannedRule, held: Interval, since_ms: int) -> int:
    """How often again an event that counts since `since_ms` has cost its points by its last true moment."""
    return (held.last.capture_ms - since_ms) // planned.rule.repeat_ms if planned.rule.repeat_ms else 0


def remember(planned: PlannedRule, history: History, ended: Interval) -> History:
    """The history with an event that ended; one that does not count goes into the ledger alone."""
    span = Span(ended.onset.capture_ms, ended.last.capture_ms - ended.onset.capture_ms)
    unaccommodated = planned.millipoints * (1 + repeats_by(planned, ended, ended.fired_ms or 0))
    if ended.counted_ms is None:
        points = history.suppressed_millipoints + unaccommodated
        return replace(
            history, ended_ms=ended.last.capture_ms, suppressed=history.suppressed + 1, suppressed_millipoints=points
        )
    longest = sorted((*history.longest, span), key=lambda one: (-one.lasted_ms, one.start_ms))
    spared = unaccommodated - planned.millipoints * (1 + ended.repeats)
    return replace(
        history,
        duration_ms=history.duration_ms + span.lasted_ms,
        ended_ms=ended.last.capture_ms,
        longest=tuple(longest[:REMEMBERED_SPANS]),
        suppressed_millipoints=history.suppressed_millipoints + spared,
    )
