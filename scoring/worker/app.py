"""The Faust application: one agent over `observations`, delivered by the exact transport into the host."""

from collections.abc import Mapping
from typing import Any

import faust
from faust.types import TP, Message, StreamT

from ingest.log import Record
from ingest.topics import OBSERVATIONS, topic_name
from scoring.settings import ScoringSettings
from scoring.worker.host import Host
from scoring.worker.transport import Consumer, Transport

HEARTBEATS_PER_SESSION = 4
LONGEST_HEARTBEAT_S = 3.0
FETCH_BYTES = 4 << 20


def build_app(settings: ScoringSettings, host: Host) -> Any:
    """The application, ready for a worker; its settings are those that engineering has measured."""
    app = faust.App(
        settings.group,
        broker=f"kafka://{settings.kafka.replace(',', ';kafka://')}",
        store="memory://",
        datadir=str(settings.data / "faust"),
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        web_enabled=False,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=min(LONGEST_HEARTBEAT_S, settings.session_timeout_s / HEARTBEATS_PER_SESSION),
        broker_request_timeout=max(90.0, settings.session_timeout_s * 2),
        broker_commit_interval=1.0,
        consumer_group_instance_id=settings.member or None,
        consumer_max_fetch_size=FETCH_BYTES,
    )
    app.transport = transport = Transport(app.conf.broker_consumer, app)
    transport.starts = _starts(app, host)
    app.on_partitions_revoked.connect(_let_go(host), weak=False)
    app.on_before_shutdown.connect(_let_go(host), weak=False)
    _add_agent(app, settings, host)
    return app


def mark_saved(app: Any, settings: ScoringSettings, positions: Mapping[int, int]) -> None:
    """Commit `positions` soon, for lag monitors."""
    consumer: Consumer = app.consumer
    for number, offset in positions.items():
        consumer.mark_durable(TP(topic_name(OBSERVATIONS, settings.topic_prefix), number), offset)


def _add_agent(app: Any, settings: ScoringSettings, host: Host) -> None:
    source = app.topic(
        topic_name(OBSERVATIONS, settings.topic_prefix),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    @app.agent(source, name="fold")
    async def fold(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            await host.take(_record(event.message), event.message.generation_id)


def _starts(app: Any, host: Host) -> Any:
    async def starts(held: Mapping[TP, range]) -> dict[TP, int]:
        by_number = {tp.partition: offsets for tp, offsets in held.items()}
        taken = await host.take_over(by_number, app.consumer_generation_id)
        return {tp: taken[tp.partition] for tp in held}

    return starts


def _let_go(host: Host) -> Any:
    async def let_go(*_: object, **__: object) -> None:
        await host.let_go()

    return let_go


def _record(message: Message) -> Record:
    """Named as in the table of topics. Faust carries seconds; rounding gives back the exact millisecond."""
    return Record(
        topic=OBSERVATIONS,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value or b"",
        headers=(),
        timestamp_ms=round(message.timestamp * 1000),
    )
