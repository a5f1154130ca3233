"""Properties of the fold over staged exams of any kind. Each names the lines whose deletion it catches; all tried."""

from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.messages import encode_message
from scoring.messages import RiskClosed, RiskMessage, RiskOpened
from scoring.policy import load_policy
from scoring.session import close_silent, decode_state, encode_state
from tests.staged_exam import START_MS, Behaviour, Run, StagedExam, fold_all, samples_of, verdict_of

POLICY = load_policy("default")
BEHAVIOURS: tuple[Behaviour, ...] = (
    "normal", "absent", "two", "away", "aside", "closed", "bowed", "phone", "faint_phone", "dark", "covered", "missing",
)  # fmt: skip
INNOCENT: tuple[Behaviour, ...] = ("normal", "closed", "dark", "covered", "missing", "faint_phone")
TENTHS = st.integers(1, 90)


def exams(behaviours: tuple[Behaviour, ...] = BEHAVIOURS) -> st.SearchStrategy[StagedExam]:
    """Some runs of behaviour at some rate; most begin with a calibration that can succeed."""
    run = st.builds(lambda kind, tenths: Run(kind, tenths / 10), st.sampled_from(behaviours), TENTHS)
    runs = st.tuples(st.sampled_from([9.0, 0.0]), st.lists(run, min_size=1, max_size=7)).map(
        lambda drawn: [Run("normal", drawn[0]), *drawn[1]]
    )
    return st.builds(
        StagedExam,
        runs,
        fps=st.sampled_from([2.0, 4.0, 7.0, 10.0]),
        objects_every=st.integers(0, 3),
        announced=st.booleans(),
    )


explored = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@explored
@given(exams(), st.data())
def test_cut_anywhere_and_resumed_is_whole(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: any field left out of SessionState or of a part of it (tried: `held_ms` not carried by `_extend`)."""
    observations = list(exam.observations())
    cut = data.draw(st.integers(1, len(observations)))
    state, first = fold_all(POLICY, observations[:cut])
    assert state is not None
    resumed, second = fold_all(POLICY, observations[cut:], decode_state(encode_state(state)))
    assert (resumed, first + second) == fold_all(POLICY, observations)


@explored
@given(exams(), st.data())
def test_a_redelivered_suffix_changes_nothing(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: `not _is_new(state, observation)` in `fold`."""
    observations = list(exam.observations())
    upto = data.draw(st.integers(1, len(observations)))
    back = data.draw(st.integers(0, upto - 1))
    again = [*observations[:upto], *observations[back:upto], *observations[upto:]]
    assert fold_all(POLICY, again) == fold_all(POLICY, observations)


@explored
@given(exams(), st.data())
def test_silence_anywhere_leaves_order_and_totals(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: `_reopened` and `closed_by` (two verdicts of one revision), `samples` (a second told twice)."""
    observations = list(exam.observations())
    cut = data.draw(st.integers(1, len(observations) - 1))
    state, first = fold_all(POLICY, observations[:cut])
    assert state is not None
    state, second = close_silent(POLICY, state, START_MS)
    _, third = fold_all(POLICY, observations[cut:], state)
    messages = [*first, *second, *third]
    assert verdict_of(messages).revision == 2
    check_intervals(messages)
    check_totals(messages)


@explored
@given(exams())
def test_intervals_are_long_enough_and_never_overlap(exam: StagedExam) -> None:
    """Catches: `interval.held_ms < planned.rule.hold_ms` in `_fires`; the reset by `over` in `advance`."""
    check_intervals(fold_all(POLICY, exam.observations())[1])


def check_intervals(messages: list[RiskMessage]) -> None:
    for rule in POLICY.rules:
        spans = [
            (one.start_ms, one.end_ms, one.fired_ms)
            for one in messages
            if isinstance(one, RiskClosed) and one.rule == rule.name
        ]
        for start_ms, end_ms, fired_ms in spans:
            assert start_ms + rule.rule.hold_ms <= fired_ms <= end_ms
        for before, after in pairwise(spans):
            assert before[1] < after[0]
            assert before[1] + rule.rule.cooldown_ms <= after[2]


@explored
@given(exams())
def test_totals_are_sums(exam: StagedExam) -> None:
    """Catches: `duration_ms` in `_remember`; `state.events + fired` in `advance`; the closing in `_conclude`."""
    check_totals(fold_all(POLICY, exam.observations())[1])


def check_totals(messages: list[RiskMessage]) -> None:
    closed = [message for message in messages if isinstance(message, RiskClosed)]
    opened = [message for message in messages if isinstance(message, RiskOpened)]
    assert Counter(one.event_id for one in opened) == Counter(one.event_id for one in closed)
    assert max(Counter(one.event_id for one in closed).values(), default=1) == 1
    verdict = verdict_of(messages)
    for total in verdict.rules:
        mine = [one for one in closed if one.rule == total.rule]
        assert total.events == len(mine)
        assert total.duration_ms == sum(one.end_ms - one.start_ms for one in mine)
        assert total.points == sum(one.points for one in mine)
        assert 0.0 <= total.coverage <= 1.0
    assert verdict.permanent == sum(one.points for one in closed if one.permanent)


@explored
@given(exams())
def test_risk_stays_within_its_bounds(exam: StagedExam) -> None:
    """Catches: `max(0, ...)` in `temporary_at`; the fading there (temporary risk would never fall)."""
    messages = fold_all(POLICY, exam.observations())[1]
    samples, verdict = samples_of(messages), verdict_of(messages)
    given_points = sum(one.points for one in messages if isinstance(one, RiskOpened) and not one.permanent)
    for before, after in pairwise(samples):
        assert after.permanent >= before.permanent
        assert before.temporary - after.temporary <= 1.000001
        assert after.at_ms - before.at_ms == 1000
    assert all(0.0 <= sample.temporary <= min(given_points, verdict.temporary_peak) for sample in samples)
    assert 0.0 <= verdict.confidence < 1.0
    assert 0.0 <= verdict.integrity <= 100.0


@explored
@given(exams(INNOCENT))
def test_without_evidence_there_are_no_points(exam: StagedExam) -> None:
    """Catches: `is_clear` in `count_faces`; `closed` in `face_signals`; `step_ms > bridge_ms` in `is_over`."""
    messages = fold_all(POLICY, exam.observations())[1]
    verdict = verdict_of(messages)
    assert not any(isinstance(message, RiskOpened) for message in messages)
    assert (verdict.confidence, verdict.integrity, verdict.temporary_peak, verdict.permanent) == (0.0, 100.0, 0.0, 0.0)


@explored
@given(exams(("absent", "away", "two", "phone", "missing")))
def test_unseen_time_never_counts_as_held(exam: StagedExam) -> None:
    """Catches: `seen_ms` (the whole step counted instead): an event needs as many looks as its hold has steps."""
    messages = fold_all(POLICY, exam.observations())[1]
    step_ms = 1000 / exam.fps
    for event in (message for message in messages if isinstance(message, RiskClosed)):
        every = exam.objects_every if event.rule == "phone" else 1
        frames = [seq for seq, kind in enumerate(exam.behaviours) if kind != "missing" and seq % every == 0]
        looks = sum(event.start_ms < exam.time_ms(seq) <= event.fired_ms for seq in frames)
        assert looks * step_ms * every * 1.5 + 2 >= event.hold_ms


@explored
@given(exams())
def test_the_same_log_gives_the_same_bytes(exam: StagedExam) -> None:
    """Catches: anything that is not a function of the log (a clock, an id, the order of a set)."""
    first, second = (fold_all(POLICY, exam.observations())[1] for _ in range(2))
    assert [encode_message(one) for one in first] == [encode_message(one) for one in second]
