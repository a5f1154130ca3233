"""`python -m deploy.clickhouse FOLDER PORT`: serve until SIGTERM or SIGINT."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

# Four writers and readers at once are more than the stages need; two threads a query leave cores to the detectors.
CONNECTIONS = 4
THREADS_PER_QUERY = 2
STOP_DEADLINE_S = 5.0


async def serve(folder: Path, port: int) -> None:
    """Serve the data of `folder` on 127.0.0.1 until a signal; statements at work are answered first."""
    os.environ["TZ"] = (
        "UTC"  # the engine takes its time zone from here when it is loaded; the protocol's header says UTC
    )
    from deploy.clickhouse.engine import Engine
    from deploy.clickhouse.server import Endpoint

    endpoint = Endpoint(Engine(folder, CONNECTIONS, THREADS_PER_QUERY), CONNECTIONS)
    # aiohttp would decode some encodings by itself and leave others; here all are decoded in one place.
    runner = web.AppRunner(
        endpoint.application(), access_log=None, auto_decompress=False, shutdown_timeout=STOP_DEADLINE_S
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).resolve(), int(sys.argv[2])))
