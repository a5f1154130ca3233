"""The pool of looking processes: what a dying process takes with it, and what not."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import cv2
import numpy as np
import psutil
import pytest

from detectors.looking.eyes import Eyes
from detectors.looking.pool import Pool
from detectors.looking.reading import Asked
from ingest.errors import PoisonError
from tests.detector_pipeline import PICTURES, picture

READY_S = 60.0


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(2)
    await pool.start()
    yield pool
    await pool.stop()


async def test_a_killed_process_loses_no_picture_and_changes_no_result(pool: Pool) -> None:
    frames = [picture(seq) for seq in range(PICTURES)] * 4
    undisturbed = await asyncio.gather(*(pool.look(Asked(jpeg=one)) for one in frames))
    assert pool.models == Eyes().models
    looks = [asyncio.create_task(pool.look(Asked(jpeg=one))) for one in frames]
    await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
    os.kill(pool.pids[0], signal.SIGKILL)
    assert await asyncio.gather(*looks) == undisturbed
    with pytest.raises(PoisonError, match="not a JPEG"):
        await pool.look(Asked(jpeg=b"garbage"))
    assert await pool.look(Asked(jpeg=frames[0])) == undisturbed[0]


async def test_a_picture_that_ends_every_process_is_poison_and_the_pool_lives_on() -> None:
    """Stands for a picture that crashes the native code: whoever looks at it is killed meanwhile."""
    pool = Pool(1)
    await pool.start()
    noise = np.random.default_rng(0).integers(0, 255, (4900, 5100, 3), np.uint8)
    low_quality = [cv2.IMWRITE_JPEG_QUALITY, 10]
    large = cv2.imencode(".jpg", noise, low_quality)[1].tobytes()  # takes long, to be caught at it
    look = asyncio.create_task(pool.look(Asked(jpeg=large)))
    deaths = 0
    async with asyncio.timeout(READY_S):
        while not look.done():
            for pid in pool.pids:
                with contextlib.suppress(ProcessLookupError):  # dead already, and not yet missed
                    os.kill(pid, signal.SIGKILL)
                    deaths += 1
            await asyncio.sleep(0.01)
    with pytest.raises(PoisonError, match="ended 2 processes"):
        await look
    assert deaths >= 2
    assert (await pool.look(Asked(jpeg=picture(0)))).faces
    await pool.stop()


async def test_no_process_outlives_the_pool(pool: Pool) -> None:
    pids = pool.pids
    assert len(pids) == 2
    assert pool.ailing() is None
    await pool.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert pool.ailing() == "2 of 2 looking processes are not ready"
