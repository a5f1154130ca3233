"""When a part is started again and when one that lives is given up."""

import pytest

from deploy.stack.restarts import Pulse, RestartRule, born, why_end

RULE = RestartRule(delays_s=(0.2, 1.0, 5.0), steady_s=60.0, silent_s=30.0, unwell_s=180.0)
READY = Pulse(started_s=0.0, answered_s=100.0, well_s=100.0, was_ready=True)


@pytest.mark.parametrize(("failures", "delay_s"), [(0, 0.0), (1, 0.2), (2, 1.0), (3, 5.0), (4, 5.0), (99, 5.0)])
def test_delays_grow_and_stay_at_the_longest(failures: int, delay_s: float) -> None:
    assert RULE.delay_s(failures) == delay_s


@pytest.mark.parametrize(("before", "lived_s", "after"), [(0, 1.0, 1), (2, 59.9, 3), (2, 60.0, 1), (0, 1000.0, 1)])
def test_who_lived_long_enough_starts_counting_anew(before: int, lived_s: float, after: int) -> None:
    assert RULE.failures_after(before, lived_s) == after


def test_a_part_that_never_gets_ready_is_ended_at_its_start_deadline() -> None:
    pulse = born(10.0)
    assert why_end(RULE, pulse, 69.9, 60.0, needs_ready=True) is None
    assert why_end(RULE, pulse, 70.0, 60.0, needs_ready=True) == "not ready 60 s after its start"


def test_an_unwell_answer_does_not_count_as_ready() -> None:
    assert not born(0.0).answered(1.0, well=False).was_ready
    assert born(0.0).answered(1.0, well=True).was_ready


@pytest.mark.parametrize(("now_s", "ended"), [(129.9, False), (130.0, True)])
def test_a_part_that_falls_silent_is_ended(now_s: float, ended: bool) -> None:
    assert (why_end(RULE, READY, now_s, 60.0, needs_ready=False) is not None) is ended


@pytest.mark.parametrize(
    ("now_s", "needs_ready", "ended"), [(279.0, True, False), (280.0, True, True), (1000.0, False, False)]
)
def test_a_part_that_answers_but_is_not_well_is_ended_only_while_what_it_needs_is_ready(
    now_s: float, needs_ready: bool, ended: bool
) -> None:
    pulse = READY.answered(now_s, well=False)
    assert (why_end(RULE, pulse, now_s, 60.0, needs_ready) is not None) is ended
