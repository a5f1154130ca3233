"""The ClickHouse endpoint (`deploy.clickhouse`) as a part of the stack."""

import sys
from collections.abc import Mapping

from deploy.stack.folder import StateFolder
from deploy.stack.health import http_ok
from deploy.stack.part import Part
from deploy.stack.stages import python_environment


def clickhouse_part(folder: StateFolder, ports: Mapping[str, int]) -> Part:
    """The endpoint on 127.0.0.1; its data survive kill -9."""
    port = str(ports["clickhouse"])
    return Part(
        name="clickhouse",
        command=(sys.executable, "-m", "deploy.clickhouse", str(folder.data("clickhouse")), port),
        environment=python_environment(),
        health=http_ok(f"http://127.0.0.1:{port}/ping"),
    )
