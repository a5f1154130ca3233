"""Detectors lag behind one another: what that may not change of a rule that joins them."""

import pytest

from scoring.fold.session import close_silent
from scoring.messages import SessionObservation
from tests.staged_exam import (
    EVERY_KIND,
    START_MS,
    Run,
    StagedExam,
    closed_events,
    face_observed,
    faces_of,
    fold_all,
    objects_observed,
)
from tests.staged_policy import narrowed

DICTATING = narrowed(EVERY_KIND, {"dictating": {"cooldown_ms": 0}})


def lips(tenths: int) -> SessionObservation:
    """A look at faces, the lips moving."""
    return face_observed("staged", tenths, START_MS + tenths * 100, faces_of("talking", tenths))


def phone(tenths: int) -> SessionObservation:
    return objects_observed("staged", tenths, START_MS + tenths * 100, {"phone": 0.8})


CALMED = [*StagedExam([Run("normal", 6)]).observations()][:-2]


def test_a_detector_that_lags_turns_no_end_back() -> None:
    """The phone of 6.2 s is known after the lips of 6.3 s: the event lasted until then all the same."""
    log = [*CALMED, lips(61), phone(61), lips(62), lips(63), phone(62)]
    state, _ = fold_all(DICTATING, log)
    assert state is not None
    assert closed_events(close_silent(DICTATING, state)[1]) == [("dictating", 6100, 6300)]


@pytest.mark.parametrize(
    ("late", "found"),
    [
        ([phone(62), lips(64)], [("dictating", 6400, 6400)]),
        ([lips(64), phone(62)], []),
        ([lips(64), phone(62), phone(65)], [("dictating", 6400, 6500)]),
    ],
)
def test_what_a_lagging_detector_tells_of_an_event_that_ended_begins_no_second_one_within(
    late: list[SessionObservation], found: list[tuple[str, int, int]]
) -> None:
    """Silence closed the session; the event was over at 6.3 s."""
    policy = DICTATING
    state, _ = fold_all(policy, [*CALMED, lips(61), phone(61), lips(62), lips(63)])
    assert state is not None
    closed, _ = close_silent(policy, state)
    again, messages = fold_all(policy, late, closed)
    assert again is not None
    assert closed_events([*messages, *close_silent(policy, again)[1]]) == found
