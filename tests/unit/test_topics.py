"""The table of topics. Without these, sessions would be spread over partitions or frames kept for ever."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.topics import (
    AUDIO,
    CHECKPOINTS,
    DEAD_LETTERS,
    FRAMES,
    MINUTE_MS,
    NOTICES,
    OBSERVATIONS,
    PARTITIONS,
    REFERENCES,
    RISK_EVENTS,
    SHADOW_EVENTS,
    TOPICS,
    partition_of,
    topic_name,
)


def test_each_topic_stands_once_in_the_table() -> None:
    streams = [FRAMES, AUDIO, OBSERVATIONS, RISK_EVENTS, SHADOW_EVENTS, NOTICES, DEAD_LETTERS]
    assert [t.name for t in TOPICS] == [*streams, CHECKPOINTS, REFERENCES]


@pytest.mark.parametrize("name", [FRAMES, AUDIO, NOTICES])
def test_perishable_topics_are_stamped_by_the_broker_and_kept_for_minutes(name: str) -> None:
    (topic,) = [t for t in TOPICS if t.name == name]
    assert topic.settings["message.timestamp.type"] == "LogAppendTime"
    assert topic.retention_ms <= 5 * MINUTE_MS
    assert topic.segment_ms <= MINUTE_MS


def test_derived_data_is_kept_for_a_day_at_least() -> None:
    kept = {t.name: t.retention_ms for t in TOPICS if t.name not in (FRAMES, AUDIO, NOTICES, CHECKPOINTS)}
    assert min(kept.values()) >= 24 * 60 * MINUTE_MS


def test_of_checkpoints_the_latest_of_each_key_is_kept_for_ever() -> None:
    (topic,) = [t for t in TOPICS if t.name == CHECKPOINTS]
    assert topic.settings["cleanup.policy"] == "compact"
    assert topic.settings["retention.ms"] == "-1"


def test_of_references_the_latest_of_each_key_is_kept_for_a_day() -> None:
    """A face's reference goes with its session; one whose session never ends goes all the same."""
    (topic,) = [t for t in TOPICS if t.name == REFERENCES]
    assert topic.settings["cleanup.policy"] == "compact,delete"
    assert topic.settings["retention.ms"] == str(24 * 60 * MINUTE_MS)
    assert topic.settings["message.timestamp.type"] == "LogAppendTime"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_partition_is_stable_and_in_range(session: str) -> None:
    assert 0 <= partition_of(session) < PARTITIONS
    assert partition_of(session) == partition_of(session)


def test_partition_never_changes_for_a_published_session() -> None:
    assert [partition_of(s) for s in ("s-1", "s-2", "exam", "Prüfung")] == [6, 4, 6, 4]


def test_sessions_spread_evenly() -> None:
    spread = Counter(partition_of(f"session-{n}") for n in range(8_000))
    assert len(spread) == PARTITIONS
    assert max(spread.values()) < 1.2 * 1_000


def test_prefix_sets_pipelines_apart() -> None:
    assert topic_name(FRAMES, "blue-") == "blue-frames"
    assert topic_name(FRAMES) == "frames"
