"""The what-if query on the real ClickHouse endpoint: its events are those of the fold, event for event."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from msgspec.structs import replace

from deploy.replaying.what_if import held_rule, question_of, try_of
from ingest.errors import InputError
from scoring.messages import SessionObservation
from scoring.policy import Policy, load_policy
from scoring.rule_document import HeldRule
from sinks.store import Store, over_http
from sinks.whatif import Flagged, WhatIf, flagged, what_if
from tests.held_exams import FoundEvent, events_of, exam, exam_policy, fold_exam, under
from tests.held_exams import held_rule as generated_rule
from tests.staged_exam import START_MS, Run, StagedExam, face_observed, faces_of
from tests.stored_exams import Exams, put

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

EXAMS, RULES = 30, 6


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


@pytest.mark.parametrize("seed", [4, 5, 7])
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


STAGED = StagedExam(
    [Run("normal", 10), Run("away", 5), Run("normal", 6), Run("phone", 8), Run("absent", 3), Run("away", 9)], fps=4.0
)
POLICY = load_policy("default")


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
        ("identity_mismatch", "neither faces nor objects"),
    ],
)
def test_rules_that_sql_cannot_answer_are_refused(name: str, why: str) -> None:
    with pytest.raises(InputError, match="looking_away") as refused:
        held_rule(POLICY, name)
    assert why in str(refused.value)
