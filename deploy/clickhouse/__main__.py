"""`python -m deploy.clickhouse FOLDER PORT`: serve until SIGTERM or SIGINT."""

import os
import sys
from pathlib import Path

os.environ["TZ"] = "UTC"  # the engine takes its time zone from here when it starts; the protocol's header says UTC

from aiohttp import web

from deploy.clickhouse.engine import Engine
from deploy.clickhouse.server import Endpoint

# Four writers and readers at once are more than the stages need; two threads a query leave cores to the detectors.
CONNECTIONS = 4
THREADS_PER_QUERY = 2
STOP_DEADLINE_S = 5.0


def main(folder: str, port: str) -> None:
    """Serve the data of `folder` on 127.0.0.1."""
    endpoint = Endpoint(Engine(Path(folder).resolve(), CONNECTIONS, THREADS_PER_QUERY), CONNECTIONS)
    web.run_app(
        endpoint.application(),
        host="127.0.0.1",
        port=int(port),
        print=None,
        shutdown_timeout=STOP_DEADLINE_S,
        access_log=None,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
