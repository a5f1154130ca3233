"""One partition in the hands of this worker: fold, publish, and every few seconds a checkpoint.

The order that loses nothing: messages sent and acknowledged, then changed states and position in one transaction, then
the commit that lag monitors read. A crash anywhere repeats the same messages with the same identities.
"""

import asyncio
import logging
import time

from ingest.errors import PoisonError
from ingest.log import Record
from scoring.fold.partition import Partition
from scoring.worker.changelog import Changelog
from scoring.worker.checkpoint import entries
from scoring.worker.metrics import BUNDLE_SIZE, CHECKPOINT_RECORDS, CHECKPOINT_SECONDS, OBSERVATIONS
from scoring.worker.outbox import Outbox

log = logging.getLogger(__name__)


class OwnedPartition:
    """A partition from its assignment (`generation` of the consumer group) until its revocation."""

    def __init__(self, partition: Partition, outbox: Outbox, changelog: Changelog, generation: int) -> None:
        self.partition, self._outbox, self._changelog = partition, outbox, changelog
        self.generation = generation
        self.saved_offset = partition.next_offset
        self.is_revoked = False
        self._folding, self._saving = asyncio.Lock(), asyncio.Lock()

    async def take(self, record: Record) -> bool:
        """Fold one record and send what follows from it; whether it was poison.

        Raises: TransientError when the broker did not take something.
        """
        async with self._folding:
            try:
                folded = self.partition.fold(record)
            except PoisonError as error:
                await self._outbox.give_up(record, str(error))
                return True
            OBSERVATIONS.inc(folded.observations)
            BUNDLE_SIZE.observe(folded.observations)
            if folded.given_up:
                log.error("nothing is left to judge of these sessions", extra={"sessions": folded.given_up})
            await self._outbox.publish(folded.messages, folded.notices)
            return False

    async def checkpoint(self) -> None:
        """Save everything folded so far; folding goes on meanwhile. Nothing is folded: nothing is written.

        Nor while sessions of another version are folded again: until then that version's checkpoint is the true one.

        Raises: FencedError, TransientError; the changes are lost then, and only a restart from the log is right.
        """
        async with self._saving:
            async with self._folding:
                next_offset = self.partition.next_offset
                if next_offset == self.saved_offset or self.partition.is_behind:
                    return
                changes, sent = self.partition.take_changes(), self._outbox.take()
            started = time.perf_counter()
            await asyncio.gather(*sent)
            records = list(entries(changes, next_offset))
            await self._changelog.write(records)
            self.saved_offset = next_offset
            CHECKPOINT_SECONDS.observe(time.perf_counter() - started)
            CHECKPOINT_RECORDS.inc(len(records))

    async def release(self) -> None:
        """Let the partition go; what is on its way still goes."""
        self.is_revoked = True
        await self._changelog.close()
