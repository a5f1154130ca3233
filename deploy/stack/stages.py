"""The stages as parts: `python -m detectors | scoring | sinks`, told by their environment where everything is."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import deploy
from deploy.stack.folder import StateFolder
from deploy.stack.health import http_ok
from deploy.stack.part import Part
from deploy.stack.records import BACKENDS, NEEDS
from ingest.topics import create_topics

START_DEADLINE_S = 90.0  # importing MediaPipe and joining a consumer group on a busy laptop


def stage_part(name: str, folder: StateFolder, addresses: Mapping[str, str], port: int) -> Part:
    """One stage. The topics are made before each start: cheap when they exist, and the broker may be a new one."""
    return Part(
        name=name,
        command=(sys.executable, "-m", name),
        environment=stage_environment(name, folder, addresses, port),
        health=http_ok(f"http://127.0.0.1:{port}/healthz"),
        needs=NEEDS[name],
        prepare=_topics(addresses["kafka"]),
        start_deadline_s=START_DEADLINE_S,
    )


def stage_environment(name: str, folder: StateFolder, addresses: Mapping[str, str], port: int) -> dict[str, str]:
    """PROCTOR_KAFKA, _TRITON, _CLICKHOUSE, _METRICS_PORT and _DATA, a stage's secrets, and where the packages are."""
    told = {f"PROCTOR_{part.upper()}": addresses[part] for part in BACKENDS if part in addresses}
    return {
        **told,
        "PROCTOR_METRICS_PORT": str(port),
        "PROCTOR_DATA": str(folder.data(name)),
        # Static membership: who is killed comes back to its own partitions without waiting for its session to expire.
        "PROCTOR_MEMBER": f"local-{name}",
        "PROCTOR_SESSION_TIMEOUT_S": "10",
        **_secrets(name, folder),
        **python_environment(),
    }


def _secrets(name: str, folder: StateFolder) -> dict[str, str]:
    """What this stage alone may know, unless the user has told it."""
    if name != "detectors" or os.environ.get("PROCTOR_IDENTITY_KEY"):
        return {}
    return {"PROCTOR_IDENTITY_KEY": folder.identity_key()}


def python_environment() -> dict[str, str]:
    """For every Python process of the stack: our packages, one numeric thread, a log that is not held back."""
    return {
        "PYTHONPATH": str(Path(deploy.__file__).resolve().parents[1]),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
    }


def _topics(bootstrap: str) -> Callable[[], None]:
    def prepare() -> None:
        asyncio.run(create_topics(bootstrap))

    return prepare
