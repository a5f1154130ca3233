"""Frames a second of the object model through Triton: JPEG in, by how many are in flight, beside a plain client.

The plain client is what most write first: it decodes and letterboxes each frame itself and sends it as float32 to the
network's own model, one frame a request. Both ask the same server in the same run, in turns.

`PROCTOR_TRITON=host:port python tests/benchmarks/bench_gpu.py [SECONDS]` asks a server that build.sh has filled;
without the variable a small one starts here, on the CPU, to show that this program works.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table
from tritonclient.grpc import aio

from deploy.stack.local import LocalStack
from triton_models.boxes import letterbox
from triton_models.contract import MODEL_NAME
from triton_models.gpu.__main__ import SHIPPED
from triton_models.gpu.batched import Device
from triton_models.gpu.build import build
from triton_models.gpu.check import ask, wait_ready
from triton_models.gpu.pictures import jpeg, on_a_wall
from triton_models.gpu.repository import CARD, IMAGES, MAX_BATCH, Variant
from triton_models.model_card import read_card
from triton_models.pictures import decode_picture

NETWORK = "objects_network"
IN_FLIGHT = tuple(2**power for power in range(MAX_BATCH.bit_length()))
SECONDS, TINY_SECONDS = 10.0, 1.0
FRAMES = 16
READY_S = 60.0

Send = Callable[[aio.InferenceServerClient, bytes], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Rate:
    """One way of asking at one number in flight: frames/s, milliseconds, pictures an execution of the network."""

    frames_s: float
    p50_ms: float
    p95_ms: float
    batch: float


@contextmanager
def server() -> Iterator[tuple[str, float]]:
    """The address to ask, and how long at each level; what was started for this ends with it."""
    given = os.environ.get("PROCTOR_TRITON")
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else None
    if given:
        yield given, seconds or SECONDS
        return
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        build(models, Variant.ENSEMBLE, Device.CPU, SHIPPED)
        with LocalStack(Path(folder) / "state", {"triton"}, {"PROCTOR_MODELS": str(models)}) as running:
            yield running.triton, seconds or TINY_SECONDS


async def send_file(client: aio.InferenceServerClient, frame: bytes) -> None:
    """The contract's way: the JPEG as it is."""
    reply = await ask(client, frame)
    assert reply.boxes is not None, reply.refusal


def sender_of_pixels(side_px: int) -> Send:
    """The plain way: decoded and letterboxed here, 4 bytes a value."""

    async def send(client: aio.InferenceServerClient, frame: bytes) -> None:
        images = letterbox(decode_picture(frame), side_px).tensor
        tensor = aio.InferInput(IMAGES, images.shape, "FP32")
        tensor.set_data_from_numpy(images)
        await client.infer(NETWORK, [tensor])

    return send


async def measure(
    client: aio.InferenceServerClient, send: Send, frames: Sequence[bytes], in_flight: int, seconds: float
) -> Rate:
    """Keep `in_flight` requests under way for some seconds."""
    times: list[float] = []
    numbers = count()
    began = time.monotonic()

    async def worker() -> None:
        while time.monotonic() - began < seconds:
            asked = time.monotonic()
            await send(client, frames[next(numbers) % len(frames)])
            times.append(1000 * (time.monotonic() - asked))

    await send(client, frames[0])
    before = await executions(client)
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    took, after = time.monotonic() - began, await executions(client)
    p50, p95 = np.percentile(times, [50, 95])
    return Rate(len(times) / took, float(p50), float(p95), (after[0] - before[0]) / max(1, after[1] - before[1]))


async def executions(client: aio.InferenceServerClient) -> tuple[int, int]:
    """Pictures and executions of the network so far."""
    name = NETWORK if await client.is_model_ready(NETWORK) else MODEL_NAME
    found = (await client.get_inference_statistics(name)).model_stats[0]
    return int(found.inference_count), int(found.execution_count)


async def on_gpu(client: aio.InferenceServerClient) -> bool:
    """Whether any model of the server's has an instance on a GPU."""
    index = await client.get_model_repository_index(as_json=True)
    for model in index["models"]:
        config = (await client.get_model_config(model["name"], as_json=True))["config"]
        if any(group.get("kind") == "KIND_GPU" for group in config.get("instance_group", ())):
            return True
    return False


async def compare(console: Console, address: str, seconds: float) -> None:
    """Print the table."""
    frames = [jpeg(on_a_wall(640, 480, 0.3 + 0.4 * number / FRAMES)) for number in range(FRAMES)]
    client = aio.InferenceServerClient(address)
    try:
        await wait_ready(client, address, READY_S)
        if not await on_gpu(client):
            console.print("No GPU is there: this server runs on the CPU, and the figures say nothing about one.")
        ways: dict[str, Send] = {"JPEG": send_file}
        if await client.is_model_ready(NETWORK):
            ways["float32"] = sender_of_pixels(read_card(SHIPPED / MODEL_NAME / CARD).input_px)
        columns = [f"{way} {what}" for way in ways for what in ("frames/s", "p50 ms", "p95 ms", "a batch")]
        table = Table("in flight", *columns, title=f"640x480, {len(frames[0])} bytes, {seconds:g} s each")
        for in_flight in IN_FLIGHT:
            rates = [await measure(client, send, frames, in_flight, seconds) for send in ways.values()]
            cells = [f"{n:.1f}" for rate in rates for n in (rate.frames_s, rate.p50_ms, rate.p95_ms, rate.batch)]
            table.add_row(str(in_flight), *cells)
        console.print(table)
    finally:
        await client.close()


def main() -> int:
    """Run it."""
    cv2.setNumThreads(1)
    with server() as (address, seconds):
        asyncio.run(compare(Console(width=140), address, seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
