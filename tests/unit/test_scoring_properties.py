"""The fold as a function of its log: cut, repeated, swapped. Beside each property what it catches; all tried."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import inf

import msgspec
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from ingest.messages import encode_message
from scoring.fold.session import close_silent, decode_state, encode_state, fold
from scoring.fold.state import SessionState
from scoring.messages import RiskClosed, RiskMessage, SessionObservation
from scoring.rulebook.plan import Band
from scoring.rulebook.policy import Policy, plan
from scoring.rulebook.policy_document import Fallback
from scoring.rulebook.rule_document import Comparison, HeldRule
from scoring.rulebook.signals import SLOTS, STREAMS, Stream
from tests.exams_drawn import (
    ALL,
    CLEAR,
    clock_jumps,
    eventful,
    runs_of,
    stutters,
    whole_exams,
)
from tests.staged_exam import (
    EVERY_KIND,
    Run,
    StagedExam,
    fold_all,
    lasting_bytes,
    verdict_of,
)

ANY = whole_exams(eventful() | runs_of(ALL) | stutters(("normal", "dark", "missing")), jumps=clock_jumps())
OF_ONE = {rule.name for rule in EVERY_KIND.rules if len(rule.streams) == 1}
STEADY = whole_exams(eventful() | runs_of(CLEAR) | stutters(("normal", "missing")))

RESTLESS = StagedExam([Run("normal", 1), Run("away", 5), Run("normal", 2), Run("two", 5), Run("normal", 4)], fps=2.0)

explored = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def joined(parts: list[list[Run]]) -> list[Run]:
    return [run for part in parts for run in part]


@explored
@given(ANY)
def test_cut_everywhere_and_resumed_is_whole(exam: StagedExam) -> None:
    """Catches: whatever is kept outside of the state, or comes back from it as something else (tried: `encode_state`
    without `risk`; counts in `_told` that are no floats, which gave other bytes after a restart)."""
    state: SessionState | None = None
    messages: list[RiskMessage] = []
    for observation in exam.observations():
        state, more = fold(EVERY_KIND, decode_state(encode_state(state)) if state else None, observation)
        messages += more
    assert state is not None
    resumed = [encode_state(state), *(encode_message(one) for one in messages)]
    assert resumed == packed(EVERY_KIND, list(exam.observations()))


@explored
@given(ANY, st.data())
def test_a_redelivered_suffix_changes_nothing(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: `not _is_new(state, observation)` in `fold`."""
    observations = list(exam.observations())
    upto = data.draw(st.integers(1, len(observations)))
    back = data.draw(st.integers(0, upto - 1))
    again = [*observations[:upto], *observations[back:upto], *observations[upto:]]
    assert packed(EVERY_KIND, again) == packed(EVERY_KIND, observations)


def packed(policy: Policy, observations: list[SessionObservation]) -> list[bytes]:
    """State and messages as bytes: what is not a number is equal to itself there."""
    state, messages = fold_all(policy, observations)
    assert state is not None
    return [encode_state(state), *(encode_message(one) for one in messages)]


@explored
@given(ANY, st.data())
def test_what_comes_after_a_later_look_of_its_detector_is_as_if_it_were_lost(
    exam: StagedExam, data: st.DataObject
) -> None:
    """Catches: `>` in the last case of `_is_new` (tried: `!=`)."""
    observations = list(exam.observations())
    pairs = [
        at for at, (one, other) in enumerate(pairwise(observations)) if type(one) is type(other) and hasattr(one, "seq")
    ]
    assume(pairs)
    at = data.draw(st.sampled_from(pairs))
    swapped = [*observations[:at], observations[at + 1], observations[at], *observations[at + 2 :]]
    assert packed(EVERY_KIND, swapped) == packed(EVERY_KIND, [*observations[:at], *observations[at + 1 :]])


@explored
@given(STEADY, st.integers(0, 2**32))
def test_which_detector_speaks_first_of_a_frame_does_not_matter(exam: StagedExam, seed: int) -> None:
    """Catches: steps taken from the session's clock instead of the detector's (tried: `clock_ms` in `observe`)."""
    observations = list(exam.observations())
    shuffled, toss = [*observations], random.Random(seed)
    for at, (one, other) in enumerate(pairwise(observations)):
        is_pair = type(one) is not type(other) and hasattr(one, "seq") and hasattr(other, "offset")
        is_together = is_pair and hasattr(one, "offset") and one.capture_ms == other.capture_ms  # type: ignore[union-attr]
        if is_together and toss.random() < 0.5:
            shuffled[at], shuffled[at + 1] = shuffled[at + 1], shuffled[at]
    before, after = (fold_all(EVERY_KIND, log)[1] for log in (observations, shuffled))
    assert explained(before) == explained(after)
    totals, again = ([one for one in verdict_of(log).rules if one.rule in OF_ONE] for log in (before, after))
    assert totals == again


def explained(messages: list[RiskMessage]) -> list[RiskClosed]:
    """The events of rules of one detector, apart from when they were known: where detectors meet, order counts."""
    closed = [one for one in messages if isinstance(one, RiskClosed) and one.rule in OF_ONE]
    return sorted((msgspec.structs.replace(one, ingested_ms=0) for one in closed), key=lambda one: one.event_id)


@explored
@given(ANY)
def test_a_fold_never_changes_the_state_it_is_given(exam: StagedExam) -> None:
    """Catches: `copy(state)` in `fold`, and anything that is changed within a part of it."""
    state: SessionState | None = None
    for observation in exam.observations():
        before = encode_state(state) if state else b""
        following, _ = fold(EVERY_KIND, state, observation)
        if state is not None:
            close_silent(EVERY_KIND, state)
            assert encode_state(state) == before
        state = following


@explored
@given(ANY)
def test_rules_that_are_not_run_would_have_said_nothing(exam: StagedExam) -> None:
    """Catches: a band that is too wide (tried: `_band` of a signed test without the negative side)."""
    eager = msgspec.structs.replace(EVERY_KIND, bands={stream: tuple(never_quiet(stream)) for stream in STREAMS})
    observations = list(exam.observations())
    assert packed(eager, observations) == packed(EVERY_KIND, observations)


def never_quiet(stream: Stream) -> Iterator[Band]:
    """Any known value wakes every rule of the stream."""
    places = tuple(rule.place for rule in EVERY_KIND.rules if stream in rule.streams)
    for slot in range(len(EVERY_KIND.object_slots if stream == "objects" else SLOTS[stream])):
        yield Band(slot, inf, -inf, places)


@explored
@given(whole_exams(st.lists(stutters(("normal", "dark", "missing")), min_size=3, max_size=5).map(joined)))
def test_the_state_stays_small(exam: StagedExam) -> None:
    """Catches: `REMEMBERED_STEPS`. (Spans and marks need hours: the session of twelve hours catches those.)"""
    state: SessionState | None = None
    for observation in exam.observations():
        state, _ = fold(EVERY_KIND, state, observation)
        assert lasting_bytes(state) < 2048


@explored
@given(ANY)
def test_the_same_log_gives_the_same_bytes(exam: StagedExam) -> None:
    """Catches: anything that is not a function of the log (a clock, an id, the order of a set)."""
    assert packed(EVERY_KIND, list(exam.observations())) == packed(EVERY_KIND, list(exam.observations()))


@settings(explored, max_examples=40)
@given(whole_exams(eventful() | stutters(("away", "missing")), calm_s=(1.0, 0.0)), st.sampled_from([4_000, 60_000]))
@example(RESTLESS, 4_000)
@example(RESTLESS, 60_000)
def test_calibration_is_no_blind_spot(exam: StagedExam, calibration_ms: int) -> None:
    """What waited for the baseline gives the events of somebody whose baseline was known from the first look on.

    Catches: a look that does not wait, or is judged as if it came alone (tried: `again` without `unjudged`; steps that
    are not kept; the rules that wait run at once, too).
    """
    learning = _learning_policy()
    exam = replace(exam, announced=True, calibration_ms=calibration_ms)
    state, messages = fold_all(learning, exam.observations())
    assert state is not None
    assert state.baseline is not None, "every session ends with one"
    calibration = structs.replace(learning.spec.calibration, fallback=Fallback(*state.baseline.middle))
    knowing = plan(structs.replace(learning.spec, calibration=calibration))
    _, known = fold_all(knowing, replace(exam, calibration_ms=0).observations())
    assert _about_faces(learning, messages) == _about_faces(learning, known)


def _learning_policy() -> Policy:
    """Two tries and nobody's own spreads; one rule speaks of what is known at once and of what waits."""
    spec = EVERY_KIND.spec
    calibration = structs.replace(spec.calibration, spreads=0.0, extensions=1)
    away = spec.rules["away"]
    assert isinstance(away, HeldRule)
    either = structs.replace(away, when=(*away.when, Comparison(signal="face_count", at_least=2.0)))
    return plan(structs.replace(spec, calibration=calibration, rules={**spec.rules, "either": either}))


def _about_faces(policy: Policy, messages: Iterable[RiskMessage]) -> list[tuple[object, ...]]:
    """The events of the rules that wait for a baseline, by onset."""
    waiting = {rule.name for rule in policy.rules if rule.waits}
    events = (one for one in messages if isinstance(one, RiskClosed) and one.rule in waiting)
    return sorted((one.rule, one.start_ms, one.fired_ms, one.end_ms, one.signal, one.peak) for one in events)
