"""Properties of the fold over staged exams of any kind. Each names the lines whose deletion it catches; all tried."""

from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.messages import encode_message
from scoring.messages import RiskClosed, RiskMessage, RiskOpened, ScoreSample
from scoring.policy import Policy, parse_terms
from scoring.session import close_silent, decode_state, encode_state
from tests.staged_exam import FOUR_RULES, Behaviour, Run, StagedExam, fold_all, samples_of, verdict_of

POLICY = FOUR_RULES
PATIENT = parse_terms(POLICY.document.replace('"cooldown_ms":3000', '"cooldown_ms":9000'))
BEHAVIOURS: tuple[Behaviour, ...] = (
    "normal", "absent", "two", "away", "aside", "closed", "bowed", "phone", "faint_phone", "dark", "covered", "missing",
)  # fmt: skip
CULPRITS: tuple[Behaviour, ...] = ("absent", "two", "away", "aside", "phone")
SHOWN_BY = {
    "no_face": ("absent",),
    "multiple_faces": ("two",),
    "looking_away": ("away", "aside", "bowed"),
    "phone": ("phone", "faint_phone"),
}
BRIEF, LONG = st.integers(1, 7), st.integers(8, 90)


def runs_of(behaviours: tuple[Behaviour, ...]) -> st.SearchStrategy[list[Run]]:
    """Anything after anything."""
    run = st.builds(lambda kind, tenths: Run(kind, tenths / 10), st.sampled_from(behaviours), BRIEF | LONG)
    return st.lists(run, min_size=1, max_size=7)


@st.composite
def stutters(draw: st.DrawFn, between: tuple[Behaviour, ...]) -> list[Run]:
    """One thing again and again with pauses around every rule's gap, hold and cooldown."""
    culprit, pause = draw(st.sampled_from(CULPRITS)), draw(st.sampled_from(between))
    tenths = draw(st.lists(st.tuples(BRIEF | LONG, BRIEF | st.integers(8, 30)), min_size=2, max_size=12))
    return [run for shown, paused in tenths for run in (Run(culprit, shown / 10), Run(pause, paused / 10))]


def exams(
    runs: st.SearchStrategy[list[Run]], calm_s: tuple[float, ...] = (9.0, 9.0, 0.0)
) -> st.SearchStrategy[StagedExam]:
    """A session at some rate; most begin with a calibration that can succeed."""
    return st.builds(
        lambda calm_s, runs, **how: StagedExam([Run("normal", calm_s), *runs], **how),
        st.sampled_from(calm_s),
        runs,
        fps=st.sampled_from([2.0, 4.0, 7.0, 10.0]),
        objects_every=st.integers(0, 3),
        announced=st.booleans(),
    )


# Calibrated on calm seconds: who looks aside for most of a calibration has that as the baseline, and is away when not.
SEEN_THROUGHOUT = exams(stutters(("normal", "dark")), calm_s=(9.0,))
ANY = exams(runs_of(BEHAVIOURS) | stutters(("normal", "dark", "missing")))
INNOCENT = exams(runs_of(("normal", "closed", "dark", "covered", "missing", "faint_phone")))

explored = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@explored
@given(ANY, st.data())
def test_cut_anywhere_and_resumed_is_whole(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: whatever is kept outside of the state or lost on the way (tried: `encode_state` without `risk`)."""
    observations = list(exam.observations())
    cut = data.draw(st.integers(1, len(observations)))
    state, first = fold_all(POLICY, observations[:cut])
    assert state is not None
    resumed, second = fold_all(POLICY, observations[cut:], decode_state(encode_state(state)))
    assert (resumed, first + second) == fold_all(POLICY, observations)


@explored
@given(ANY, st.data())
def test_a_redelivered_suffix_changes_nothing(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: `not _is_new(state, observation)` in `fold`."""
    observations = list(exam.observations())
    upto = data.draw(st.integers(1, len(observations)))
    back = data.draw(st.integers(0, upto - 1))
    again = [*observations[:upto], *observations[back:upto], *observations[upto:]]
    assert fold_all(POLICY, again) == fold_all(POLICY, observations)


@explored
@given(ANY, st.data())
def test_silence_anywhere_leaves_order_and_totals(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: `revision + 1` in `_reopened`; `samples=last` in `sample_until` (a second told twice)."""
    observations = list(exam.observations())
    cut = data.draw(st.integers(1, len(observations) - 1))
    state, first = fold_all(POLICY, observations[:cut])
    assert state is not None
    state, second = close_silent(POLICY, state)
    _, third = fold_all(POLICY, observations[cut:], state)
    messages = [*first, *second, *third]
    assert verdict_of(messages).revision == 2
    check_intervals(messages)
    check_totals(messages)
    seconds = [sample.at_ms for sample in samples_of(messages)]
    assert seconds == sorted(set(seconds))


@explored
@given(ANY)
def test_intervals_are_long_enough_and_never_overlap(exam: StagedExam) -> None:
    """Catches: `held_ms < hold_ms` in `_fires`, and under a longer cooldown `cooldown_ms` there."""
    check_intervals(fold_all(POLICY, exam.observations())[1])
    check_intervals(fold_all(PATIENT, exam.observations())[1], PATIENT)


@explored
@given(SEEN_THROUGHOUT)
def test_an_interval_holds_no_pause_that_should_have_ended_it(exam: StagedExam) -> None:
    """Catches: `if over` in `advance`."""
    for event in fold_all(POLICY, exam.observations())[1]:
        if isinstance(event, RiskClosed):
            step_ms = 1000 / exam.fps * (exam.objects_every if event.rule == "phone" else 1)
            clear_ms = next(rule.clear_ms for rule in POLICY.rules if rule.name == event.rule)
            patience_ms = max(clear_ms, 2.5 * step_ms)
            assert longest_pause_ms(exam, event) <= patience_ms + 2


def longest_pause_ms(exam: StagedExam, event: RiskClosed) -> int:
    """The longest time within an event without a look that shows it."""
    kinds, every = SHOWN_BY[event.rule], exam.objects_every if event.rule == "phone" else 1
    looks = [seq for seq, kind in enumerate(exam.behaviours) if kind in kinds and seq % every == 0]
    times = [exam.time_ms(seq) for seq in looks]
    return max((b - a for a, b in pairwise(times) if event.start_ms <= a < b <= event.end_ms), default=0)


def check_intervals(messages: list[RiskMessage], policy: Policy = POLICY) -> None:
    for rule in policy.rules:
        spans = [
            (one.start_ms, one.end_ms, one.fired_ms)
            for one in messages
            if isinstance(one, RiskClosed) and one.rule == rule.name
        ]
        for start_ms, end_ms, fired_ms in spans:
            assert start_ms + rule.hold_ms <= fired_ms <= end_ms
        for before, after in pairwise(spans):
            assert before[1] < after[0]
            assert before[1] + rule.rule.cooldown_ms <= after[2]


@explored
@given(ANY)
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
@given(ANY)
def test_risk_stays_within_its_bounds(exam: StagedExam) -> None:
    """Catches: `max(0, ...)` in `temporary_at`, and the fading there."""
    messages = fold_all(POLICY, exam.observations())[1]
    samples, verdict = samples_of(messages), verdict_of(messages)
    given_points = sum(one.points for one in messages if isinstance(one, RiskOpened) and not one.permanent)
    check_fading(messages)
    for before, after in pairwise(samples):
        assert after.permanent >= before.permanent
        assert after.at_ms - before.at_ms == 1000
    assert all(0.0 <= sample.temporary <= min(given_points, verdict.temporary_peak) for sample in samples)
    assert 0.0 <= verdict.confidence < 1.0
    assert 0.0 <= verdict.integrity <= 100.0


def check_fading(messages: list[RiskMessage]) -> None:
    """From sample to sample temporary risk falls by a point or to nothing; while an event is open it stands still."""
    opened, before = 0, None
    for message in messages:
        if isinstance(message, RiskOpened | RiskClosed):
            opened, before = opened + (1 if isinstance(message, RiskOpened) else -1), None
        elif isinstance(message, ScoreSample):
            if before is not None:
                falls = 0.0 if opened else min(1.0, before.temporary)
                assert abs(before.temporary - falls - message.temporary) < 1e-6
            before = message


@explored
@given(INNOCENT)
def test_without_evidence_there_are_no_points(exam: StagedExam) -> None:
    """Catches: `is_clear` in `count_faces`; `closed` in `face_signals`."""
    messages = fold_all(POLICY, exam.observations())[1]
    verdict = verdict_of(messages)
    assert not any(isinstance(message, RiskOpened) for message in messages)
    assert (verdict.confidence, verdict.integrity, verdict.temporary_peak, verdict.permanent) == (0.0, 100.0, 0.0, 0.0)


@explored
@given(st.sampled_from(("absent", "two", "away", "aside")), st.integers(1, 40), st.integers(1, 4), st.integers(1, 40))
def test_unseen_time_never_counts_as_held(culprit: Behaviour, before: int, missing: int, after: int) -> None:
    """Catches: `else usual_ms` in `seen_ms`. At 10 frames/s n looks hold for (n - 1) / 10 s."""
    shown = [Run(culprit, before / 10), Run("missing", missing / 10), Run(culprit, after / 10)]
    messages = fold_all(POLICY, StagedExam([Run("normal", 9), *shown, Run("normal", 3)]).observations())[1]
    hold_ms = 3000 if culprit in SHOWN_BY["looking_away"] else 2000
    assert any(isinstance(message, RiskOpened) for message in messages) == ((before + after - 1) * 100 >= hold_ms)


@explored
@given(ANY)
def test_the_same_log_gives_the_same_bytes(exam: StagedExam) -> None:
    """Catches: anything that is not a function of the log (a clock, an id, the order of a set)."""
    first, second = (fold_all(POLICY, exam.observations())[1] for _ in range(2))
    assert [encode_message(one) for one in first] == [encode_message(one) for one in second]
