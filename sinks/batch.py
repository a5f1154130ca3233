"""What waits to be stored, when it is enough, and when there is too much poison to go on. Time is an argument."""

from collections import deque
from collections.abc import Sequence

from ingest.errors import PoisonError, ProctorError
from ingest.log import Record, TopicPartition
from ingest.topics import OBSERVATIONS
from sinks.observation_rows import observation_rows
from sinks.risk_rows import risk_row
from sinks.rows import TABLE_OF, Row

ENOUGH_ROWS = 10_000  # ClickHouse wants inserts of 10,000-100,000 rows, or one a second
ENOUGH_MS = 1_000
FULL_ROWS = 20_000  # about 30 MB; read no further while the batch before is still being stored

POISON_WINDOW = 200
POISON_SHARE = 0.5


class TooMuchPoisonError(ProctorError):
    """Most of the latest messages are unreadable: a wrong topic or a bad deploy, not a few bad messages."""


def rows_of(record: Record) -> Sequence[Row]:
    """The rows of a record of any topic that is stored.

    Raises: PoisonError.
    """
    return observation_rows(record) if record.topic == OBSERVATIONS else (risk_row(record),)


class Batch:
    """Rows by table, the records given up, and the offsets to commit once all of it is stored."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.poison: list[tuple[Record, str]] = []
        self.next_offsets: dict[TopicPartition, int] = {}
        self.count = 0
        self.oldest_ms: int | None = None
        self._since_ms: int | None = None

    def add(self, record: Record, now_ms: int) -> bool:
        """Take a record; False when it was poison."""
        self._since_ms = now_ms if self._since_ms is None else self._since_ms
        self.oldest_ms = record.timestamp_ms if self.oldest_ms is None else min(self.oldest_ms, record.timestamp_ms)
        self.next_offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1
        try:
            rows = rows_of(record)
        except PoisonError as error:
            self.poison.append((record, str(error)))
            return False
        for row in rows:
            self.rows.setdefault(TABLE_OF[type(row)].name, []).append(row)
        self.count += len(rows)
        return True

    def due(self, now_ms: int) -> bool:
        """Whether it should be stored now."""
        return self._since_ms is not None and (self.count >= ENOUGH_ROWS or now_ms - self._since_ms >= ENOUGH_MS)

    @property
    def full(self) -> bool:
        """Whether nothing more should be read for it."""
        return self.count >= FULL_ROWS


class PoisonLimit:
    """Watches the last POISON_WINDOW messages: a few bad ones are passed by, a flood of them stops the process."""

    def __init__(self, window: int = POISON_WINDOW, share: float = POISON_SHARE) -> None:
        self._latest: deque[bool] = deque(maxlen=window)
        self._most = int(window * share)
        self._bad = 0

    def note(self, good: bool) -> None:
        """Count one message.

        Raises: TooMuchPoisonError when more than the share of a whole window is bad.
        """
        if len(self._latest) == self._latest.maxlen:
            self._bad -= not self._latest[0]
        self._latest.append(good)
        self._bad += not good
        if self._bad > self._most:
            raise TooMuchPoisonError(
                f"{self._bad} of the last {len(self._latest)} messages are unreadable: nothing was committed. "
                "Check that the program fits the topics (PROCTOR_TOPIC_PREFIX), then start it again"
            )
