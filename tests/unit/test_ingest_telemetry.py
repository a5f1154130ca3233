"""What a process tells about itself. Without these, a sick process would look well and a log would not be readable."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from ingest.errors import InputError
from ingest.telemetry import OncePerSecond, TelemetryServer, configure_logging, health_report


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def illness() -> dict[str, str]:
    return {}


@pytest.fixture
async def address(illness: dict[str, str]) -> AsyncIterator[str]:
    registry = CollectorRegistry()
    Counter("proctor_things_total", "Things.", ["kind"], registry=registry).labels("good").inc(3)
    port = free_port()
    server = TelemetryServer(port, {"broker": lambda: illness.get("broker"), "model": lambda: None}, registry=registry)
    await server.start()
    yield f"http://127.0.0.1:{port}"
    await server.stop()


async def test_metrics_are_served_in_prometheus_text(address: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{address}/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        assert 'proctor_things_total{kind="good"} 3.0' in await answer.text()


async def test_health_follows_the_checks(address: str, illness: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{address}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"broker": "ok", "model": "ok"})
        illness["broker"] = "no answer for 12 s"
        async with http.get(f"{address}/healthz") as answer:
            assert (answer.status, await answer.json()) == (503, {"broker": "no answer for 12 s", "model": "ok"})


async def test_stop_does_not_wait_for_open_connections(address: str) -> None:
    port = free_port()
    server = TelemetryServer(port, {})
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.wait_for(server.stop(), 5)
    writer.close()
    assert await reader.read() == b""


async def test_port_0_serves_nothing() -> None:
    server = TelemetryServer(0, {})
    await server.start()
    await server.stop()
    assert server._runner is None


async def test_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: cannot be used: .*PROCTOR_METRICS_PORT"):
            await TelemetryServer(port, {}).start()


def test_health_report() -> None:
    assert health_report({"a": lambda: None, "b": lambda: "gone"}) == {"a": "ok", "b": "gone"}


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("restored_logging")
def test_logs_are_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("ingest")
    logging.getLogger("ingest.session").info("session sent", extra={"session": "s-1", "frames": 3})
    try:
        int("two\nlines")
    except ValueError:
        logging.getLogger("ingest.session").exception("failed")
    logging.getLogger("aiokafka.client").info("chatter")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["level"], first["stage"], first["message"], first["session"]) == (
        "INFO",
        "ingest",
        "session sent",
        "s-1",
    )
    assert first["timestamp"].endswith("+00:00")
    assert "ValueError" in second["exc_info"]


def record(name: str, message: str, at_s: float) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "", 0, message, (), None)
    made.created = at_s
    return made


def test_library_in_a_tight_loop_is_heard_once_a_second() -> None:
    passes = OncePerSecond().filter
    assert [passes(record("aiokafka.client", "no broker", 10 + n / 10)) for n in range(25)].count(True) == 3
    assert passes(record("aiokafka.client", "another message", 12.4))
    assert all(passes(record("ingest.session", "ours", 10.0)) for _ in range(5))
    assert all(passes(record("model", "begins like a library", 10.0)) for _ in range(5))


def test_filter_forgets_rather_than_grows() -> None:
    quiet = OncePerSecond()
    for n in range(5_000):
        quiet.filter(record("aiokafka", f"node {n}", 10.0))
    assert len(quiet._passed) <= 1_001
