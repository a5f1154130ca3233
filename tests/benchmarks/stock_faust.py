"""Faust as its documentation has it: an agent, a table, one observation a message. The baseline of `bench_scoring`.

Run by the benchmark as a process with PROCTOR_KAFKA, PROCTOR_TOPIC_PREFIX and a file to write the count into.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import faust
from faust.types import StreamT

from ingest.messages import encode_message
from ingest.topics import OBSERVATIONS, PARTITIONS, RISK_EVENTS
from scoring.fold.session import decode_state, encode_state, fold
from scoring.messages import Tick, unpack_bundle
from scoring.rulebook.policy import announced_policy

REPORT_EVERY = 500


def build(kafka: str, prefix: str, counted: Path, folder: str) -> Any:
    """The application; writes "observations seconds-since-the-first CPU-seconds" into `counted`."""
    app = faust.App(
        f"{prefix}stock",
        broker=f"kafka://{kafka}",
        store="memory://",
        datadir=folder,
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        web_enabled=False,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_disable_leader=True,
    )
    source = app.topic(prefix + OBSERVATIONS, key_type=bytes, value_type=bytes, value_serializer="raw")
    told = app.topic(prefix + RISK_EVENTS, key_type=bytes, value_type=bytes, value_serializer="raw")
    states = app.Table("states", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    policy = announced_policy("", "")

    @app.agent(source)
    async def score(stream: StreamT[bytes]) -> None:
        done, first = 0, 0.0
        async for event in stream.events():
            first = first or time.perf_counter()
            for observation, packed in unpack_bundle(event.value):
                if isinstance(observation, Tick):
                    continue
                key = observation.session.encode()
                saved = states.get(key)
                state, messages = fold(policy, decode_state(saved) if saved else None, observation, packed)
                states[key] = encode_state(state)
                for message in messages:
                    await told.send(key=key, value=encode_message(message))
                done += 1
                if done % REPORT_EVERY == 0:
                    _tell(counted, f"{done} {time.perf_counter() - first} {time.process_time()}")

    return app


def _tell(counted: Path, words: str) -> None:
    """A tiny file, written at once."""
    counted.write_text(words)


if __name__ == "__main__":
    counted_path, data = sys.argv[1:3]
    sys.argv[1:] = ["worker", "-l", "warn", "--without-web"]
    build(os.environ["PROCTOR_KAFKA"], os.environ["PROCTOR_TOPIC_PREFIX"], Path(counted_path), data).main()
