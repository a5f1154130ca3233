"""The writer killed at several moments, and the store killed under it: afterwards the rows are exactly the log's."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import ProctorError
from sinks.reconcile import reconcile
from tests.sample_exam import SampleExam
from tests.sinks_process import Place, place_on, publish, until, until_committed, whole_log

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

EXAMS = [SampleExam(session=f"exam-{i}") for i in range(16)]  # 4,704 observations, 1,632 risk messages


@pytest.fixture
async def place(stack: "LocalStack", tmp_path: Path) -> AsyncIterator[Place]:
    async with place_on(stack, tmp_path) as made:
        yield made


async def test_a_writer_killed_at_three_moments_leaves_no_row_out_and_doubles_none(place: Place) -> None:
    await publish(place, EXAMS[:8], doubled=9)
    place.start()
    await until(lambda: counted(place, "observations") > 0, "the first insert, before its commit")
    place.end(signal.SIGKILL)
    place.start()
    await until(lambda: place.health().get("partitions") == "ok", "reading what the first one left uncommitted")
    place.end(signal.SIGKILL)
    sending = asyncio.create_task(publish(place, EXAMS[8:], doubled=9))
    place.start()
    await until(lambda: counted(place, "verdicts") > 8, "rows of exams that arrive meanwhile")
    place.end(signal.SIGKILL)
    await sending
    place.start()
    await until_committed(place)
    await exact(place)


async def test_the_store_away_midway_holds_rows_up_and_loses_none(place: Place, stack: "LocalStack") -> None:
    await publish(place, EXAMS[:8])
    place.start()
    await until(lambda: counted(place, "verdicts") > 0, "rows before the outage")
    stack.kill("clickhouse", hold=True)
    try:
        await publish(place, EXAMS[8:], doubled=9)
        await until(lambda: "does not answer" in place.health().get("rows", ""), "trouble to be told")
        await until(lambda: "does not answer" in place.health().get("clickhouse", ""), "the probe to notice")
    finally:
        stack.release("clickhouse")
    await until_committed(place)
    await until(lambda: set(place.health().values()) == {"ok"}, "good health again")
    await exact(place)
    assert place.end() == 0


async def exact(place: Place) -> None:
    """The rows are what the log says, and all of it."""
    differences = reconcile(place.store(), await whole_log(place))
    assert [d for d in differences if not d.none] == []
    expected = {"sessions": 32, "observations": 4_704, "risk_events": 80, "timeline": 1_440}
    assert {d.table: d.expected for d in differences} == expected | {"calibrations": 16, "verdicts": 16}


def counted(place: Place, table: str) -> int:
    """Rows of a table now; 0 while there is none."""
    store = place.store()
    try:
        return int(store.rows(f"SELECT count() FROM {table} FINAL")[0][0])
    except ProctorError:
        return 0
    finally:
        store.close()
