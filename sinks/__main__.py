"""`python -m sinks`: the process that writes rows. Settings: `sinks.settings`. Exit status 0 when told to stop."""

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack

from clickhouse_connect.driver import options
from pydantic import ValidationError

from ingest.errors import InputError, ProctorError, TransientError
from ingest.kafka_log import KafkaReader, KafkaWriter
from ingest.telemetry import TelemetryServer, configure_logging
from ingest.topics import OBSERVATIONS, RISK_EVENTS, SHADOW_EVENTS
from sinks.batch import ENOUGH_MS
from sinks.health import Probe, ask_broker
from sinks.patience import Patience
from sinks.settings import SinksSettings
from sinks.store import Store, over_http
from sinks.writer import RowWriter

GROUP = "sinks"
log = logging.getLogger("sinks")


def main() -> int:
    """0: told to stop. 1: cannot go on. 2: wrong settings."""
    try:
        settings = SinksSettings()
        store = Store(over_http(settings.clickhouse), settings.database)
    except (ValidationError, InputError) as error:
        print(f"python -m sinks: wrong settings: {_one_line(error)}", file=sys.stderr)
        return 2
    configure_logging("sinks", settings.log_level)
    vars(options).setdefault("pd", None)  # as without pandas: its import at the first insert takes seconds and 60 MB
    try:
        asyncio.run(serve(settings, store))
    except ProctorError as error:
        log.error("cannot go on", extra={"reason": str(error)})  # noqa: TRY400  (an error of ours says all in its text)
        return 1
    return 0


async def serve(settings: SinksSettings, store: Store) -> None:
    """Write rows until a signal comes."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    topics = (OBSERVATIONS, RISK_EVENTS, SHADOW_EVENTS)
    reader = KafkaReader(
        settings.kafka,
        GROUP,
        *topics,
        member=settings.member,
        prefix=settings.topic_prefix,
        gather_ms=ENOUGH_MS // 2,
    )
    letters = KafkaWriter(settings.kafka, prefix=settings.topic_prefix)
    writer = RowWriter(reader, letters, store, stop)
    async with AsyncExitStack() as closing:
        closing.callback(store.close)
        try:
            await _tell(settings, store, writer, closing)
            await _start(store, reader, letters, stop, closing)
            await writer.run()
        except TransientError as error:
            log.warning("stopped while waiting", extra={"reason": str(error)})


async def _tell(settings: SinksSettings, store: Store, writer: RowWriter, closing: AsyncExitStack) -> None:
    """Serve metrics and health, and ask the outside systems for the latter."""
    broker = Probe("the broker", lambda: ask_broker(settings.kafka))
    clickhouse = Probe("ClickHouse", lambda: asyncio.to_thread(store.ping))
    checks = {
        "broker": broker.trouble,
        "clickhouse": clickhouse.trouble,
        "partitions": writer.unassigned,
        "rows": writer.trouble,
    }
    telemetry = TelemetryServer(settings.metrics_port, checks, settings.metrics_host)
    try:
        await telemetry.start()
    except OSError as error:
        mend = "Set PROCTOR_METRICS_PORT to a free port"
        raise InputError(f"port {settings.metrics_port}", str(error), mend) from error
    closing.push_async_callback(telemetry.stop)
    for probe in (broker, clickhouse):
        closing.callback(asyncio.create_task(probe.run()).cancel)


async def _start(
    store: Store, reader: KafkaReader, letters: KafkaWriter, stop: asyncio.Event, closing: AsyncExitStack
) -> None:
    """Wait for ClickHouse and the broker, in the order in which they are needed."""
    patience = Patience(stop)
    await patience.until_done(lambda: asyncio.to_thread(store.migrate))
    closing.push_async_callback(letters.stop)
    await patience.until_done(letters.start)
    closing.push_async_callback(reader.stop)
    await patience.until_done(reader.start)
    log.info("writing rows", extra={"database": store.database})


def _one_line(error: ValidationError | InputError) -> str:
    if isinstance(error, InputError):
        return str(error)
    return "; ".join(f"PROCTOR_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())


if __name__ == "__main__":
    sys.exit(main())
