"""Every kind of rule but the held one, walked through in time: when it fires, where its event begins and ends."""

import pytest

from scoring.fold.session import close_silent, encode_state
from scoring.messages import RiskClosed, RiskOpened
from scoring.rulebook.policy import Policy
from tests.staged_exam import (
    EVERY_KIND,
    START_MS,
    Behaviour,
    Run,
    StagedExam,
    closed_events,
    face_observed,
    fold_all,
    objects_observed,
    quality_of,
    told,
    verdict_of,
)
from tests.staged_policy import narrowed

CALM = Run("normal", 6)


def only(name: str, **fields: object) -> Policy:
    return narrowed(EVERY_KIND, {name: fields})


def events(policy: Policy, *runs: Run, **how: object) -> list[tuple[str, int, int]]:
    watched = {"hands_every": 1, "objects_every": 1, "identity_every": 1, "sound": True, "page": True}
    return closed_events(told(policy, [CALM, *runs, Run("normal", 12)], **(watched | how)))


def fired(policy: Policy, *runs: Run) -> list[int]:
    watched = {"hands_every": 1, "objects_every": 1, "identity_every": 1, "sound": True, "page": True}
    messages = told(policy, [CALM, *runs, Run("normal", 12)], **watched)
    return [one.fired_ms - START_MS for one in messages if isinstance(one, RiskOpened)]


def again(times: int, behaviour: Behaviour, shown_s: float, pause_s: float) -> list[Run]:
    return [run for _ in range(times) for run in (Run(behaviour, shown_s), Run("normal", pause_s))]


# Immediate: at the first look that shows it.
@pytest.mark.parametrize("seconds", [0.1, 0.5, 3.0])
def test_an_immediate_rule_fires_at_once_and_lasts_while_it_is_true(seconds: float) -> None:
    policy = only("signal")
    assert fired(policy, Run("signalling", seconds)) == [6000]
    assert events(policy, Run("signalling", seconds)) == [("signal", 6000, round(5900 + seconds * 1000))]


def test_a_hidden_tab_lasts_until_the_page_says_that_it_is_back() -> None:
    """10 frames a second: what begins at 6.0 is reported at 6.0, and its end at 9.0."""
    assert events(only("tab"), Run("tab_hidden", 3)) == [("tab", 6000, 9000)]


def test_two_short_looks_at_another_tab_are_two_events() -> None:
    """A page says when something ends: only the rule's own gap bridges that, not the silence that a page may keep."""
    runs = again(2, "tab_hidden", 1, 2)
    assert events(only("tab"), *runs) == [("tab", 6000, 7000), ("tab", 9000, 10_000)]
    assert events(only("tab", gap_ms=2500, clear_ms=2500), *runs) == [("tab", 6000, 10_000)]


@pytest.mark.parametrize(("cooldown_ms", "count"), [(0, 2), (1900, 2), (3100, 1)])
def test_an_immediate_rule_keeps_its_cooldown(cooldown_ms: int, count: int) -> None:
    runs = again(2, "tab_hidden", 1, 2)
    assert len(events(only("tab", cooldown_ms=cooldown_ms), *runs)) == count


def test_moments_of_the_page_are_events_without_a_length() -> None:
    runs = [Run("pasted", 1), Run("normal", 2), Run("copied", 1)]
    assert events(only("pasted"), *runs) == [("pasted", 6000, 6000), ("pasted", 9000, 9000)]


# Share: of the last 6 s, at least 40 % true; ends with its last evidence when it is under 20 %.
@pytest.mark.parametrize(("seconds", "starts"), [(2.0, []), (2.2, []), (2.4, [8600]), (4.0, [8600])])
def test_a_share_fires_when_it_is_reached(seconds: float, starts: list[int]) -> None:
    """24 looks of 0.1 s are 40 % of 6 s; two of the first, of a mouth near its mean, are none of them. The event begins
    with the first."""
    policy = only("talking")
    assert fired(policy, Run("talking", seconds)) == starts
    assert [start for _, start, _ in events(policy, Run("talking", seconds))] == [6100 for _ in starts]


def test_a_share_is_of_the_whole_window_in_pieces_too() -> None:
    runs = again(4, "talking", 0.8, 0.8)
    assert len(fired(only("talking"), *runs)) == 1
    assert fired(only("talking"), *again(4, "talking", 0.8, 2.0)) == []


def test_what_was_not_seen_of_the_window_counts_as_not_true() -> None:
    assert fired(only("talking"), Run("talking", 1.5), Run("missing", 3), Run("talking", 0.5)) == []


@pytest.mark.parametrize(("pause_s", "count"), [(1.0, 1), (2.0, 1), (5.0, 2)])
def test_who_pauses_and_talks_on_has_talked_once(pause_s: float, count: int) -> None:
    """A pause of up to half the window is one event, not a second one with points of its own."""
    found = events(only("talking"), Run("talking", 6), Run("normal", pause_s), Run("talking", 6))
    assert len(found) == count


def test_an_open_share_ends_with_its_last_evidence() -> None:
    (event,) = events(only("talking"), Run("talking", 4))
    assert event[2] == 10_300  # for so long the mouth at rest is far from its mean of the last moments


def test_a_share_over_sound() -> None:
    """A record a second: the third of somebody else's voice makes 3 s of 6."""
    assert fired(only("voice"), Run("other_voice", 5)) == [8000]


# Rate: three starts within the window.
@pytest.mark.parametrize(("times", "pause_s", "count"), [(2, 2.0, 0), (3, 2.0, 1), (3, 10.0, 0), (6, 2.0, 1)])
def test_a_rate_counts_starts_within_its_window(times: int, pause_s: float, count: int) -> None:
    assert len(events(only("turning"), *again(times, "away", 0.6, pause_s))) == count


def test_a_rate_fires_at_the_start_that_makes_it_full_and_begins_with_the_first() -> None:
    runs = again(3, "away", 0.6, 2.0)
    assert fired(only("turning"), *runs) == [11_200]
    assert events(only("turning"), *runs) == [("turning", 6000, 11_700)]


def test_a_start_needs_a_pause_before_it() -> None:
    assert events(only("turning"), *again(4, "away", 0.6, 0.4)) == []
    assert len(events(only("turning"), *again(4, "away", 0.6, 0.7))) == 1


@pytest.mark.parametrize(("seconds", "count"), [(0.1, 0), (0.2, 0), (0.3, 1), (0.8, 1), (1.6, 1), (1.7, 0), (4.0, 0)])
def test_a_glance_is_neither_a_flicker_nor_a_look(seconds: float, count: int) -> None:
    """0.2 to 1.5 s: n frames of 0.1 s are (n - 1) / 10 s long."""
    assert len(events(only("peeking"), *again(3, "aside_left", seconds, 1.0))) == count


def test_glances_to_the_other_side_or_with_the_head_are_none() -> None:
    assert events(only("peeking"), *again(4, "aside", 0.6, 1.0)) == []
    assert events(only("peeking"), *again(4, "away_left", 0.6, 1.0)) == []


def test_a_rule_that_goes_on_firing_makes_one_event_until_its_window_passes() -> None:
    runs = [*again(4, "away", 0.6, 2.0), Run("normal", 25), *again(3, "away", 0.6, 2.0)]
    found = events(only("turning"), *runs)
    assert [start for _, start, _ in found] == [6000, 41_400]


def test_a_rate_remembers_no_more_starts_than_it_may_need() -> None:
    """Somebody who turns twice a second for ten minutes under a window of an hour."""
    policy = only("turning", window_ms=3_600_000, starts=16, gap_ms=0)
    state, _ = fold_all(policy, [*StagedExam([CALM, *again(1200, "away", 0.2, 0.3)]).observations()][:-2])
    assert state is not None
    assert len(encode_state(state)) < 1000


# Combination: all parts within the window, in any order.
@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([Run("cheating", 1)], [("cheating", 6000, 6900)]),
        ([Run("company", 1), Run("pen", 1), Run("notes", 1)], [("cheating", 6900, 8900)]),
        ([Run("notes", 1), Run("company", 1), Run("pen", 1)], [("cheating", 6900, 8900)]),
        ([Run("company", 1), Run("notes", 3)], []),
        ([Run("company", 1), Run("normal", 8.2), Run("pen", 1), Run("notes", 1)], []),
        ([Run("company", 1), Run("pen", 1), Run("normal", 5), Run("notes", 1)], [("cheating", 6900, 13_900)]),
    ],
)
def test_a_combination_needs_every_part_within_its_window(runs: list[Run], found: list[tuple[str, int, int]]) -> None:
    assert events(only("cheating"), *runs) == found


@pytest.mark.parametrize("order", [("talking", "phone"), ("phone", "talking")])
def test_a_combination_may_span_detectors(order: tuple[Behaviour, Behaviour]) -> None:
    runs = [Run(order[0], 1), Run("normal", 2), Run(order[1], 1)]
    assert len(events(only("dictating"), *runs)) == 1
    assert events(only("dictating"), Run(order[0], 1), Run("normal", 6), Run(order[1], 1)) == []


def test_a_combination_is_covered_where_all_its_detectors_looked() -> None:
    totals = verdict_of(told(only("dictating"), [Run("normal", 40)], objects_every=0)).rules
    assert [total.coverage for total in totals] == [0.0]


# Sequence: one after the other within 12 s.
@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([Run("holding", 1), Run("phone", 1), Run("raised", 1)], [("photographed", 6900, 8000)]),
        ([Run("phone", 1), Run("holding", 1), Run("raised", 1)], []),
        ([Run("holding", 1), Run("raised", 1), Run("phone", 1)], []),
        ([Run("holding", 1), Run("phone", 1), Run("normal", 12), Run("raised", 1)], []),
        ([Run("holding", 1), Run("raised", 2), Run("phone", 1), Run("raised", 1)], [("photographed", 6900, 10_000)]),
        (
            [Run("holding", 1), Run("phone", 1), Run("raised", 1), Run("normal", 14)] * 2,
            [("photographed", 6900, 8000), ("photographed", 23_900, 25_000)],
        ),
    ],
)
def test_a_sequence_needs_its_parts_in_order(runs: list[Run], found: list[tuple[str, int, int]]) -> None:
    assert events(only("photographed"), *runs) == found


def test_a_sequence_may_begin_again_before_an_old_beginning_is_over() -> None:
    """The first beginning is 14 s old when the last part comes, the second one 3 s."""
    runs = [Run("holding", 1), Run("phone", 1), Run("normal", 9), Run("holding", 1), Run("phone", 1)]
    runs += [Run("normal", 1), Run("raised", 1)]
    assert events(only("photographed"), *runs) == [("photographed", 17_900, 20_000)]


def test_a_part_that_cannot_be_seen_is_not_there() -> None:
    """Company was seen; then it is dark, and only a pen can be made out: nothing says that company stayed."""
    seen = narrowed(EVERY_KIND, {"cheating": {"window_ms": 1000}})
    observations = [*StagedExam([CALM, Run("company", 1)], objects_every=1).observations()][:-2]
    for step in range(1, 40):
        at_ms = START_MS + 7000 + step * 100
        dark = quality_of("dark")
        observations.append(face_observed("staged", 70 + step, at_ms, (), dark))
        things = {"pen": 0.7} if step < 30 else {"pen": 0.7, "notes": 0.7}
        observations.append(objects_observed("staged", 70 + step, at_ms, things))
    assert closed_events(close_silent(seen, fold_all(seen, observations)[0])[1]) == []  # type: ignore[arg-type]


# What every kind has.
@pytest.mark.parametrize(("seconds", "points"), [(6.9, 5.0), (7.1, 10.0), (12.1, 15.0), (17.2, 20.0)])
def test_an_event_that_goes_on_costs_its_points_again(seconds: float, points: float) -> None:
    """Absent for 2 s fires; each 5 s of truth after that cost the points once more."""
    messages = told(only("absent"), [CALM, Run("absent", seconds), Run("normal", 5)])
    (closed,) = (one for one in messages if isinstance(one, RiskClosed))
    assert (closed.points, closed.repeats) == (points, round(points / 5) - 1)
    assert len([one for one in messages if isinstance(one, RiskOpened)]) == 1
    (total,) = verdict_of(messages).rules
    assert (total.events, total.points) == (1, points)


def test_without_repeat_an_event_costs_once() -> None:
    messages = told(only("absent", repeat_ms=0), [CALM, Run("absent", 40), Run("normal", 5)])
    assert verdict_of(messages).integrity == 95.0


def test_only_if_must_hold_beside_the_condition() -> None:
    """Eyes aside with the head still; the same eyes in a turned head are the head's business."""
    assert events(only("eyes_away"), Run("aside", 4)) == [("eyes_away", 6000, 9900)]
    assert events(only("eyes_away", only_if=[{"signal": "head_yaw", "at_least": 5.0}]), Run("aside", 4)) == []


def test_in_a_picture_that_a_rule_does_not_trust_nothing_is_known() -> None:
    """A dim picture is good enough to find faces, not to judge eyes: neither guilt nor coverage."""
    policy = only("eyes_away", when=[{"signal": "gaze_x", "at_most": 1.0}], only_if=[])
    assert events(policy, Run("dim", 4))[0][0] == "eyes_away"  # outside of the dim part it is always true
    clear, dim = (
        verdict_of(told(only("eyes_away"), [CALM, Run(what, 30)])).rules[0].coverage for what in ("normal", "dim")
    )
    assert clear > 0.95
    assert dim < 0.3


@pytest.mark.parametrize("name", ["stranger", "voice", "hand_at_face", "signal", "tab", "photographed"])
def test_an_optional_rule_without_its_detector_leaves_the_session_covered(name: str) -> None:
    both = narrowed(EVERY_KIND, {"absent": {}, name: {}})
    verdict = verdict_of(told(both, [Run("normal", 40)]))
    assert verdict.coverage > 0.95
    assert verdict.reasons[-1].startswith("Not watched in this session: ")
    needed = narrowed(EVERY_KIND, {"absent": {}, name: {"optional": False}})
    assert verdict_of(told(needed, [Run("normal", 40)])).coverage < 0.51


def test_a_disabled_rule_is_none() -> None:
    assert events(narrowed(EVERY_KIND, {"absent": {}, "away": {"enabled": False}}), Run("away", 5)) == []
