"""Rules that look at more than the moment: what they remember, and whether that is true now.

All of them are true only at looks that add to what they ask for, so that an event ends with its last evidence. A share
is of the whole window, whatever was seen of it. Time in a window is kept in slices; a window ends with the
slice at hand. A rule that remembers nothing takes no room, and every memory fades when its window has passed.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from scoring.fold.conditions import Judgement
from scoring.fold.evidence import Beyond, Memory, Moment, Step
from scoring.fold.packing import Passing
from scoring.rulebook.plan import PlannedRule, PlannedTest
from scoring.rulebook.rule_document import CombinationRule, RateRule, SequenceRule, ShareRule
from scoring.rulebook.signals import Values

SLICES = 30
MOST_MARKS = 16
_NOTHING = Memory()


class Recalled(Passing, frozen=True, gc=False):
    """What is remembered now (None: nothing); the truth over it; where what made it true began."""

    memory: Memory | None
    judged: Judgement
    since: Moment


def recall(
    planned: PlannedRule,
    tests: Sequence[PlannedTest],
    memory: Memory | None,
    judged: Judgement,
    here: Moment,
    values: Values,
    step: Step,
    is_open: bool,
) -> Recalled:
    """The rule's memory after a look at `values` that `judged` its condition.

    `tests`: those that were looked at. `is_open`: an event of the rule is going on.
    """
    before = memory or _NOTHING
    match planned.rule:
        case ShareRule():
            return _share(planned.rule, before, judged, here, step, is_open)
        case RateRule():
            return _rate(planned.rule, before, judged, here, step)
        case CombinationRule():
            return _combination(planned, planned.rule, _true_parts(judged, tests, values), before, judged, here)
        case SequenceRule():
            return _sequence(planned, planned.rule, _true_parts(judged, tests, values), before, judged, here)
    return Recalled(None, judged, here)


def after_event(planned: PlannedRule, memory: Memory | None) -> Memory | None:
    """What an event that ended leaves behind: its starts and parts count once; of a share so much goes on that the next
    event needs `until_share` of its own. A single look is not a second event."""
    if memory is None or not isinstance(planned.rule, ShareRule):
        return None
    left_ms, counts = (
        round((planned.rule.share - planned.rule.until_share) * planned.rule.window_ms),
        list(memory.counts),
    )
    for place in reversed(range(len(counts))):
        counts[place] = min(counts[place], left_ms)
        left_ms -= counts[place]
    later, first = _since(tuple(counts), memory.first, memory.first)
    return _kept(replace(memory, counts=later, first=first if later else 0, since=memory.since if later else None))


def _kept(memory: Memory) -> Memory | None:
    return None if memory == _NOTHING else memory


def _told(truth: bool, judged: Judgement, number: float, limit: float) -> Judgement:
    """Truth over a memory: `number` against `limit` in place of the signal's value, as a state gives them back."""
    if not truth:
        return Judgement(False, judged.latched, None)
    test = judged.beyond.test if judged.beyond else 0
    return Judgement(True, judged.latched, Beyond(test, float(limit), float(number), (number - limit) / limit))


def _share(rule: ShareRule, before: Memory, judged: Judgement, here: Moment, step: Step, is_open: bool) -> Recalled:
    slice_ms = rule.window_ms // SLICES
    now = here.capture_ms // slice_ms
    counts, first = _since(before.counts, before.first, now - SLICES + 1)
    if judged.truth and step.seen_ms:
        first = first if counts else now
        counts = _added(counts, now - first, step.seen_ms)
    since = _first_of_window(before.since, here, rule.window_ms) if judged.truth or before.since else None
    memory = Memory(judged.latched, (), counts, first if counts else 0, since if counts else None)
    true_share = round(min(1.0, sum(counts) / rule.window_ms), 4)
    truth = bool(judged.truth) and true_share >= (rule.until_share if is_open else rule.share)
    return Recalled(_kept(memory), _told(truth, judged, true_share, rule.share), since or here)


def _first_of_window(first: Moment | None, here: Moment, window_ms: int) -> Moment:
    """Where the truth of a window began: its first true look, or this one when that is out of the window."""
    return first if first is not None and here.capture_ms - first.capture_ms <= window_ms else here


def _since(counts: tuple[int, ...], first: int, earliest: int) -> tuple[tuple[int, ...], int]:
    """The slices from `earliest` on, without empty ones at the beginning."""
    while counts and (first < earliest or counts[0] == 0):
        counts, first = counts[1:], first + 1
    return counts, first


def _added(counts: tuple[int, ...], place: int, ms: int) -> tuple[int, ...]:
    longer = [*counts, *(0 for _ in range(place + 1 - len(counts)))]
    longer[place] += ms
    return tuple(longer)


def _rate(rule: RateRule, before: Memory, judged: Judgement, here: Moment, step: Step) -> Recalled:
    """A stretch of truth is bridged over `gap_ms` of untruth, and over what is not known."""
    now_ms, since, last_ms = here.capture_ms, before.since, before.last_ms
    marks = tuple(mark for mark in before.marks if mark and now_ms - mark.capture_ms <= rule.window_ms)
    goes_on = judged.truth is None or now_ms - last_ms <= rule.gap_ms or last_ms >= now_ms - step.step_ms
    counted = None
    if since is not None and not ((judged.truth is not False and goes_on) or now_ms - last_ms <= rule.gap_ms):
        counted = (
            since if rule.longest_ms and rule.shortest_ms <= last_ms - since.capture_ms <= rule.longest_ms else None
        )
        since = None
    if judged.truth and since is None:
        since = here
        counted = here if not rule.longest_ms else counted
    if judged.truth is not False and since is not None:
        last_ms = now_ms
    if counted is not None:
        marks = (*marks, counted)[-MOST_MARKS:]
    memory = Memory(judged.latched, marks, (), 0, since, last_ms if since else 0)
    shown = counted is not None or bool(judged.truth and not rule.longest_ms)
    told = _told(shown and len(marks) >= rule.starts, judged, len(marks), rule.starts)
    return Recalled(_kept(memory), told, marks[0] if marks else here)


def _true_parts(judged: Judgement, tests: Sequence[PlannedTest], values: Values) -> set[int]:
    """The parts that this look shows; a test stays latched over what is not known, which shows nothing."""
    if not judged.truth:
        return set()
    return {test.part for test in tests if judged.latched >> test.number & 1 and values[test.slot] is not None}


def _come_together(planned: PlannedRule, judged: Judgement, window_ms: int, span_ms: int) -> Judgement:
    """All parts within `span_ms`: the closer, the further beyond."""
    test, parts = judged.beyond.test if judged.beyond else 0, float(planned.parts)
    return Judgement(True, judged.latched, Beyond(test, parts, parts, (window_ms - span_ms) / window_ms))


def span_ms(window_ms: int, beyond: Beyond) -> int:
    """The shortest time within which the parts of an event came together."""
    return window_ms - round(beyond.excess * window_ms)


def _combination(
    planned: PlannedRule, rule: CombinationRule, now: set[int], before: Memory, judged: Judgement, here: Moment
) -> Recalled:
    """True at looks that show one of the parts while each of them was seen within the window."""
    old = before.marks or (None,) * planned.parts
    marks = tuple(here if part in now else _fresh(mark, here, rule.window_ms) for part, mark in enumerate(old))
    known = sorted((mark for mark in marks if mark is not None), key=lambda mark: mark.capture_ms)
    began = known[0] if known else here
    memory = _kept(Memory(judged.latched, marks if known else ()))
    took_ms = known[-1].capture_ms - began.capture_ms if known else 0
    if not now or len(known) < planned.parts or took_ms > rule.window_ms:
        return Recalled(memory, Judgement(False, judged.latched, None), began)
    return Recalled(memory, _come_together(planned, judged, rule.window_ms, took_ms), began)


def _fresh(mark: Moment | None, here: Moment, window_ms: int) -> Moment | None:
    return mark if mark is not None and here.capture_ms - mark.capture_ms <= window_ms else None


def _sequence(
    planned: PlannedRule, rule: SequenceRule, now: set[int], before: Memory, judged: Judgement, here: Moment
) -> Recalled:
    """True at the look that completes it; then all begins anew. Each look may take one step of a chain.

    Mark n is the latest beginning of a chain that got as far as part n.
    """
    old = before.marks or (None,) * planned.parts
    marks = [_fresh(mark, here, rule.window_ms) for mark in old]
    for part in sorted(now, reverse=True):
        chain = marks[part - 1] if part else here
        marks[part] = chain if chain is not None and chain.capture_ms <= here.capture_ms else marks[part]
    began = marks[-1]
    if began is not None:
        took_ms = here.capture_ms - began.capture_ms
        return Recalled(_kept(Memory(judged.latched)), _come_together(planned, judged, rule.window_ms, took_ms), began)
    memory = Memory(judged.latched, tuple(marks) if any(marks) else ())
    return Recalled(_kept(memory), Judgement(False, judged.latched, None), here)
