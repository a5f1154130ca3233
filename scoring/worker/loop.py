"""One worker: the application, and what runs beside it."""

import asyncio
from functools import partial

import faust
from mode import Service

from ingest.kafka_log import KafkaWriter
from ingest.telemetry import TelemetryServer
from scoring.settings import ScoringSettings
from scoring.worker.app import build_app, mark_saved
from scoring.worker.host import Host
from scoring.worker.pauses import PauseGuard
from scoring.worker.ticks import tick_forever
from scoring.worker.watch import Watch


class Support(Service):
    """What runs beside the application: starts before it, stops after it."""

    def __init__(self, settings: ScoringSettings) -> None:
        super().__init__()
        self._settings = settings
        self._writer = KafkaWriter(settings.kafka, prefix=settings.topic_prefix)
        self._pauses = PauseGuard(settings.session_timeout_s)
        self._host = Host(settings, self._writer, self._pauses)
        self.app = build_app(settings, self._host)
        self._watch = Watch(settings, self.app, self._host)
        self._telemetry = TelemetryServer(settings.metrics_port, self._watch.checks(), settings.metrics_host)

    async def on_start(self) -> None:
        """Called by mode."""
        await self._writer.start()
        await self._telemetry.start()
        saved = partial(mark_saved, self.app, self._settings)
        self.add_future(self._pauses.beat_forever())
        if self._settings.shadow is None:  # time is told by those that count
            self.add_future(tick_forever(self._writer, self._pauses, self._host.with_sessions))
        self.add_future(self._host.checkpoint_forever(saved))
        self.add_future(self._watch.watch_forever())

    async def on_stop(self) -> None:
        """Called by mode."""
        await self._writer.stop()
        await self._telemetry.stop()


def run_worker(settings: ScoringSettings, loop: asyncio.AbstractEventLoop) -> None:
    """Run until SIGTERM or SIGINT, then exit the process."""
    support = Support(settings)
    worker = faust.Worker(
        support.app, support, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False, loglevel="WARN"
    )
    worker.spinner = None
    worker.execute_from_commandline()
