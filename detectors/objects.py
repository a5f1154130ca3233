"""The object detector: one gRPC client of Triton for the life of the process, JPEG in, objects of the taxonomy out."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import aio
from tritonclient.utils import InferenceServerException

from detectors.messages import DetectedObject
from detectors.metrics import TRITON_RETRIES
from ingest.errors import PoisonError, TransientError
from triton_models.contract import BOX_COLUMNS, BOXES, DIGEST, JPEG, KNOWS, MODEL_NAME, MOST_BOXES
from triton_models.taxonomy import TAXONOMY

DEADLINE_S = 10.0
"""Far above the p99 of a full queue (0.4 s): only a server that hangs gets there."""
BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0)
MOST_FAILURES = 20
"""INTERNAL means the model's process died, and Triton starts it again in seconds: 20 tries last 17 s. One picture that
fails longer while the server answers is the cause, not the victim."""

# Given at all, these replace the client's defaults, so sizes and keepalive are repeated. gRPC's own reconnect backoff
# grows to minutes; a local server is back in seconds. round_robin spreads over all servers behind a name.
CHANNEL = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.lb_policy_name", "round_robin"),
]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ObjectsReading:
    """One picture's objects by falling confidence; the digest of the model that looked, and what it knows as bits."""

    objects: tuple[DetectedObject, ...]
    model: str
    knows: int


class TritonObjects:
    """Asks Triton. Made inside the event loop; how many calls run at once is the caller's business."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = aio.InferenceServerClient(address, channel_args=CHANNEL)

    async def stop(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def ailing(self) -> str | None:
        """Why the model cannot be asked, or None."""
        try:
            async with asyncio.timeout(DEADLINE_S / 2):
                ready = await self._client.is_model_ready(MODEL_NAME)
        except (InferenceServerException, TimeoutError) as error:
            return f"no Triton answers at {self._address}: {_message(error)}"
        return None if ready else f"Triton at {self._address} has no model {MODEL_NAME!r} ready"

    async def look(self, jpeg: bytes, still_wanted: Callable[[], bool]) -> ObjectsReading:
        """What the model sees in one JPEG; asks again until it answers or the frame is no longer wanted.

        Raises: PoisonError when the picture cannot be decoded; TransientError when it is no longer wanted.
        """
        failures = tries = 0
        while True:
            try:
                return await self._ask(jpeg)
            except InferenceServerException as error:
                failures += _is_internal(error)
                _judge(error, failures)
                if not still_wanted():
                    raise TransientError(f"Triton did not answer in time: {_message(error)}") from error
                TRITON_RETRIES.labels(_status(error)).inc()
            await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
            tries += 1

    async def _ask(self, jpeg: bytes) -> ObjectsReading:
        data = np.frombuffer(jpeg, np.uint8)[None]
        tensor = aio.InferInput(JPEG.name, data.shape, "UINT8")
        tensor.set_data_from_numpy(data)
        reply = await self._client.infer(MODEL_NAME, [tensor], client_timeout=DEADLINE_S)
        return ObjectsReading(
            read_boxes(reply.as_numpy(BOXES.name)),
            reply.as_numpy(DIGEST.name).item().decode(),
            reply.as_numpy(KNOWS.name).item(),
        )


def read_boxes(boxes: NDArray[np.float32]) -> tuple[DetectedObject, ...]:
    """The contract's boxes [1, n, 6], rounded here (boxes to 0.1 px, confidence to 0.001).

    Raises: ValueError when they are not of the contract.
    """
    if boxes.ndim != 3 or boxes.shape[0] != 1 or boxes.shape[2] != BOX_COLUMNS:
        raise ValueError(f"boxes of shape {boxes.shape}, not [1, n, {BOX_COLUMNS}]")
    return tuple(_read_box(row) for row in boxes[0, :MOST_BOXES].tolist())


def _read_box(row: list[float]) -> DetectedObject:
    x1, y1, x2, y2 = (round(value, 1) for value in row[:4])
    return DetectedObject(label=TAXONOMY[int(row[5])], confidence=round(row[4], 3), box_xyxy=(x1, y1, x2, y2))


def _judge(error: InferenceServerException, failures: int) -> None:
    """Raises: PoisonError when the picture is to blame."""
    if _status(error) == "INVALID_ARGUMENT":
        raise PoisonError(_message(error)) from error
    if failures >= MOST_FAILURES:
        raise PoisonError(f"a picture that failed {failures} times in the model: {_message(error)}") from error


def _is_internal(error: InferenceServerException) -> bool:
    return _status(error) == "INTERNAL"


def _status(error: InferenceServerException) -> str:
    return str(error.status() or "UNKNOWN").removeprefix("StatusCode.")


def _message(error: Exception) -> str:
    text = error.message() if isinstance(error, InferenceServerException) else str(error)
    return (text or type(error).__name__).splitlines()[0][:200]
