"""The HTTP side: requests to statements, answers and errors to responses."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import BodyPartReader, web

from deploy.clickhouse.compression import BadEncodingError, accepted, decode, encode
from deploy.clickhouse.engine import Answer, Engine, EngineError
from deploy.clickhouse.statement import BadRequestError, Statement, parse

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LARGEST_BODY_BYTES = 256 << 20
BAD_REQUEST_CODE = 36  # BAD_ARGUMENTS
# As ClickHouse's exceptionCodeToHTTPStatus maps the usual ones; everything else is 500.
HTTP_STATUS = {36: 400, 62: 400, 27: 400, 6: 400, 115: 404, 47: 404, 60: 404, 81: 404, 159: 408, 241: 500}
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Endpoint:
    """Answers ClickHouse's HTTP protocol from one engine, at most `workers` statements at once."""

    def __init__(self, engine: Engine, workers: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="statement")

    def application(self) -> web.Application:
        """The aiohttp application; its cleanup closes the engine after the statements at work."""
        app = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[refuse_web_pages])
        app.add_routes([web.get("/ping", _ping), web.route("*", "/", self._handle)])
        app.on_cleanup.append(self._close)
        return app

    async def _handle(self, request: web.Request) -> web.Response:
        query_id = request.query.get("query_id") or str(uuid.uuid4())
        try:
            statement = await _statement(request)
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._engine.run, statement)
        except (BadRequestError, BadEncodingError) as error:
            return _refusal(
                BAD_REQUEST_CODE, f"Code: {BAD_REQUEST_CODE}. DB::Exception: {error}. (BAD_ARGUMENTS)", query_id
            )
        except EngineError as error:
            return _refusal(error.code, str(error), query_id)
        return _response(request, statement, answer, query_id)

    async def _close(self, _: web.Application) -> None:
        await asyncio.to_thread(self._pool.shutdown)
        await asyncio.to_thread(self._engine.close)


@web.middleware
async def refuse_web_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Without users, a page in a local browser must not reach the data: not as itself (Origin), not rebound (Host)."""
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if "Origin" in request.headers or host not in LOCAL_HOSTS:
        return web.Response(status=403, text="Only for programs on this machine.\n")
    return await handler(request)


async def _ping(_: web.Request) -> web.Response:
    return web.Response(text="Ok.\n")


async def _statement(request: web.Request) -> Statement:
    fields = dict(request.query)
    if request.content_type == "multipart/form-data":
        fields |= await _form(request)
        body = b""
    else:
        body = decode(await request.read(), request.headers.get("Content-Encoding", ""))
    default = fields.get("default_format") or request.headers.get("X-ClickHouse-Format") or "TabSeparated"
    return parse(fields, body, default)


async def _form(request: web.Request) -> dict[str, str]:
    """The text fields of a form: clients send a long query or many parameters this way. Raises BadRequestError."""
    fields: dict[str, str] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.filename:
            raise BadRequestError("External data is not supported by the embedded engine")
        fields[part.name or ""] = await part.text()
    return fields


def _response(request: web.Request, statement: Statement, answer: Answer, query_id: str) -> web.Response:
    wanted = accepted(request.headers.get("Accept-Encoding", "")) if _wants_compression(request) else ""
    body, encoding = encode(answer.data, wanted)
    headers = _common_headers(query_id) | {"X-ClickHouse-Summary": _summary(answer)}
    if statement.answers:
        headers["X-ClickHouse-Format"] = statement.format
    if encoding:
        headers["Content-Encoding"] = encoding
    return web.Response(body=body, headers=headers)


def _wants_compression(request: web.Request) -> bool:
    return request.query.get("enable_http_compression", "0") in ("1", "true")


def _refusal(code: int, text: str, query_id: str) -> web.Response:
    headers = _common_headers(query_id) | {"X-ClickHouse-Exception-Code": str(code)}
    return web.Response(status=HTTP_STATUS.get(code, 500), text=text + "\n", headers=headers)


def _common_headers(query_id: str) -> dict[str, str]:
    return {
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Server-Display-Name": "chdb",
    }


def _summary(answer: Answer) -> str:
    return json.dumps(
        {
            "read_rows": str(answer.read_rows),
            "read_bytes": str(answer.read_bytes),
            "written_rows": str(answer.written_rows),
            "written_bytes": str(answer.written_bytes),
            "elapsed_ns": str(answer.elapsed_ns),
        }
    )
