"""The contract's check: pictures through any Triton's gRPC, all at once, against the CPU model in this process.

Stated tolerance: a box that either side holds with a confidence at least CONFIDENCE above its label's threshold must
have a partner of its label on the other, with an overlap of at least IOU and a confidence no more than CONFIDENCE away.
That is room for half precision and for another decoder's rounding, not for another picture.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import aio
from tritonclient.utils import InferenceServerException

from ingest.errors import InputError, TransientError
from triton_models.answers import FLOOR
from triton_models.boxes import iou_one_to_many
from triton_models.contract import BOX_COLUMNS, BOXES, DIGEST, JPEG, KNOWS, MODEL_NAME
from triton_models.model_card import ModelCard
from triton_models.object_detector import ObjectDetector
from triton_models.taxonomy import TAXONOMY

IOU, CONFIDENCE = 0.9, 0.05
DEADLINE_S = 60.0
"""A first batch on a GPU may compile for seconds."""
POLL_S = 0.2

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered to one picture: the contract's three tensors, or the status with which it refused."""

    boxes: Rows | None
    digest: str = ""
    knows: int = 0
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many boxes were compared, how far the worst pair was apart, and everything that breaks the contract."""

    boxes: int
    worst_iou: float
    worst_confidence: float
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A box and its nearest of the same label on the other side; an overlap of 0 where there is none."""

    sentence: str
    iou: float
    confidence: float


async def ask(client: aio.InferenceServerClient, jpeg: bytes) -> Reply:
    """One picture. Raises TransientError when the server does not answer."""
    data = np.frombuffer(jpeg, np.uint8)[None]
    tensor = aio.InferInput(JPEG.name, data.shape, "UINT8")
    tensor.set_data_from_numpy(data)
    try:
        answer = await client.infer(MODEL_NAME, [tensor], client_timeout=DEADLINE_S)
    except InferenceServerException as error:
        status = str(error.status()).removeprefix("StatusCode.")
        if status in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            raise TransientError(f"Triton did not answer: {error.message()}") from error
        return Reply(None, refusal=status)
    digest, knows = (answer.as_numpy(tensor.name) for tensor in (DIGEST, KNOWS))
    return Reply(answer.as_numpy(BOXES.name), digest.item().decode(), knows.item())


async def wait_ready(client: aio.InferenceServerClient, address: str, deadline_s: float) -> None:
    """Return when the model can be asked. Raises TransientError after the deadline."""
    try:
        async with asyncio.timeout(deadline_s):
            while True:
                if await _is_ready(client):
                    return
                await asyncio.sleep(POLL_S)
    except TimeoutError as error:
        raise TransientError(f"no model {MODEL_NAME!r} is ready at {address} after {deadline_s:g} s") from error


async def _is_ready(client: aio.InferenceServerClient) -> bool:
    try:
        return bool(await client.is_model_ready(MODEL_NAME))
    except InferenceServerException:
        return False


async def replies_of(address: str, pictures: Mapping[str, bytes], wait_s: float) -> dict[str, Reply]:
    """What a server answers to all pictures, asked at once, so that they share batches."""
    client = aio.InferenceServerClient(address)
    try:
        await wait_ready(client, address, wait_s)
        return dict(zip(pictures, await asyncio.gather(*(ask(client, one) for one in pictures.values())), strict=True))
    finally:
        await client.close()


async def check(
    address: str,
    detector: ObjectDetector,
    card: ModelCard,
    good: Mapping[str, bytes],
    bad: Mapping[str, bytes],
    wait_s: float = DEADLINE_S,
) -> Agreement:
    """Compare a server with the CPU model.

    Raises: TransientError when no server answers; InputError when the CPU model finds nothing to compare.
    """
    replies = await replies_of(address, {**good, **bad}, wait_s)
    problems = [f"{name}: {wrong}" for name in good for wrong in form_of(replies[name], detector)]
    problems += [
        f"{name}: {replies[name].refusal or 'was answered'}, not refused with INVALID_ARGUMENT"
        for name in bad
        if replies[name].refusal != "INVALID_ARGUMENT"
    ]
    pairs = []
    for name, jpeg in good.items():
        boxes, expected = replies[name].boxes, detector.look(jpeg)
        if boxes is not None:
            pairs += [(name, pair) for pair in pairs_of(expected, boxes[0], card)]
    if not any(pair.iou for _, pair in pairs) and not problems:
        raise InputError("the pictures", "show nothing that this model is sure of", "Give --pictures that do")
    problems += [f"{name}: {pair.sentence}" for name, pair in pairs if not agrees(pair)]
    met = [pair for _, pair in pairs if pair.iou]
    worst = (min((pair.iou for pair in met), default=0.0), max((pair.confidence for pair in met), default=1.0))
    return Agreement(len(pairs), *worst, tuple(problems))


def agrees(pair: Pair) -> bool:
    """Whether two boxes are the same within the tolerance."""
    return pair.iou >= IOU and pair.confidence <= CONFIDENCE


def form_of(reply: Reply, detector: ObjectDetector) -> list[str]:
    """What an answer lacks of the contract's form, one phrase each."""
    if reply.boxes is None:
        return [f"was refused with {reply.refusal}"]
    wrong = []
    if reply.boxes.ndim != 3 or reply.boxes.shape[0] != 1 or reply.boxes.shape[2] != BOX_COLUMNS:
        return [f"boxes of shape {reply.boxes.shape}, not [1, n, {BOX_COLUMNS}]"]
    if (np.diff(reply.boxes[0, :, 4]) > 0).any():
        wrong.append("boxes are not by falling confidence")
    if reply.digest != detector.digest:
        wrong.append(f"digest {reply.digest[:12]} is not that of the weights, {detector.digest[:12]}")
    if reply.knows != detector.knows:
        wrong.append(f"knows {reply.knows:#b}, not {detector.knows:#b}")
    return wrong


def pairs_of(expected: Rows, found: Rows, card: ModelCard) -> list[Pair]:
    """Each confident box of either side [n, 6] with its partner on the other."""
    missed = [_pair(row, found, "misses") for row in expected if is_confident(row, card)]
    return missed + [_pair(row, expected, "adds") for row in found if is_confident(row, card)]


def is_confident(row: Rows, card: ModelCard) -> bool:
    """Whether a box stays above its label's threshold when its confidence moves by the tolerance."""
    return bool(row[4] >= card.thresholds.get(TAXONOMY[int(row[5])], FLOOR) + CONFIDENCE)


def _pair(row: Rows, others: Rows, verb: str) -> Pair:
    place = ", ".join(f"{side:.0f}" for side in row[:4])
    sentence = f"{verb} {TAXONOMY[int(row[5])]} at ({place}) with confidence {row[4]:.3f}"
    same = others[others[:, 5] == row[5]]
    if not len(same):
        return Pair(sentence, 0.0, 1.0)
    overlap = iou_one_to_many(row[:4], same[:, :4])
    best = int(overlap.argmax())
    return Pair(
        f"{sentence} (overlap {overlap[best]:.3f}, {same[best, 4]:.3f})",
        float(overlap[best]),
        float(abs(same[best, 4] - row[4])),
    )
