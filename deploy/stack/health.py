"""Asking parts how they are, each with a deadline. None means well, a text says why not; OSError means no answer."""

import asyncio
import logging

import aiohttp
import msgspec
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.stack.part import HealthCheck

DEADLINE_S = 5.0
SHOWN_CHARACTERS = 300


def http_ok(url: str) -> HealthCheck:
    """Well when a GET is answered with 200."""

    async def ask() -> str | None:
        return await _status(url)

    return ask


def all_http_ok(urls: tuple[str, ...]) -> HealthCheck:
    """Well when every one of several GETs is answered with 200; the first other answer is the reason."""

    async def ask() -> str | None:
        for url in urls:
            why = await _status(url)
            if why is not None:
                return why
        return None

    return ask


async def _status(url: str) -> str | None:
    timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return None if response.status == 200 else reason(response.status, await response.text())
    except aiohttp.ClientError as error:
        raise OSError(f"{url}: {error}") from error


def reason(status: int, body: str) -> str:
    """Why not, from an answer: of a stage's health report only what is not ok, else the status and the text."""
    try:
        report = msgspec.json.decode(body.encode(), type=dict[str, str])
    except msgspec.DecodeError:
        return f"answers {status} {body[:SHOWN_CHARACTERS].strip()}".strip()
    return "; ".join(f"{name}: {why}" for name, why in report.items() if why != "ok") or f"answers {status}"


def kafka_answers(bootstrap: str) -> HealthCheck:
    """Well when the broker answers a request for metadata and names itself."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    async def ask() -> str | None:
        client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=int(DEADLINE_S * 1000))
        try:
            async with asyncio.timeout(DEADLINE_S):
                await client.bootstrap()
            return None if client.cluster.brokers() else f"{bootstrap} names no broker yet"
        except KafkaError as error:
            raise OSError(f"no broker answers at {bootstrap}") from error
        finally:
            await client.close()

    return ask


def triton_ready(address: str) -> HealthCheck:
    """Well when the gRPC service at host:port says that the server is ready."""

    async def ask() -> str | None:
        # A second to import, and needed only for a server that somebody else runs.
        from tritonclient.grpc import aio
        from tritonclient.utils import InferenceServerException

        client = aio.InferenceServerClient(address)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return None if await client.is_server_ready() else f"{address} says it is not ready"
        except InferenceServerException as error:
            raise OSError(f"{address}: {error.message()}") from error
        finally:
            await client.close()

    return ask
