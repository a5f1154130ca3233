"""A partition is a fold of its log: in whatever pieces, with whatever repetitions, and past any poison."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from ingest.errors import PoisonError
from ingest.log import Record
from ingest.messages import SessionStarted, encode_bundle
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.fold.session import SessionState, fold
from scoring.messages import Observation, RiskMessage, ScoreSample, Tick, Verdict, decode_bundle
from scoring.rulebook.policy import load_policy, parse_terms
from scoring.worker.checkpoint import POSITION, SESSION, View, entries
from tests.exam_runs import bundles, exam

START_MS = 1_700_000_000_000
SILENCE_MS = parse_terms("").silence_ms
SHORT = Retention(finished_ms=60_000)


def record(offset: int, value: bytes, log_ms: int = START_MS) -> Record:
    return Record("observations", 0, offset, None, value, (), log_ms)


def tick(offset: int, log_ms: int) -> Record:
    return record(offset, encode_bundle([Tick(at_ms=log_ms)]), log_ms)


def exam_log(session: str = "a", seed: int = 1, frames: int = 60) -> list[bytes]:
    return list(bundles(exam(session, seed, frames, START_MS, START_MS), random.Random(seed)))


def fold_all(partition: Partition, log: Iterable[bytes]) -> list[RiskMessage]:
    messages: list[RiskMessage] = []
    for value in log:
        messages += partition.fold(record(partition.next_offset, value)).messages
    return messages


def plain_fold(log: Iterable[bytes]) -> list[RiskMessage]:
    """What the fold alone says of one session's log."""
    state: SessionState | None = None
    messages: list[RiskMessage] = []
    for value in log:
        for observation in decode_bundle(value):
            assert not isinstance(observation, Tick)
            state, new = fold(parse_terms(""), state, observation)
            messages += new
    return messages


def restored(partition: Partition) -> Partition:
    """The partition as another worker finds it in the changelog."""
    view = View()
    for key, value in entries(partition.take_changes(), partition.next_offset):
        view.apply(key, value)
    assert view.position is not None
    return view.partition(SHORT, view.position)


def test_one_session_gives_what_the_fold_gives() -> None:
    log = exam_log()
    messages = fold_all(Partition(SHORT, 0), log)
    assert messages == plain_fold(log)
    assert isinstance(messages[-1], Verdict)
    assert len(messages) > 10


def test_sessions_of_one_partition_do_not_touch_each_other() -> None:
    logs = [exam_log(name, seed) for seed, name in enumerate("abc")]
    mixed = [value for step in zip(*logs, strict=False) for value in step]
    partition = Partition(SHORT, 0)
    messages = fold_all(partition, mixed)
    for name, log in zip("abc", logs, strict=True):
        whole = plain_fold(log[: min(map(len, logs))])
        assert [m for m in messages if m.session == name] == whole


@pytest.mark.parametrize("cut", [1, 5, 9])
def test_a_partition_goes_on_from_its_checkpoint_as_if_nothing_had_happened(cut: int) -> None:
    log = exam_log()
    first = Partition(SHORT, 0)
    before = fold_all(first, log[:cut])
    assert before + fold_all(restored(first), log[cut:]) == plain_fold(log)


def test_a_state_saved_after_the_position_skips_what_it_contains() -> None:
    log = exam_log()
    ahead = Partition(SHORT, 0)
    said = fold_all(ahead, log)
    behind = Partition(SHORT, 3, ahead.sessions, ahead.policies)
    assert fold_all(behind, log[3:]) == []
    assert behind.sessions == ahead.sessions
    assert said


def test_a_repeated_suffix_says_nothing_and_changes_nothing() -> None:
    log = exam_log(frames=40)[:-1]
    partition = Partition(SHORT, 0)
    fold_all(partition, log)
    partition.take_changes()
    assert fold_all(partition, log[-4:]) == []
    assert not partition.take_changes().sessions


@pytest.mark.parametrize(
    "poison",
    [
        b"garbage",
        b"",
        encode_bundle([])[:0] + b"\x91\x81\xa4type\xa9unknown/9",
        encode_bundle([*exam("a", 1, 4, START_MS, 0), SessionStarted(session="b", capture_ms=1, policy="{")]),
    ],
    ids=["bytes", "empty", "unknown kind", "bad policy behind good observations"],
)
def test_poison_leaves_no_trace_but_the_offset(poison: bytes) -> None:
    log = exam_log()
    partition = Partition(SHORT, 0)
    before = fold_all(partition, log[:2])
    held, policies = dict(partition.sessions), dict(partition.policies)
    with pytest.raises(PoisonError):
        partition.fold(record(2, poison))
    assert (partition.sessions, partition.policies, partition.next_offset) == (held, policies, 3)
    assert before + fold_all(partition, log[2:]) == plain_fold(log)


def test_a_failed_bundle_never_changed_a_state_in_place() -> None:
    log = exam_log()
    partition, twin = Partition(SHORT, 0), Partition(SHORT, 0)
    fold_all(partition, log[:3])
    fold_all(twin, log[:3])
    with pytest.raises(PoisonError):
        partition.fold(
            record(3, encode_bundle([*decode_bundle(log[3]), SessionStarted(session="b", capture_ms=1, policy="{")]))
        )
    assert partition.sessions == twin.sessions


def test_a_session_keeps_the_policy_it_started_with(tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text('name = "strict"\nextends = "default"\nsilence_ms = 60000\n')
    strict = load_policy(str(tmp_path / "strict.toml"))
    partition = Partition(SHORT, 0)
    started = SessionStarted(session="a", capture_ms=START_MS, policy=strict.document)
    partition.fold(record(0, encode_bundle([started])))
    partition.fold(record(1, encode_bundle([SessionStarted(session="a", capture_ms=START_MS)])))
    again = restored(partition)
    assert again.sessions["a"].policy == strict.digest
    assert again.policies == {strict.digest: strict}


def test_ticks_close_only_what_was_silent_for_long_enough_by_log_time() -> None:
    partition = Partition(SHORT, 0)
    partition.fold(record(0, encode_bundle([SessionStarted(session="a", capture_ms=START_MS)])))
    assert partition.fold(tick(1, START_MS + SILENCE_MS - 1)).messages == ()
    closed = partition.fold(tick(2, START_MS + SILENCE_MS)).messages
    assert [m.closed_by for m in closed if isinstance(m, Verdict)] == ["silence"]
    assert partition.live == 0
    assert partition.fold(tick(3, START_MS + SILENCE_MS + 1000)).messages == ()


def test_a_session_closed_by_silence_opens_again() -> None:
    log = exam_log()
    partition = Partition(SHORT, 0)
    fold_all(partition, log[:3])
    partition.fold(tick(3, START_MS + SILENCE_MS))
    late = fold_all(partition, log[3:])
    assert [m.revision for m in late if isinstance(m, Verdict)] == [2]


def test_an_observation_in_the_same_record_is_a_sign_of_life() -> None:
    log = exam_log()
    partition = Partition(SHORT, 0)
    fold_all(partition, log[:3])
    both: list[Observation] = [*decode_bundle(log[3]), Tick(at_ms=START_MS + SILENCE_MS)]
    folded = partition.fold(record(3, encode_bundle(both), START_MS + SILENCE_MS))
    assert not [m for m in folded.messages if isinstance(m, Verdict)]


def test_a_finished_session_is_fenced_for_a_while_and_then_forgotten() -> None:
    log = exam_log()
    partition = Partition(SHORT, 0)
    fold_all(partition, log)
    end = len(log)
    partition.fold(tick(end, START_MS + SHORT.finished_ms - 1))
    assert fold_all(partition, log[-1:]) == []
    partition.take_changes()
    partition.fold(tick(end + 2, START_MS + SHORT.finished_ms))
    assert not partition.sessions
    assert not partition.policies
    forgotten = dict(entries(partition.take_changes(), partition.next_offset))
    assert forgotten[SESSION + b"a"] is None
    assert forgotten[b"policy/" + parse_terms("").digest.encode()] is None


def test_a_session_that_never_ends_is_closed_even_when_its_policy_waits_for_ever() -> None:
    patient = Retention(finished_ms=60_000, silence_ms=10_000)
    partition = Partition(patient, 0)
    partition.fold(record(0, encode_bundle([SessionStarted(session="a", capture_ms=START_MS)])))
    closed = partition.fold(tick(1, START_MS + 10_000)).messages
    assert [type(m) for m in closed if isinstance(m, Verdict)] == [Verdict]
    partition.fold(tick(2, START_MS + 70_000))
    assert not partition.sessions


def test_a_hole_in_the_offsets_is_a_defect_not_poison() -> None:
    partition = Partition(SHORT, 0)
    with pytest.raises(AssertionError, match="offset 5 delivered instead of 0"):
        partition.fold(record(5, exam_log()[0]))


def test_the_position_is_the_last_entry_of_a_checkpoint() -> None:
    partition = Partition(SHORT, 0)
    fold_all(partition, exam_log()[:3])
    keys = [key for key, _ in entries(partition.take_changes(), partition.next_offset)]
    assert keys[-1] == POSITION
    assert keys.count(POSITION) == 1


def test_an_older_state_in_the_changelog_never_wins() -> None:
    log = exam_log()
    slow, fast = Partition(SHORT, 0), Partition(SHORT, 0)
    fold_all(slow, log[:3])
    fold_all(fast, log[:6])
    view = View()
    for partition in (fast, slow):  # the slow worker's checkpoint comes in late
        for key, value in entries(partition.take_changes(), partition.next_offset):
            view.apply(key, value)
    assert view.position == 6
    assert view.sessions == fast.sessions


def test_a_changelog_of_another_layout_is_refused() -> None:
    with pytest.raises(PoisonError, match="changelog"):
        View().apply(POSITION, b"\xc1")


def test_score_samples_appear_once_a_second() -> None:
    samples = [m for m in fold_all(Partition(SHORT, 0), exam_log()) if isinstance(m, ScoreSample)]
    assert len({m.at_ms for m in samples}) == len(samples) > 20
