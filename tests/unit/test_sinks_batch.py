"""When a batch is enough, what is committed after it, and when there is too much poison."""

from dataclasses import replace

import pytest

from ingest.log import Record, TopicPartition
from sinks.batch import ENOUGH_MS, ENOUGH_ROWS, FULL_ROWS, Batch, PoisonLimit, TooMuchPoisonError
from tests.sample_exam import SampleExam, as_records, records

BIG = as_records(SampleExam(), bundle=300)[0]


def test_an_empty_batch_is_never_due() -> None:
    assert not Batch().due(10**15)


def test_a_batch_is_due_a_second_after_its_first_record() -> None:
    batch = Batch()
    for at_ms, record in zip((5_000, 5_900), as_records(SampleExam()), strict=False):
        batch.add(record, at_ms)
    assert [batch.due(5_000 + ENOUGH_MS - 1), batch.due(5_000 + ENOUGH_MS)] == [False, True]


def test_a_batch_with_enough_rows_is_due_at_once_and_full_later() -> None:
    batch, offset = Batch(), 0
    while batch.count < ENOUGH_ROWS:
        assert not batch.due(0)
        batch.add(_big_record(offset), 0)
        offset += 1
    assert batch.due(0)
    assert not batch.full
    while batch.count < FULL_ROWS:
        assert not batch.full
        batch.add(_big_record(offset), 0)
        offset += 1
    assert batch.full


def test_ticks_alone_are_committed() -> None:
    batch = Batch()
    assert batch.add(Record("observations", 2, 41, None, b"\x91\x82\xa4type\xa6tick/1\xa5at_ms\x01", (), 9), 0)
    assert batch.count == 0
    assert batch.due(ENOUGH_MS)
    assert batch.next_offsets == {TopicPartition("observations", 2): 42}


def test_rows_by_table_offsets_and_age() -> None:
    batch = Batch()
    whole = as_records(SampleExam(), first_offset=10)
    for record in whole:
        assert batch.add(record, 0)
    sizes = {table: len(rows) for table, rows in batch.rows.items()}
    assert sizes == {
        "observations": 294, "sessions": 2, "calibrations": 1, "timeline": 90, "risk_events": 9, "verdicts": 1,
    }  # fmt: skip
    assert batch.count == sum(sizes.values())
    last = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in whole}
    assert batch.next_offsets == last
    assert batch.oldest_ms == min(r.timestamp_ms for r in whole)


def test_poison_is_kept_with_its_reason_and_passed() -> None:
    batch = Batch()
    (bad,) = records("observations", [b"garbage"], first_offset=6)
    assert not batch.add(bad, 0)
    ((record, reason),) = batch.poison
    assert record is bad
    assert "unreadable" in reason
    assert batch.next_offsets == {TopicPartition("observations", bad.partition): 7}


@pytest.mark.parametrize("good", [0, 50, 99])
def test_more_bad_messages_than_half_a_window_stop(good: int) -> None:
    limit = PoisonLimit()
    for _ in range(good):
        limit.note(True)
    for _ in range(100):
        limit.note(False)
    with pytest.raises(TooMuchPoisonError, match="101 of the last"):
        limit.note(False)


def test_half_of_the_messages_may_be_bad_for_ever() -> None:
    limit = PoisonLimit()
    for i in range(2_000):
        limit.note(i % 2 == 0)


def test_old_poison_is_forgotten() -> None:
    limit = PoisonLimit()
    for _ in range(20):
        for bad in (True, False):
            for _ in range(100):
                limit.note(not bad)


def _big_record(offset: int) -> Record:
    return replace(BIG, offset=offset)
