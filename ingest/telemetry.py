"""What every process tells about itself: `/metrics`, `/healthz` and JSON logs.

Metrics are declared beside the code that moves them, on the process's default registry, prefix `proctor_`, unit suffix,
bounded labels. Health is a set of named checks, each a function that returns why it is not well, or None.
"""

import logging
import sys
import time
from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from pythonjsonlogger.json import JsonFormatter

from ingest.errors import InputError

Check = Callable[[], str | None]

LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

ERRORS = Counter("proctor_errors_total", "Errors by stage and kind (transient, poison).", ["stage", "kind"])
DEAD_LETTERS = Counter("proctor_dead_letters_total", "Messages sent to dead-letters.", ["stage", "topic"])
STAGE_LATENCY = Histogram(
    "proctor_stage_latency_seconds",
    "From a frame's entry into the log to the named stage's result being acknowledged.",
    ["stage"],
    buckets=LATENCY_BUCKETS_S,
)
LIBRARIES = ("aiokafka", "urllib3", "faust", "mode", "aiohttp.access", "matplotlib", "clickhouse_connect", "kafka")
_LIBRARY_PREFIXES = tuple(f"{library}." for library in LIBRARIES)
MOST_MESSAGES = 1_000  # some libraries put names and numbers into their messages
STOP_S = 1.0


def now_ms() -> int:
    """The wall clock in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def configure_logging(stage: str, level: str = "INFO") -> None:
    """One JSON object a line on standard error; libraries from WARNING, each message at most once a second."""
    handler = logging.StreamHandler(sys.stderr)
    fields = "%(levelname)s %(name)s %(message)s"
    renamed, always = {"levelname": "level"}, {"stage": stage}
    handler.setFormatter(JsonFormatter(fields, rename_fields=renamed, static_fields=always, timestamp=True))
    handler.addFilter(OncePerSecond())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


class OncePerSecond(logging.Filter):
    """Clients log in a tight loop while a broker is away: lets a library's message pass once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not f"{record.name}.".startswith(_LIBRARY_PREFIXES):
            return True
        if len(self._passed) > MOST_MESSAGES:
            self._passed.clear()
        key = (record.name, str(record.msg))
        if record.created - self._passed.get(key, 0.0) < 1.0:
            return False
        self._passed[key] = record.created
        return True


def health_report(checks: Mapping[str, Check]) -> dict[str, str]:
    """Each check's name with "ok" or the reason why not."""
    return {name: check() or "ok" for name, check in checks.items()}


class TelemetryServer:
    """Serves `/metrics` and `/healthz` on one port of localhost (or all interfaces in a container)."""

    def __init__(
        self, port: int, checks: Mapping[str, Check], host: str = "127.0.0.1", registry: CollectorRegistry = REGISTRY
    ) -> None:
        self._host, self._port, self._checks, self._registry = host, port, checks, registry
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Serve; does nothing when the port is 0. Raises: InputError when somebody else has the port."""
        if not self._port:
            return
        app = web.Application()
        app.add_routes([web.get("/metrics", self._metrics), web.get("/healthz", self._healthz)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            mend = "Choose another with PROCTOR_METRICS_PORT, or 0 for none"
            raise InputError(f"port {self._port}", f"cannot be used: {error.strerror}", mend) from error

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _healthz(self, _: web.Request) -> web.Response:
        report = health_report(self._checks)
        return web.json_response(report, status=200 if set(report.values()) <= {"ok"} else 503)
