"""What one look means: time accounted for, then the rules.

Looks from before the person's baseline are judged twice: at once by the rules that need none, and when calibration has
ended by those about the face. So calibration is no blind spot: looking away or talking in its time is told, later.
"""

from collections.abc import Iterable, Sequence

from scoring.fold.capture_time import in_break
from scoring.fold.conditions import is_trusted
from scoring.fold.evidence import Moment, Step
from scoring.fold.face_signals import PRESENT, face_values
from scoring.fold.occurring import Messages, advance_rules, advance_waiting
from scoring.fold.person import Unjudged
from scoring.fold.rules import Look
from scoring.fold.state import SessionState
from scoring.rulebook.plan import Group
from scoring.rulebook.policy import Policy
from scoring.rulebook.signals import SLOTS, Values

_TURNED = SLOTS["faces"].index("turned_away")


def judge(policy: Policy, state: SessionState, look: Look, messages: Messages) -> None:
    """One look, as soon as it is seen; `state` is the fold's own copy."""
    is_break = is_break_at(policy, state, look.here)
    if not is_break and look.step.seen_ms:
        _account(policy.groups[look.stream], state, look)
    advance_rules(policy, state, look, is_break, messages)


def judge_postponed(policy: Policy, state: SessionState, looks: Iterable[Unjudged], messages: Messages) -> None:
    """The looks that waited for the baseline, which the state has by now, by the rules that waited for it."""
    middle = state.baseline.middle if state.baseline else None
    groups = [group for group in policy.groups["faces"] if group.waits]
    for one in looks:
        values = face_values(policy.spec.quality, middle, one.measured)
        look = Look("faces", one.here, values, Step(one.step_ms, one.seen_ms, one.bridge_ms))
        is_break = is_break_at(policy, state, look.here)
        if not is_break and look.step.seen_ms:
            _account(groups, state, look)
        advance_waiting(policy, state, look, is_break, messages)


def is_break_at(policy: Policy, state: SessionState, here: Moment) -> bool:
    """Whether the moment lies in one of the person's breaks."""
    return bool(policy.breaks) and in_break(policy.breaks, here.capture_ms - state.start_ms)


def _shows_all(parts: tuple[tuple[int, ...], ...], values: Values) -> bool:
    """Whether of every part something is known."""
    for part in parts:
        for slot in part:
            if values[slot] is not None:
                break
        else:
            return False
    return True


def _account(groups: Sequence[Group], state: SessionState, look: Look) -> None:
    """Add the time that was seen to the groups of rules that could judge it."""
    known, values, seen_ms, is_clear = list(state.known), look.values, look.step.seen_ms, state.view.clear
    faces, is_whole = look.stream == "faces", None not in values
    for group in groups:
        if (
            (is_clear or not group.clear)
            and (is_whole or _is_known(group, faces, values))
            and (not group.trust or is_trusted(group.trust, state.own, values))
        ):
            known[group.number] += seen_ms
    state.known = tuple(known)


def _is_turned(values: Values) -> bool:
    """Whether a look at faces shows somebody without a face."""
    return (values[_TURNED] or 0.0) >= PRESENT


def _is_known(group: Group, faces: bool, values: Values) -> bool:
    """Whether the look shows what the group's rules need, where some of its values are unknown."""
    return (
        (not group.count or values[0] is not None)
        and (not group.face or not faces or values[1] is not None or (group.body and _is_turned(values)))
        and (not group.voice or values[1] is not None)
        and _shows_all(group.parts, values)
    )
