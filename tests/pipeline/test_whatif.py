"""The what-if query on the real ClickHouse endpoint: its events are those of the fold, event for event.

Tried: without its line for any of these the query fails here: the personal widening, latches, the second calibration,
closed eyes, a lost small face, a bad picture, only_if and trust, unknown looks that do not count, the usual step and
what of a longer one was seen, rounding as Python rounds, gaps, clearing, cooldown, the peak, the mouth's last look,
frames that come twice or late, the session's end.
"""

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from msgspec.structs import replace

from deploy.replaying.what_if import held_rule, question_of, try_of
from detectors.messages import Face
from ingest.errors import InputError
from scoring.messages import SessionObservation
from scoring.rulebook.policy import Policy, load_policy, plan
from scoring.rulebook.rule_document import Comparison, HeldRule
from sinks.store import Store, over_http
from sinks.whatif import Flagged, WhatIf, flagged, what_if
from tests.held_exams import FoundEvent, events_of, exam, exam_policy, fold_exam, under
from tests.held_exams import held_rule as generated_rule
from tests.staged_exam import START_MS, Run, StagedExam, face_like, face_observed, faces_of
from tests.stored_exams import Exams, put

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

EXAMS, RULES = 30, 6
POLICY = load_policy("default")


@pytest.fixture
def store(stack: "LocalStack") -> Iterator[Store]:
    """A migrated database of the test's own."""
    store = Store(over_http(stack.clickhouse), f"test_{uuid4().hex}")
    store.migrate()
    yield store
    store.command(f"DROP DATABASE {store.database}")
    store.close()


def answered(found: WhatIf) -> list[FoundEvent]:
    """What SQL found, as `events_of` tells what the fold found."""
    events: list[FoundEvent] = [
        (e.onset_seq, e.end_seq, e.peak_seq, e.start_ms, e.fired_ms, e.end_ms, e.signal, e.threshold, round(e.peak, 4))
        for e in found.events
    ]
    return [*events[:-1], (events[-1][0], events[-1][3], events[-1][4])] if found.open else events


def folded(policy: Policy, observations: Iterable[SessionObservation]) -> list[FoundEvent]:
    return events_of(fold_exam(policy, list(observations)))


@pytest.mark.parametrize("seed", [10, 12, 13, 35])
def test_sql_finds_the_events_of_the_fold(store: Store, seed: int) -> None:
    draw, found = Random(seed), 0
    policy = exam_policy(draw)
    exams = {name: exam(draw, name, policy) for name in (f"exam-{number}" for number in range(EXAMS))}
    put(store, policy, exams)
    for _ in range(RULES):
        rule = generated_rule(draw)
        asked = under(policy, rule, draw.choice((1.0, 1.5, 2.3, 2.5, 4.0)))
        answers = what_if(store, question_of(asked.spec, rule), [try_of(rule)])
        assert len(answers) >= EXAMS - 6, "an exam without any look has no row"
        for answer in answers:
            assert answer.covered
            assert answered(answer) == folded(asked, exams[answer.session]), (answer.session, rule)
            found += len(answer.events)
    assert found > EXAMS


EDGES: dict[str, Sequence[Run]] = {
    "calibrated-again": (Run("absent", 1.5), Run("missing", 1), Run("normal", 1), Run("away", 6)),
    "latched": (Run("normal", 3), Run("two", 2), Run("absent", 0.5), Run("normal", 6)),
}
LATCHING = HeldRule(
    says="Several faces, until there is none",
    points=1.0,
    cap=1.0,
    cooldown_ms=0,
    hold_ms=3000,
    gap_ms=1500,
    clear_ms=1500,
    when=(Comparison(signal="face_count", at_least=2.0, until=1.0), Comparison(signal="head_yaw", at_least=50.0)),
    only_if=(Comparison(signal="brightness", at_least=10.0),),
)


def edge_policy() -> Policy:
    """A short calibration with a second try."""
    calibration = replace(POLICY.spec.calibration, duration_ms=2000, min_frames=1, min_share=0.1, extensions=1)
    return plan(replace(POLICY.spec, calibration=calibration))


def edges(policy: Policy) -> dict[str, list[SessionObservation]]:
    """What chance seldom draws: a second calibration, a latch over an unknown look, a small face that is lost, a single
    one that may be a neck, a gap of exactly 2.5 steps of 335 ms as the fold rounds it."""
    document, small, lone = policy.document, (face_like(width_share=0.05),), faces_of("normal")
    steady = [number * 335 for number in range(30)]
    looks: dict[str, list[tuple[int, tuple[Face, ...]]]] = {
        "small": [(at, small if at < 3000 else ()) for at in range(0, 8000, 250)],
        "neck": [(at, lone if at < 2750 else small if at < 3000 else ()) for at in range(0, 8000, 250)],
        "rounded": [(at, lone if at < 8000 else ()) for at in (*steady, *(steady[-1] + 838 + at for at in steady))],
    }
    found = {
        name: list(StagedExam(runs, fps=4.0, session=name, policy=document).observations())
        for name, runs in EDGES.items()
    }
    for name, some in looks.items():
        start = StagedExam((), session=name, policy=document).started()
        faces = (face_observed(name, seq, START_MS + at, seen) for seq, (at, seen) in enumerate(some))
        found[name] = [start, *faces]
    return found


@pytest.mark.parametrize(
    ("session", "rule"),
    [
        ("calibrated-again", replace(POLICY.spec.rules["looking_away"], hold_ms=1000)),
        ("latched", LATCHING),
        ("small", POLICY.spec.rules["no_face"]),
        ("neck", POLICY.spec.rules["no_face"]),
        ("rounded", replace(POLICY.spec.rules["no_face"], hold_ms=300, gap_ms=0, clear_ms=0)),
    ],
)
def test_what_chance_seldom_draws(store: Store, session: str, rule: HeldRule) -> None:
    policy = edge_policy()
    exams = edges(policy)
    put(store, policy, {session: exams[session]})
    alone = under(policy, rule, 2.5)
    (answer,) = what_if(store, question_of(alone.spec, rule), [try_of(rule)])
    assert answered(answer) == folded(alone, exams[session])
    assert bool(answer.events) == (session != "small")


STAGED = StagedExam(
    [Run("normal", 10), Run("away", 5), Run("normal", 6), Run("phone", 8), Run("absent", 3), Run("away", 9)], fps=4.0
)


def staged(name: str, *runs: Run) -> list[SessionObservation]:
    return list(StagedExam(runs or STAGED.runs, fps=4.0, session=name).observations())


def test_several_tries_in_one_query_count_who_would_be_flagged(store: Store) -> None:
    exams: Exams = {
        "long": staged("long"),
        "short": staged("short", Run("normal", 10), Run("away", 4), Run("normal", 5)),
        "calm": staged("calm", Run("normal", 30)),
    }
    put(store, POLICY, exams)
    rule = held_rule(POLICY, "looking_away")
    holds = (3000, 4500, 20_000)
    tries = [try_of(replace(rule, hold_ms=hold_ms)) for hold_ms in holds]
    answers = what_if(store, question_of(POLICY.spec, rule), tries)
    assert {(one.session, one.number): len(one.events) for one in answers} == {
        ("long", 1): 2, ("long", 2): 2, ("long", 3): 0,
        ("short", 1): 1, ("short", 2): 0, ("short", 3): 0,
        ("calm", 1): 0, ("calm", 2): 0, ("calm", 3): 0,
    }  # fmt: skip
    for one in answers:
        asked = under(POLICY, replace(rule, hold_ms=holds[one.number - 1]), POLICY.spec.evidence.bridged_steps)
        assert answered(one) == folded(asked, exams[one.session])
    assert flagged(store, question_of(POLICY.spec, rule), tries) == [
        Flagged(1, 3, 3, 2, 3),
        Flagged(2, 3, 3, 1, 2),
        Flagged(3, 3, 3, 0, 0),
    ]
    assert [one.session for one in what_if(store, question_of(POLICY.spec, rule), tries[:1], ["short"])] == ["short"]


def test_every_rule_of_the_default_that_can_be_asked_is_answered(store: Store) -> None:
    exams: Exams = {"one": staged("one"), "two": list(exam(Random(3), "two", POLICY))}
    put(store, POLICY, exams)
    asked = 0
    for name, rule in POLICY.spec.rules.items():
        try:
            held = held_rule(POLICY, name)
        except InputError:
            continue
        alone = under(POLICY, held, POLICY.spec.evidence.bridged_steps)
        for answer in what_if(store, question_of(POLICY.spec, held), [try_of(held)]):
            assert answered(answer) == folded(alone, exams[answer.session]), name
        asked += isinstance(rule, HeldRule)
    assert asked >= 8


def test_what_it_does_not_cover_is_told(store: Store) -> None:
    ahead = [face_observed("jump", 0, START_MS, faces_of("normal")), face_observed("jump", 1, START_MS + 90_000, ())]
    put(store, POLICY, {"plain": staged("plain"), "jump": ahead, "young": staged("young")[:9]})
    rule = held_rule(POLICY, "no_face")
    answers = {one.session: one for one in what_if(store, question_of(POLICY.spec, rule), [try_of(rule)])}
    assert {name: one.covered for name, one in answers.items()} == {"plain": True, "jump": False, "young": False}
    assert {name: one.closed for name, one in answers.items()} == {"plain": True, "jump": False, "young": False}
    assert flagged(store, question_of(POLICY.spec, rule), [try_of(rule)]) == [Flagged(1, 3, 1, 1, 1)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nonsense", "no such rule"),
        ("peeking_left", "not of kind held"),
        ("identity_mismatch", "something else than single looks"),
    ],
)
def test_rules_that_sql_cannot_answer_are_refused(name: str, why: str) -> None:
    with pytest.raises(InputError, match="looking_away") as refused:
        held_rule(POLICY, name)
    assert why in str(refused.value)
