"""The object model behind the real Triton: the contract, and that no request touches another."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.objects import ObjectsReading, TritonObjects, read_boxes
from ingest.errors import PoisonError, TransientError
from tests.detector_pipeline import PICTURES, object_detector, picture
from tests.webcam_frames import jpeg, webcam

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack


@pytest.fixture
async def objects(stack: "LocalStack") -> AsyncIterator[TritonObjects]:
    client = TritonObjects(stack.triton)
    assert await client.ailing() is None
    yield client
    await client.stop()


async def test_concurrent_pictures_are_seen_as_alone_and_in_process(objects: TritonObjects) -> None:
    """Different lengths and numbers of boxes share executions; the bytes must be those of one picture by itself."""
    frames = [picture(seq) for seq in range(PICTURES)] * 4
    replies = await asyncio.gather(*(objects.look(one, lambda: True) for one in frames))
    alone = object_detector()
    expected = [ObjectsReading(read_boxes(alone.look(one)[None]), alone.digest, alone.knows) for one in frames]
    assert replies == expected
    assert {len(reply.objects) for reply in replies} > {0}


async def test_a_bad_picture_fails_its_own_request_alone(objects: TritonObjects) -> None:
    good = picture(0)
    looks = [objects.look(one, lambda: True) for one in (good, b"garbage", good, good[:1000], good)]
    replies = await asyncio.gather(*looks, return_exceptions=True)
    assert replies[0] == replies[2] == replies[4]
    assert isinstance(replies[0], ObjectsReading)
    assert [type(replies[place]) for place in (1, 3)] == [PoisonError, PoisonError]
    assert "not a JPEG" in str(replies[1])
    assert "cut off" in str(replies[3])


async def test_odd_pictures_are_answered(objects: TritonObjects) -> None:
    for shape in ((1, 1), (1, 2000)):
        reply = await objects.look(jpeg(np.zeros((*shape, 3), np.uint8)), lambda: True)
        assert len(reply.model) == 64
    assert (await objects.look(jpeg(webcam()), lambda: True)).objects == ()


async def test_nobody_waits_for_a_server_that_is_not_there() -> None:
    client = TritonObjects("127.0.0.1:1")
    try:
        assert "127.0.0.1:1" in (await client.ailing() or "")
        with pytest.raises(TransientError, match="did not answer"):
            await client.look(picture(0), lambda: False)
    finally:
        await client.stop()
