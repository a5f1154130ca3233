"""What a part's answer to "how are you" is taken to mean."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from deploy.stack.health import all_http_ok, http_ok, kafka_answers, reason


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """A stage that is well at /well, not well at /ill."""

    async def ill(_: web.Request) -> web.Response:
        return web.json_response({"broker": "ok", "model": "not loaded"}, status=503)

    async def well(_: web.Request) -> web.Response:
        return web.json_response({"broker": "ok"})

    app = web.Application()
    app.add_routes([web.get("/well", well), web.get("/ill", ill)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_an_answer_of_200_is_well(server: str) -> None:
    assert await http_ok(f"{server}/well")() is None


async def test_any_other_answer_is_its_reason(server: str) -> None:
    assert await http_ok(f"{server}/ill")() == "model: not loaded"
    assert await all_http_ok((f"{server}/well", f"{server}/ill"))() == "model: not loaded"
    assert await all_http_ok((f"{server}/well", f"{server}/well"))() is None


async def test_no_answer_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for ask in (http_ok(f"http://127.0.0.1:{port}/"), kafka_answers(f"127.0.0.1:{port}")):
        with pytest.raises(OSError, match=str(port)):
            await asyncio.wait_for(ask(), 5.0)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (503, '{"a": "ok", "b": "down", "c": "late"}', "b: down; c: late"),
        (503, '{"a": "ok"}', "answers 503"),
        (500, "Internal error\n", "answers 500 Internal error"),
        (404, "", "answers 404"),
        (400, '{"error": {"code": 1}}', 'answers 400 {"error": {"code": 1}}'),
    ],
)
def test_reasons_show_only_what_is_not_well(status: int, body: str, expected: str) -> None:
    assert reason(status, body) == expected
