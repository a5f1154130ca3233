"""What became of the saved positions, and how to go on where the log no longer holds one: `python -m scoring position`.

A position is lost when retention has taken the records behind it, or when the topic was made anew. Nobody but a person
can say what that means for the exams, so a worker stops there, and this says what is lost and writes the decision. It
does so as the partition's owner: a worker that still has the partition is fenced, ends itself and starts from what was
decided.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.errors import InputError
from ingest.kafka_client import start_client
from ingest.topics import OBSERVATIONS, PARTITIONS, topic_name
from scoring.fold.holdings import Changes
from scoring.settings import ScoringSettings
from scoring.worker.changelog import START_DEADLINE_S, Changelog, read_changelog
from scoring.worker.checkpoint import View, entries

GoOn = Literal["earliest", "latest"]
FIRST_RECORD_MS = 5_000  # to wait for one record that the log holds


@dataclass(frozen=True, slots=True)
class Standing:
    """One partition: what the log holds (`held`: its offsets, and the one to be written next) and what was saved.

    `first_ms` is the timestamp of the first record held, `folded_ms` the latest of a record folded into a session that
    has not ended; None: there is none. `live` counts those sessions.
    """

    number: int
    held: range
    view: View
    first_ms: int | None

    @property
    def live(self) -> int:
        return len(self.view.under_way)

    @property
    def folded_ms(self) -> int | None:
        return max((one.log_ms for one in self.view.under_way), default=None)

    @property
    def is_lost(self) -> bool:
        """Whether a worker would not know where to go on; where nothing was ever saved, it begins at the start."""
        return self.view.position is not None and self.view.position not in self.held

    @property
    def made_anew(self) -> bool:
        """Whether the log ends before the position: the same offsets are other records now."""
        return self.is_lost and (self.view.position or 0) >= self.held.stop

    def line(self) -> str:
        """For a person."""
        saved = "none" if self.view.position is None else str(self.view.position)
        where = f"partition {self.number}: log {self.held.start} to {self.held.stop - 1}, saved position {saved}"
        return f"{where}, {self.live} sessions under way: {self._judgement()}"

    def _judgement(self) -> str:
        position = self.held.start if self.view.position is None else self.view.position
        if not self.is_lost:
            return f"ok, {self.held.stop - 1 - position} records behind"
        if self.made_anew:
            return "LOST. The log ends before it: the topic was made anew, so the saved sessions cannot go on"
        gone = f"LOST. {self.held.start - position} records are gone"
        span = f", between {_clock(self.folded_ms)} and {_clock(self.first_ms)}" if self.folded_ms else ""
        return f"{gone}{span}: the sessions under way miss what was in them"


def _clock(at_ms: int | None) -> str:
    return "now" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


async def standings(settings: ScoringSettings) -> list[Standing]:
    """How each partition stands.

    Raises: TransientError when the broker does not answer; PoisonError when a checkpoint has another layout.
    """
    views = await read_changelog(settings.kafka, settings.changelog, range(PARTITIONS))
    held, first_ms = await _log(settings, PARTITIONS)
    return [Standing(number, held[number], view, first_ms.get(number)) for number, view in sorted(views.items())]


async def decide(settings: ScoringSettings, standing: Standing, go_on: GoOn) -> str:
    """Write that a lost partition goes on at the `earliest` record that the log holds, or after its `latest`.

    Sessions under way keep what they have when the log has only moved on, and are forgotten when it was made anew.

    Raises: InputError when the position is not lost; TransientError when the broker does not answer.
    """
    if not standing.is_lost:
        raise InputError(f"partition {standing.number}", "its position is not lost", "There is nothing to decide")
    start = standing.held.start if go_on == "earliest" else standing.held.stop - 1
    changelog = Changelog(settings.kafka, settings.changelog, standing.number, settings.group)
    await changelog.open()
    try:
        forgotten = list(standing.view.forget()) if standing.made_anew else []
        await changelog.write([*forgotten, *entries(Changes(), start)])
    finally:
        await changelog.close()
    skipped = start - standing.held.start
    return f"partition {standing.number}: goes on at {start}, the {go_on}; {skipped} records of the log are skipped"


def chosen(found: Iterable[Standing], number: int | None) -> list[Standing]:
    """The partitions to decide about: the named one, or all that are lost."""
    return [one for one in found if one.number == number or (number is None and one.is_lost)]


async def _log(settings: ScoringSettings, partitions: int) -> tuple[Mapping[int, range], Mapping[int, int]]:
    """Of each partition the offsets that the log holds, and when its first record was written."""
    topic = topic_name(OBSERVATIONS, settings.topic_prefix)
    tps = [TopicPartition(topic, number) for number in range(partitions)]
    reader = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await start_client(reader, settings.kafka, START_DEADLINE_S)
    try:
        earliest, end = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
        held = {tp.partition: range(earliest[tp], end[tp] + 1) for tp in tps}
        first = {tp.partition: await _first_ms(reader, tp, earliest[tp]) for tp in tps if end[tp] > earliest[tp]}
    finally:
        await reader.stop()
    return held, {number: at_ms for number, at_ms in first.items() if at_ms is not None}


async def _first_ms(reader: Any, tp: TopicPartition, offset: int) -> int | None:
    reader.assign([tp])
    reader.seek(tp, offset)
    records = await reader.getmany(tp, timeout_ms=FIRST_RECORD_MS, max_records=1)
    return next((record.timestamp for some in records.values() for record in some), None)
