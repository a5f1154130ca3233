"""Events and scores over drawn exams: no overlap, sums, bounds. Beside each property what it catches; all tried."""

from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.fold.session import close_silent
from scoring.messages import RiskClosed, RiskMessage, RiskOpened, ScoreSample, SessionObservation
from scoring.rulebook.policy import Policy, parse_terms
from tests.exams_drawn import (
    ALL,
    INNOCENT,
    PLAIN,
    allowances,
    clock_jumps,
    eventful,
    lagging,
    plain_exams,
    runs_of,
    stutters,
    whole_exams,
)
from tests.staged_exam import (
    EVERY_KIND,
    FOUR_RULES,
    Behaviour,
    Run,
    StagedExam,
    fold_all,
    samples_of,
    verdict_of,
)
from tests.staged_policy import accommodating

PATIENT = parse_terms(FOUR_RULES.document.replace('"cooldown_ms":3000', '"cooldown_ms":9000'))
SHOWN_BY = {
    "no_face": ("absent",),
    "multiple_faces": ("two",),
    "looking_away": ("away", "aside", "bowed"),
    "phone": ("phone", "faint_phone"),
}
# Calibrated on calm seconds: who looks aside for most of a calibration has that as the baseline, and is away when not.
SEEN_THROUGHOUT = plain_exams(stutters(("normal", "dark"), ("absent", "two", "away", "aside", "phone")), calm_s=(9.0,))
CAMERA = plain_exams(runs_of(PLAIN) | stutters(("normal", "dark", "missing"), ("absent", "two", "away", "phone")))
ANY = whole_exams(eventful() | runs_of(ALL) | stutters(("normal", "dark", "missing")), jumps=clock_jumps())
LAGGING = st.builds(
    lagging, whole_exams(eventful() | stutters(("normal", "missing"), ("phone", "talking"))), st.integers(1, 60)
)

explored = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@explored
@given(ANY, st.data())
def test_silence_anywhere_leaves_order_and_totals(exam: StagedExam, data: st.DataObject) -> None:
    """Catches: `revision + 1` in `fold`; `state.samples = last` in `sample_until` (a second told twice)."""
    observations = list(exam.observations())
    cut = data.draw(st.integers(1, len(observations) - 1))
    state, first = fold_all(EVERY_KIND, observations[:cut])
    assert state is not None
    state, second = close_silent(EVERY_KIND, state)
    _, third = fold_all(EVERY_KIND, observations[cut:], state)
    messages = [*first, *second, *third]
    assert verdict_of(messages).revision == 2
    check_intervals(messages, EVERY_KIND)
    check_totals(messages)
    seconds = [sample.at_ms for sample in samples_of(messages)]
    assert seconds == sorted(set(seconds))


@explored
@given(CAMERA)
def test_intervals_are_long_enough_and_never_overlap(exam: StagedExam) -> None:
    """Catches: `held_ms < hold_ms` in `_fires`, and under a longer cooldown `cooldown_ms` there."""
    check_intervals(fold_all(FOUR_RULES, exam.observations())[1], FOUR_RULES)
    check_intervals(fold_all(PATIENT, exam.observations())[1], PATIENT)


@explored
@given(ANY)
def test_intervals_of_every_kind_are_long_enough_and_never_overlap(exam: StagedExam) -> None:
    """Catches: `is_before` in `_onset`."""
    check_intervals(fold_all(EVERY_KIND, exam.observations())[1], EVERY_KIND)


def check_intervals(messages: list[RiskMessage], policy: Policy) -> None:
    for rule in policy.rules:
        mine = [one for one in messages if isinstance(one, RiskClosed) and one.rule == rule.name]
        for one in mine:
            assert one.start_ms + rule.hold_ms <= one.fired_ms <= one.end_ms
            assert one.start_ms <= one.peak_frame.capture_ms <= one.end_ms
            assert one.held_ms >= rule.hold_ms
        for before, after in pairwise(mine):
            assert before.end_ms < after.start_ms
            assert before.end_ms + rule.rule.cooldown_ms <= after.fired_ms


@explored
@given(LAGGING)
def test_a_detector_that_lags_behind_the_others_makes_no_event_run_backwards(log: list[SessionObservation]) -> None:
    """Catches: the oldest mark as an event's beginning (tried: the newest one in `_combination`)."""
    messages = fold_all(EVERY_KIND, log)[1]
    check_intervals(messages, EVERY_KIND)
    check_totals(messages)


@explored
@given(SEEN_THROUGHOUT)
def test_an_interval_holds_no_pause_that_should_have_ended_it(exam: StagedExam) -> None:
    """Catches: `is_over` in `advance`."""
    for event in fold_all(FOUR_RULES, exam.observations())[1]:
        if isinstance(event, RiskClosed):
            step_ms = 1000 / exam.fps * (exam.objects_every if event.rule == "phone" else 1)
            clear_ms = next(rule.clear_ms for rule in FOUR_RULES.rules if rule.name == event.rule)
            assert longest_pause_ms(exam, event) <= max(clear_ms, 2.5 * step_ms) + 2


def longest_pause_ms(exam: StagedExam, event: RiskClosed) -> int:
    """The longest time within an event without a look that shows it."""
    kinds, every = SHOWN_BY[event.rule], exam.objects_every if event.rule == "phone" else 1
    looks = [seq for seq, kind in enumerate(exam.behaviours) if kind in kinds and seq % every == 0]
    times = [exam.time_ms(seq) for seq in looks]
    return max((b - a for a, b in pairwise(times) if event.start_ms <= a < b <= event.end_ms), default=0)


@explored
@given(ANY, allowances(EVERY_KIND))
def test_totals_are_sums(exam: StagedExam, allowed: tuple[object, ...]) -> None:
    """Catches: `duration_ms` in `remember`; `history.events + 1` in `begin`; the closing in `_conclude`."""
    check_totals(fold_all(EVERY_KIND, exam.observations())[1])
    check_totals(fold_all(accommodating(EVERY_KIND, *allowed), exam.observations())[1])  # type: ignore[arg-type]


def check_totals(messages: list[RiskMessage]) -> None:
    closed = [one for one in messages if isinstance(one, RiskClosed) and not one.suppressed]
    opened = [message for message in messages if isinstance(message, RiskOpened)]
    assert Counter(one.event_id for one in opened) == Counter(one.event_id for one in closed)
    assert max(Counter(one.event_id for one in closed).values(), default=1) == 1
    verdict = verdict_of(messages)
    for total in verdict.rules:
        mine = [one for one in closed if one.rule == total.rule]
        assert total.events == len(mine)
        assert total.duration_ms == sum(one.end_ms - one.start_ms for one in mine)
        assert total.points == sum(one.points for one in mine)
        assert total.suppressed == sum(
            isinstance(one, RiskClosed) and one.rule == total.rule for one in messages
        ) - len(mine)
        assert 0.0 <= total.coverage <= 1.0
    assert verdict.permanent == sum(one.points for one in closed if one.permanent)
    assert sum(verdict.alerts.values()) == len(closed)


@explored
@given(ANY)
def test_risk_stays_within_its_bounds(exam: StagedExam) -> None:
    """Catches: `max(0, ...)` in `temporary_at`."""
    messages = fold_all(EVERY_KIND, exam.observations())[1]
    samples, verdict = samples_of(messages), verdict_of(messages)
    for before, after in pairwise(samples):
        assert after.permanent >= before.permanent
        assert after.at_ms > before.at_ms
    assert all(0.0 <= sample.temporary <= verdict.temporary_peak for sample in samples)
    assert all(0.0 <= sample.attention <= 100.0 for sample in samples if sample.attention is not None)
    assert 0.0 <= verdict.confidence < 1.0
    assert 0.0 <= verdict.integrity <= 100.0
    assert all(0.0 <= one.confidence <= 1.0 for one in messages if isinstance(one, RiskClosed))


@explored
@given(CAMERA)
def test_risk_fades_by_a_point_a_second_while_nothing_is_wrong(exam: StagedExam) -> None:
    """Catches: `is_open` in `temporary_at`, and the fading there."""
    opened, before = 0, None
    for message in fold_all(FOUR_RULES, exam.observations())[1]:
        if isinstance(message, RiskOpened | RiskClosed):
            opened, before = opened + (1 if isinstance(message, RiskOpened) else -1), None
        elif isinstance(message, ScoreSample):
            if before is not None:
                falls = 0.0 if opened else min(1.0, before.temporary)
                assert abs(before.temporary - falls - message.temporary) < 1e-6
            before = message


@explored
@given(plain_exams(runs_of(INNOCENT, 4)), whole_exams(runs_of(INNOCENT, 4)))
def test_without_evidence_there_are_no_points(plain: StagedExam, whole: StagedExam) -> None:
    """Catches: `is_clear` in `count_faces`; closed eyes in `face_values`; `isfinite` in `measures_of`."""
    for policy, exam in ((FOUR_RULES, plain), (EVERY_KIND, whole)):
        messages = fold_all(policy, exam.observations())[1]
        verdict = verdict_of(messages)
        assert not [one.rule for one in messages if isinstance(one, RiskOpened) and one.points]
        assert (verdict.confidence, verdict.integrity) == (0.0, 100.0)
        assert (verdict.temporary_peak, verdict.permanent) == (0.0, 0.0)


@explored
@given(st.sampled_from(("absent", "two", "away", "aside")), st.integers(1, 40), st.integers(1, 4), st.integers(1, 40))
def test_unseen_time_never_counts_as_held(culprit: Behaviour, before: int, missing: int, after: int) -> None:
    """Catches: `else usual_ms` in `seen_ms`. At 10 frames/s n looks hold for (n - 1) / 10 s."""
    shown = [Run(culprit, before / 10), Run("missing", missing / 10), Run(culprit, after / 10)]
    messages = fold_all(FOUR_RULES, StagedExam([Run("normal", 9), *shown, Run("normal", 3)]).observations())[1]
    hold_ms = 3000 if culprit in SHOWN_BY["looking_away"] else 2000
    assert any(isinstance(message, RiskOpened) for message in messages) == ((before + after - 1) * 100 >= hold_ms)


@settings(explored, max_examples=60)
@given(ANY, allowances(EVERY_KIND))
def test_an_accommodation_only_removes(exam: StagedExam, allowed: tuple[object, ...]) -> None:
    """Catches: whatever finds or names events otherwise (tried: `policy.key` in `_begin`).

    The same events are found; fewer of them count; without the accommodations the score is the one without.
    """
    plain = fold_all(EVERY_KIND, exam.observations())[1]
    spared = fold_all(accommodating(EVERY_KIND, *allowed), exam.observations())[1]  # type: ignore[arg-type]
    bare, mild = verdict_of(plain), verdict_of(spared)
    found, kept = ({one.event_id: one for one in log if isinstance(one, RiskClosed)} for log in (plain, spared))
    assert {name: (one.start_ms, one.end_ms) for name, one in found.items()} == {
        name: (one.start_ms, one.end_ms) for name, one in kept.items()
    }
    assert all(kept[name].points <= one.points for name, one in found.items() if not kept[name].suppressed)
    assert mild.integrity >= bare.integrity
    assert mild.confidence <= bare.confidence
    assert mild.permanent <= bare.permanent
    assert mild.temporary_peak <= bare.temporary_peak
    assert all(count <= bare.alerts[label] for label, count in mild.alerts.items())
    assert mild.without is not None
    assert (mild.without.confidence, mild.without.integrity) == (bare.confidence, bare.integrity)
