"""What leaves a partition: risk messages, notices and dead letters; who saves a position awaits their arrival first."""

import asyncio
from collections.abc import Iterable, Sequence

from ingest.dead_letters import send_dead_letter
from ingest.log import Acknowledgement, Record, Writer
from ingest.messages import Notice, encode_message
from ingest.telemetry import STAGE_LATENCY, now_ms
from ingest.topics import NOTICES, RISK_EVENTS
from scoring.messages import RiskMessage
from scoring.worker.metrics import NOTICES_SENT, count_message
from scoring.worker.pauses import PauseGuard

STAGE, SHADOW = "scoring", "shadow"
MOST_ON_THE_WAY = (
    256  # records of one partition whose messages are on their way; more: the broker is slower than we are
)
LATENCY = STAGE_LATENCY.labels(STAGE)

Arrivals = Sequence["asyncio.Task[None]"]


class Outbox:
    """Sends the messages of one partition and knows which have not arrived."""

    def __init__(self, writer: Writer, partition: int, pauses: PauseGuard, topic: str = RISK_EVENTS) -> None:
        self._writer, self._partition, self._pauses, self._topic = writer, partition, pauses, topic
        self._on_the_way: list[asyncio.Task[None]] = []

    async def publish(self, messages: Sequence[RiskMessage], notices: Sequence[Notice] = ()) -> None:
        """Send what one record gave, keyed by session; waits while too much is on its way.

        Raises: TransientError when the broker did not take something.
        """
        if not messages and not notices:
            return
        self._pauses.check()
        for notice in notices:
            told = await self._tell(notice)
            self._on_the_way.append(asyncio.create_task(_arrival(told, ())))
        for message in messages:
            sent = await self._send(message)
        if messages:
            self._on_the_way.append(asyncio.create_task(_arrival(sent, [message.ingested_ms for message in messages])))
        if len(self._on_the_way) > MOST_ON_THE_WAY:
            await asyncio.gather(*self.take())

    async def give_up(self, record: Record, reason: str) -> None:
        """Send a dead letter for `record`."""
        self._pauses.check()
        stage = STAGE if self._topic == RISK_EVENTS else SHADOW
        sent = await send_dead_letter(self._writer, stage, record, reason)
        self._on_the_way.append(asyncio.create_task(_arrival(sent, ())))

    def take(self) -> Arrivals:
        """What was sent since the last call; when all of it is done, it has arrived."""
        taken, self._on_the_way = self._on_the_way, []
        return taken

    async def _send(self, message: RiskMessage) -> Acknowledgement:
        count_message(message)
        return await self._writer.send(
            self._topic, self._partition, encode_message(message), key=message.session.encode()
        )

    async def _tell(self, notice: Notice) -> Acknowledgement:
        """Perishable, and yet waited for: who is not told hears nothing more of it."""
        NOTICES_SENT.labels(notice.notice).inc()
        return await self._writer.send(NOTICES, self._partition, encode_message(notice), key=notice.session.encode())


async def _arrival(last: Acknowledgement, ingested_ms: Iterable[int]) -> None:
    """A writer keeps the order of a partition: when the last message of a record has arrived, all have."""
    await last
    at_ms = now_ms()
    for one_ms in ingested_ms:
        LATENCY.observe((at_ms - one_ms) / 1000)
