"""Reads what is to be kept, stores their rows, then commits: a batch that was stored and not committed is stored again.

While one batch is being stored the next one fills; when that is full too, reading pauses (and keeps the membership
alive) until the store catches up. Nothing is committed before its rows are durable and its dead letters acknowledged.
"""

import asyncio
import time
from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

from ingest.dead_letters import send_dead_letter
from ingest.log import Reader, Record, Writer
from ingest.telemetry import LATENCY_BUCKETS_S, STAGE_LATENCY, now_ms
from sinks.batch import Batch, PoisonLimit
from sinks.patience import Patience
from sinks.rows import Row, SessionRow
from sinks.store import Store

READ_MS = 200
READ_RECORDS = 500  # a bundle holds up to about 64 observations, so a read adds at most 32,000 rows
STUCK_MS = 60_000

ROWS = Counter("proctor_sinks_rows_total", "Rows stored.", ["table"])
RECORDS = Counter("proctor_sinks_records_total", "Records read.", ["topic"])
BATCH_ROWS = Histogram(
    "proctor_sinks_batch_rows", "Rows in a batch.", buckets=(1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000)
)
INSERT_LATENCY = Histogram(
    "proctor_sinks_insert_seconds", "One insert, until the server has stored it.", ["table"], buckets=LATENCY_BUCKETS_S
)
LAG = Gauge("proctor_sinks_lag_records", "Records not yet read.", ["topic"])
OLDEST_AGE = Gauge("proctor_sinks_oldest_unstored_age_seconds", "Age of the oldest record that is not stored yet.")
_LATENCY = STAGE_LATENCY.labels("sinks")


class RowWriter:
    """Moves the log into the store until it is told to stop."""

    def __init__(self, reader: Reader, letters: Writer, store: Store, stop: asyncio.Event) -> None:
        self._reader, self._letters, self._store, self._stop = reader, letters, store, stop
        self._reading, self._putting, self._limit = Patience(stop), Patience(stop), PoisonLimit()
        self._batch, self._storing = Batch(), Batch()
        self._task: asyncio.Task[None] | None = None
        self._held_back = self._running = False
        OLDEST_AGE.set_function(lambda: self.oldest_age_ms() / 1000)

    async def run(self) -> None:
        """Raises: TooMuchPoisonError or InputError when a person must mend something; TransientError when it was told
        to stop while something did not answer. What was not committed then is stored again by the next process.
        """
        self._running = True
        try:
            while not self._stop.is_set():
                await self._turn()
            await self._finish()
        finally:
            if self._task is not None:
                self._task.cancel()

    def oldest_age_ms(self) -> int:
        """How long ago the log took the oldest record that was read and is not stored yet; 0 when none waits."""
        waiting = [b.oldest_ms for b in (self._storing, self._batch) if b.oldest_ms is not None]
        return max(0, now_ms() - min(waiting)) if waiting else 0

    def unassigned(self) -> str | None:
        """Why nothing is read, for the health check."""
        return None if self._running and self._reader.assignment() else "no partitions are assigned"

    def trouble(self) -> str | None:
        """Why rows do not reach the store, for the health check."""
        if known := self._putting.trouble or self._reading.trouble:
            return known
        age_ms = self.oldest_age_ms()
        return f"rows have waited for {age_ms // 1000} s" if age_ms > STUCK_MS and self._task is None else None

    async def _turn(self) -> None:
        self._hold_back()
        for records in (await self._reading.until_done(lambda: self._reader.read(READ_MS, READ_RECORDS))).values():
            self._take(records)
        for topic, behind in _by_topic(self._reader).items():
            LAG.labels(topic).set(behind)
        self._store_when_due()

    def _hold_back(self) -> None:
        if self._batch.full:
            self._reader.pause(*self._reader.assignment())
        elif self._held_back:
            self._reader.resume(*self._reader.assignment())
        self._held_back = self._batch.full

    def _take(self, records: Sequence[Record]) -> None:
        RECORDS.labels(records[0].topic).inc(len(records))
        at_ms = now_ms()
        for record in records:
            self._limit.note(self._batch.add(record, at_ms))

    def _store_when_due(self) -> None:
        if self._task is not None and self._task.done():
            self._task.result()
            self._task = None
        if self._task is None and self._batch.due(now_ms()):
            self._task = asyncio.create_task(self._put(self._cut()))

    async def _finish(self) -> None:
        if self._task is not None:
            await self._task
        await self._put(self._cut())

    def _cut(self) -> Batch:
        """End the batch that fills; the next one begins."""
        self._storing, self._batch = self._batch, Batch()
        return self._storing

    async def _put(self, batch: Batch) -> None:
        for table, rows in batch.rows.items():
            await self._insert(table, rows)
        for record, reason in batch.poison:
            await self._putting.until_done(lambda r=record, why=reason: self._bury(r, why))  # type: ignore[misc]
        await self._putting.until_done(lambda: self._reader.commit(batch.next_offsets))
        BATCH_ROWS.observe(batch.count)
        self._storing = Batch()

    async def _insert(self, table: str, rows: Sequence[Row]) -> None:
        started = time.monotonic()
        await self._putting.until_done(lambda: asyncio.to_thread(self._store.insert, rows))
        INSERT_LATENCY.labels(table).observe(time.monotonic() - started)
        ROWS.labels(table).inc(len(rows))
        stored_ms = now_ms()
        for row in rows:
            if not isinstance(row, SessionRow) and row.ingested_ms > 0:
                _LATENCY.observe(max(0, stored_ms - row.ingested_ms) / 1000)

    async def _bury(self, record: Record, reason: str) -> None:
        await (await send_dead_letter(self._letters, "sinks", record, reason))


def _by_topic(reader: Reader) -> dict[str, int]:
    behind: dict[str, int] = {}
    for (topic, _), records in reader.lag().items():
        behind[topic] = behind.get(topic, 0) + records
    return behind
