"""What another version of the fold has begun is folded again from its start, and nothing else is."""

import random
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from ingest.log import Record
from ingest.messages import SessionStarted, encode_bundle, encode_message
from scoring.fold.engine import ENGINE
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.messages import RiskMessage, Tick, Verdict
from scoring.rulebook.policy import load_policy, parse_terms
from scoring.worker.checkpoint import SESSION, Entry, SavedSession, View, entries
from tests.exam_runs import bundles, exam

START_MS = 1_700_000_000_000
KEPT = Retention(finished_ms=60_000)
OLDER = "0"


def alone(session: str, seed: int, frames: int = 40) -> list[bytes]:
    return list(bundles(exam(session, seed, frames, START_MS, START_MS), random.Random(seed)))


def in_turn(*logs: list[bytes]) -> list[bytes]:
    """One record of each, again and again."""
    longest = max(map(len, logs))
    return [log[place] for place in range(longest) for log in logs if place < len(log)]


def told(partition: Partition, log: list[bytes], until: int | None = None) -> list[RiskMessage]:
    """What the partition says of the log from where it stands."""
    said: list[RiskMessage] = []
    for offset in range(partition.next_offset, len(log) if until is None else until):
        said += partition.fold(record(offset, log[offset])).messages
    return said


def record(offset: int, value: bytes, log_ms: int = START_MS) -> Record:
    return Record("observations", 0, offset, None, value, (), log_ms)


def tick(log_ms: int) -> bytes:
    return encode_bundle([Tick(at_ms=log_ms)])


def saved_by(engine: str, saved: Iterable[Entry], sessions: str = "abcdef") -> Iterator[Entry]:
    """A checkpoint as another version would have written it: what it says of `sessions` nobody else can unpack."""
    for key, value in saved:
        if value is not None and key.startswith(SESSION) and key.removeprefix(SESSION).decode() in sessions:
            one = msgspec.msgpack.decode(value, type=SavedSession)
            value = msgspec.msgpack.encode(msgspec.structs.replace(one, engine=engine, state=b"of another layout"))
        yield key, value


def view_of(*checkpoints: Iterable[Entry]) -> View:
    view = View()
    for entry in (entry for checkpoint in checkpoints for entry in checkpoint):
        view.apply(*entry)
    return view


def of(messages: Iterable[RiskMessage], session: str) -> list[bytes]:
    return [encode_message(message) for message in messages if message.session == session]


def taken_over(log: list[bytes], at: int, sessions: str = "abcdef", log_start: int = 0) -> Partition:
    """The partition in the hands of this version, where the older one saved itself before record `at`."""
    before = Partition(KEPT, 0)
    told(before, log, at)
    view = view_of(saved_by(OLDER, entries(before.take_changes(), at), sessions))
    return view.partition(KEPT, at, log_start=log_start)


@pytest.mark.parametrize("at", [1, 4, 9, 14])
def test_what_was_under_way_is_told_again_from_its_start_as_if_this_version_had_always_been(at: int) -> None:
    log = in_turn(alone("a", 1), alone("b", 2), alone("c", 3))
    whole = told(Partition(KEPT, 0), log)
    partition = taken_over(log, at)
    assert partition.next_offset == 0
    assert partition.is_behind
    again = told(partition, log)
    assert not partition.is_behind
    assert again == whole
    assert [m.engine for m in again if isinstance(m, Verdict)] == [ENGINE] * 3


def test_sessions_of_this_version_go_on_and_say_nothing_twice() -> None:
    """Only `b` is the older version's: the others are fenced by what they hold."""
    log = in_turn(alone("a", 1), alone("b", 2), alone("c", 3))
    partition = taken_over(log, 9, sessions="b")
    assert partition.next_offset == 1
    before = Partition(KEPT, 0)
    said = told(before, log, 9)
    later = told(before, log)
    again = told(partition, log)
    assert of(again, "b") == of([*said, *later], "b")
    assert [of(again, one) for one in "ac"] == [of(later, one) for one in "ac"]


def test_what_the_older_version_ended_is_only_fenced() -> None:
    ended, under_way = alone("a", 1, frames=20), alone("b", 2)
    log = [under_way[0], *ended, *under_way[1:3], ended[-1], *under_way[3:]]
    partition = taken_over(log, len(ended) + 3)
    again = told(partition, log)
    assert of(again, "a") == []
    assert len(of(again, "b")) > 20
    assert partition.sessions["a"].state.closed
    told(partition, [*log, tick(START_MS)])
    assert partition.fold(record(len(log) + 1, tick(START_MS + 60_000), START_MS + 60_000)).messages == ()
    assert "a" not in partition.sessions


def test_what_was_forgotten_before_is_not_told_again_on_the_way() -> None:
    """Its records lie between those that are read again, and no fence is left of it."""
    gone, under_way = alone("a", 1, frames=20), alone("b", 2)
    log = [under_way[0], *gone, *under_way[1:]]
    before = Partition(KEPT, 0)
    told(before, log, len(gone) + 3)
    saved = [entry for entry in entries(before.take_changes(), len(gone) + 3) if entry[0] != SESSION + b"a"]
    partition = view_of(saved_by(OLDER, saved)).partition(KEPT, len(gone) + 3)
    again = told(partition, log)
    assert of(again, "a") == []
    assert of(again, "b") == of(told(Partition(KEPT, 0), log), "b")


def test_a_tick_is_told_again_to_what_is_folded_again_alone() -> None:
    """It closes by silence what it closed then; what this version holds has heard it."""
    patient = Retention(finished_ms=10**12, silence_ms=60_000)
    log = [*alone("a", 1)[:2], *alone("b", 2)[:2]]
    before = Partition(patient, 0)
    said = told(before, log)
    said += before.fold(record(4, tick(START_MS + 60_000), START_MS + 60_000)).messages
    view = view_of(saved_by(OLDER, entries(before.take_changes(), 5), "a"))
    partition = view.partition(patient, 5)
    again = told(partition, log)
    again += partition.fold(record(4, tick(START_MS + 60_000), START_MS + 60_000)).messages
    assert of(again, "a") == of(said, "a")
    assert of(again, "b") == []
    assert [m.closed_by for m in again if isinstance(m, Verdict)] == ["silence"]


def test_where_the_log_no_longer_reaches_back_the_verdict_comes_to_no_conclusion() -> None:
    log = in_turn(alone("a", 1), alone("b", 2))
    partition = taken_over(log, 9, log_start=3)
    assert partition.next_offset == 3
    verdicts = [m for m in told(partition, log) if isinstance(m, Verdict)]
    assert [m.risk_class for m in verdicts] == ["INCONCLUSIVE"] * 2
    assert [m.anomalies for m in verdicts] == [{"beginning_lost": 1}] * 2
    assert all("no longer held its beginning: no conclusion" in " ".join(m.reasons) for m in verdicts)
    assert not [m for m in told(Partition(KEPT, 0), log) if isinstance(m, Verdict) and "beginning_lost" in m.anomalies]


def test_a_session_without_its_beginning_keeps_the_policy_that_it_began_under() -> None:
    strict = load_policy("risk-engine")
    start = SessionStarted(session="a", capture_ms=START_MS, policy=strict.document)
    log = [encode_bundle([start]), *alone("a", 1)[1:]]
    partition = taken_over(log, 4, log_start=2)
    (verdict,) = [m for m in told(partition, log) if isinstance(m, Verdict)]
    assert verdict.policy == strict.digest != parse_terms("").digest
    assert verdict.risk_class == "INCONCLUSIVE"
    assert "the default policy was used" not in " ".join(verdict.reasons)


def test_a_version_that_did_not_say_where_a_session_began_is_believed_where_its_start_is_found() -> None:
    log = in_turn(alone("a", 1), alone("b", 2)[1:])
    before = Partition(KEPT, 0)
    told(before, log, 9)
    nameless = [
        (key, msgspec.msgpack.encode(msgspec.msgpack.decode(value)[:4]) if value and key.startswith(SESSION) else value)
        for key, value in entries(before.take_changes(), 9)
    ]
    partition = view_of(nameless).partition(KEPT, 9, log_start=0)
    whole = told(Partition(KEPT, 0), log)
    assert told(partition, log) == whole
    held_from = [b"garbage that retention took", *log]
    partition = view_of(nameless).partition(KEPT, 10, log_start=1)
    found = {m.session: m for m in told(partition, held_from) if isinstance(m, Verdict)}
    assert "beginning_lost" not in found["a"].anomalies
    assert found["b"].anomalies == {"beginning_lost": 1}


def test_of_what_nothing_is_left_it_is_said_once_when_nothing_can_come_any_more() -> None:
    log = alone("a", 1)
    partition = taken_over(log, 2, log_start=2)
    late = START_MS + KEPT.silence_ms
    assert partition.fold(record(2, tick(late - 1), late - 1)).given_up == ()
    assert partition.fold(record(3, tick(late), late)).given_up == ("a",)
    assert partition.fold(record(4, tick(late), late)).given_up == ()
    assert partition.take_changes().sessions == {"a": None}


def test_the_changelog_says_last_which_version_has_a_session() -> None:
    """A version that goes back to an earlier record, and one that took the partition back, win over what was there."""
    log = alone("a", 1)
    first = Partition(KEPT, 0)
    told(first, log, 6)
    older = list(saved_by(OLDER, entries(first.take_changes(), 6)))
    second = Partition(KEPT, 0)
    told(second, log, 4)
    own = list(entries(second.take_changes(), 4))
    view = view_of(older, own)
    assert (list(view.sessions), list(view.foreign), len(view.under_way)) == (["a"], [], 1)
    view = view_of(own, older)
    assert (list(view.sessions), list(view.foreign), len(view.under_way)) == ([], ["a"], 1)
    assert view.foreign["a"].engine == OLDER
    forgotten = list(view.forget())
    assert (SESSION + b"a", None) in forgotten
    assert not view.foreign
    assert not view_of(own, older, [(SESSION + b"a", None)]).under_way


def test_a_policy_of_another_version_need_not_be_readable() -> None:
    log = alone("a", 1)
    before = Partition(KEPT, 0)
    told(before, log, 4)
    saved = [(k, b"{}" if k.startswith(b"policy/") else v) for k, v in entries(before.take_changes(), 4)]
    partition = view_of(saved_by(OLDER, saved)).partition(KEPT, 4)
    assert told(partition, log) == told(Partition(KEPT, 0), log)


def test_the_fence_of_what_ended_needs_no_policy() -> None:
    """Neither a late repetition nor a tick asks for it."""
    log = alone("a", 1, frames=20)
    before = Partition(KEPT, 0)
    told(before, log)
    saved = [(k, b"{}" if k.startswith(b"policy/") else v) for k, v in entries(before.take_changes(), len(log))]
    partition = view_of(saved_by(OLDER, saved)).partition(KEPT, len(log))
    assert partition.next_offset == len(log)
    assert told(partition, [*log, log[-1], tick(START_MS)]) == []
