"""What a look means for the rules: which must be run at all, what they say, what it costs."""

from collections.abc import Sequence, Set
from typing import TypeVar

from msgspec.structs import replace

from scoring.fold import events, score
from scoring.fold.alerts import alert
from scoring.fold.evidence import Interval
from scoring.fold.packing import Passing
from scoring.fold.rules import NO_HISTORY, Look, Outcome, Situation, advance, close, remember, repeats_by
from scoring.fold.state import SessionState
from scoring.messages import RiskMessage
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy import Policy

Messages = list[RiskMessage]
Value = TypeVar("Value")


class _Happened(Passing, frozen=True, gc=False):
    """What one look, or the end, did to one rule; `costs`: how many times its points are due now."""

    planned: PlannedRule
    outcome: Outcome
    costs: int


def advance_rules(policy: Policy, state: SessionState, look: Look, is_break: bool, messages: Messages) -> None:
    """Every rule that this look can change, in the order of their names; those that wait have a turn of their own."""
    places = _awake(policy, state, look)
    if places and state.calibrating is not None:
        places -= policy.waiting
    if places:
        _advance_all(policy, state, look, places, is_break, messages)


def advance_waiting(policy: Policy, state: SessionState, look: Look, is_break: bool, messages: Messages) -> None:
    """The same for a look from before the baseline: the rules that waited for it."""
    places = _awake(policy, state, look) & policy.waiting
    if places:
        _advance_all(policy, state, look, places, is_break, messages)


def _advance_all(
    policy: Policy, state: SessionState, look: Look, places: Set[int], is_break: bool, messages: Messages
) -> None:
    eventful = []
    for place in sorted(places):
        happened = _advance(policy, state, policy.rules[place], look, is_break)
        if happened.costs or happened.outcome.ended:
            eventful.append(happened)
        else:
            _keep(state, place, happened.outcome.situation)
    if eventful:
        _follow(policy, state, look.here.capture_ms, eventful, messages)


def close_rules(policy: Policy, state: SessionState, end_ms: int, messages: Messages) -> None:
    """The session ends."""
    held = [rule for rule in policy.rules if rule.place in state.held]
    happened = [_Happened(rule, close(rule, situation_of(state, rule.place)), 0) for rule in held]
    _follow(policy, state, end_ms, happened, messages)


def situation_of(state: SessionState, place: int) -> Situation:
    """What the state has of one rule."""
    return Situation(state.held.get(place), state.memories.get(place), state.histories.get(place, NO_HISTORY))


def _awake(policy: Policy, state: SessionState, look: Look) -> set[int]:
    """The rules that hold or remember something, and those that a value may make true; the others stay as they are."""
    places: set[int] = set()
    values = look.values
    for slot, low, high, rules in policy.bands[look.stream]:
        value = values[slot]
        if value is not None and not low < value < high:
            places.update(rules)
    if state.held or state.memories:
        on = policy.watched[look.stream]
        places.update(on.intersection(state.held), on.intersection(state.memories))
    return places


def _advance(policy: Policy, state: SessionState, planned: PlannedRule, look: Look, is_break: bool) -> _Happened:
    place = planned.place
    outcome = advance(planned, state.own, situation_of(state, place), look)
    held = outcome.situation.held
    counts = place not in policy.variants or _advance_variant(policy, state, place, look, is_break, outcome)
    if held is None or not held.is_open:
        return _Happened(planned, outcome, 0)
    charge = _spare if is_break and held.counted_ms is not None else _charge
    charged, costs = charge(planned, held, counts, look.here.capture_ms)
    if charged is not held:
        situation = Situation(charged, outcome.situation.memory, outcome.situation.history)
        outcome = Outcome(situation, outcome.ended)
    return _Happened(planned, outcome, costs)


def _charge(planned: PlannedRule, held: Interval, counts: bool, now_ms: int) -> tuple[Interval, int]:
    """An open event with what it costs now: its points when it begins to count, and again at each repeat."""
    if held.counted_ms is None:
        return (replace(held, counted_ms=now_ms), 1) if counts else (held, 0)
    if not planned.rule.repeat_ms:
        return held, 0
    repeats = repeats_by(planned, held, held.counted_ms)
    return (replace(held, repeats=repeats), repeats - held.repeats) if repeats > held.repeats else (held, 0)


def _spare(planned: PlannedRule, held: Interval, _counts: bool, now_ms: int) -> tuple[Interval, int]:
    """An event that counts goes on in a break: the time to its next repeat begins anew."""
    return replace(held, counted_ms=now_ms - held.repeats * planned.rule.repeat_ms), 0


def _advance_variant(
    policy: Policy, state: SessionState, place: int, look: Look, is_break: bool, base: Outcome
) -> bool:
    """Whether the wider rule holds an event, too; it begins anew with its rule's, and in every break."""
    variant, _ = policy.variants[place]
    if variant is None:
        return False
    idle = base.situation.held is None and base.situation.memory is None
    before = Situation() if base.ended else situation_of(state, variant.place)
    after = Situation() if is_break or idle else advance(variant, state.own, before, look).situation
    _keep(state, variant.place, Situation(after.held, after.memory))
    return after.held is not None and after.held.is_open


def _keep(state: SessionState, place: int, situation: Situation) -> None:
    """Put a rule's situation back; what is empty takes no room."""
    held, memory, history = situation.held, situation.memory, situation.history
    if held is not state.held.get(place):
        state.held = _with(state.held, place, held)
    if memory is not state.memories.get(place):
        state.memories = _with(state.memories, place, memory)
    if history is not state.histories.get(place, NO_HISTORY):
        state.histories = _with(state.histories, place, history)


def _with(values: dict[int, Value], place: int, value: Value | None) -> dict[int, Value]:
    if value is not None:
        return {**values, place: value}
    return {key: one for key, one in values.items() if key != place}


def _follow(
    policy: Policy, state: SessionState, now_ms: int, happened: Sequence[_Happened], messages: Messages
) -> None:
    """The state and the risk after it, and what is said of it; risk is settled before any event opens or closes."""
    score.settle_now(policy, state, now_ms)
    for one in happened:
        _keep(state, one.planned.place, one.outcome.situation)
    for one in happened:
        _tell(policy, state, one, messages)


def _tell(policy: Policy, state: SessionState, happened: _Happened, messages: Messages) -> None:
    planned, outcome, costs = happened.planned, happened.outcome, happened.costs
    if outcome.ended is not None:
        messages.append(events.closed(policy, state, planned, outcome.ended))
    held = outcome.situation.held
    if not costs or held is None:
        return
    is_new = not held.repeats
    if is_new:
        _begin(policy, state, planned, held, messages)
    state.risk = score.add(state.risk, planned, costs)
    history = state.histories.get(planned.place, NO_HISTORY)
    points = history.millipoints + planned.millipoints * costs
    history = replace(history, events=history.events + is_new, millipoints=points)
    state.histories = _with(state.histories, planned.place, history)


def _begin(policy: Policy, state: SessionState, planned: PlannedRule, held: Interval, messages: Messages) -> None:
    """An event begins to count."""
    messages.append(events.opened(state, planned, held))
    if policy.spec.activity is not None and planned.is_conduct:
        state.alerts = alert(policy.spec.activity, state.alerts, held.onset.capture_ms)


def settle_instant(
    policy: Policy, state: SessionState, planned: PlannedRule, held: Interval, is_break: bool, messages: Messages
) -> None:
    """An event that is over when it is found, at the end of calibration: opened, charged and closed at once."""
    variant, _ = policy.variants.get(planned.place, (planned, ""))
    counts = variant is not None and not is_break
    now_ms = held.last.capture_ms
    held = replace(held, counted_ms=now_ms if counts else None)
    score.settle_now(policy, state, now_ms)
    history = state.histories.get(planned.place, NO_HISTORY)
    _tell(policy, state, _Happened(planned, Outcome(Situation(held, None, history)), int(counts)), messages)
    history = remember(planned, state.histories.get(planned.place, NO_HISTORY), held)
    state.histories = _with(state.histories, planned.place, history)
    messages.append(events.closed(policy, state, planned, held))
